"""What the outbox keeps and can't be read any more, damaged or written by another version, stops nobody."""

import asyncio
from datetime import timedelta

import attrs
import pytest
from scripted import START, deliver_all, result, room
from sqlalchemy import update

from passback import CannotConnect, ContentConflict, Learner, Selection, UserUnknown, canonical
from passback.delivery import Overview, Retention, RetentionPolicy, export, waiting_learners
from passback.store import State, schema

ANA = Learner(id="ana@example.com", name="Ana")
DAMAGED = {
    "no JSON": b"\0\xff",
    "another form": b"[]",
    "another kind": canonical(result(1)).replace(b'"progressed"', b'"danced"'),
    "another rule": canonical(result(1)).replace(b'"learner-1@example.com"', b'""'),
}


async def damage(here, *ids, body=DAMAGED["no JSON"]):
    there = update(schema.result).where(schema.result.c.id.in_(ids)).values(body=body)
    await here.store.run(lambda db: db.execute(there))


@pytest.mark.parametrize("body", DAMAGED.values(), ids=DAMAGED)
def test_it_is_rejected_with_the_reason_and_all_others_arrive_in_order(place, body):
    async def check():
        async with room(place, deliver=False) as here:
            await here.put(*(result(number) for number in range(30)))
            # One among others, and a batch of nothing else.
            lost = ["r-3", *(f"r-{number}" for number in range(10, 20))]
            await damage(here, *lost, body=body)
            await here.start()
            await here.run(3)
            whole = [f"r-{number}" for number in range(30) if f"r-{number}" not in lost]
            assert here.connector.arrived == whole
            assert await here.states() == {
                **dict.fromkeys(whole, "delivered"),
                **dict.fromkeys(lost, "rejected"),
            }
            (rejected, *_) = await Overview(here.store).deliveries(
                Selection(state=State.REJECTED), 1, here.clock.now()
            )
            assert rejected.reason.startswith("what the outbox keeps of it can't be read (")

    asyncio.run(check())


def test_it_is_no_probe_and_the_outage_ends_as_any_other(place):
    async def check():
        async with room(place) as here:

            def down(_):
                raise CannotConnect("not reached")

            here.connector.behaviour = down
            await here.put(*(result(number) for number in range(5)))
            await here.run(3)
            await damage(here, "r-0", "r-1")
            here.connector.behaviour = deliver_all
            await here.run(30)
            assert here.connector.arrived == ["r-2", "r-3", "r-4"]
            (lms,) = (await Overview(here.store).totals()).connections
            assert (lms.health, lms.counts) == ("ok", {"delivered": 3, "rejected": 2})

    asyncio.run(check())


def test_where_a_status_is_kept_what_came_before_it_hides_nothing(place):
    async def check():
        async with room(place, latest_only=True) as here:
            end = attrs.evolve(result(1), kind="completed", learner=ANA)
            await here.put(end)
            await here.until(lambda: here.connector.arrived)
            await damage(here, "r-1")
            await here.put(attrs.evolve(result(2), learner=ANA, at=START + timedelta(hours=1)))
            await here.run(1)
            assert here.connector.arrived == ["r-1", "r-2"]

    asyncio.run(check())


def test_it_is_left_out_of_an_export_which_says_so(place, caplog):
    async def check():
        async with room(place, deliver=False) as here:
            await here.put(*(result(number) for number in range(3)))
            await damage(here, "r-1")
            exported = [each.result.id async for each in export(here.store, Selection(), here.clock.now())]
            assert exported == ["r-0", "r-2"]
            assert "result 'r-1' is left out" in caplog.text

    asyncio.run(check())


async def removed(retention):
    """Return how many results are removed after a year that nobody saw pass, and one more day."""
    return sum([(await retention.sweep(START + timedelta(days=day)))[1] for day in (400, 401)])


def test_it_is_removed_in_its_time_and_so_is_all_else(place):
    async def check():
        async with room(place) as here:
            await here.put(*(attrs.evolve(result(number), learner=ANA) for number in range(3)))
            await here.until(lambda: len(here.connector.arrived) == 3)
            await here.settle()
            await damage(here, "r-1")
            assert await removed(Retention(here.store, RetentionPolicy())) == 3
            (standing,) = await Overview(here.store).standings("default", ANA.id)
            assert [(reach.connection, reach.delivered) for reach in standing.reached] == [("lms", 3)]

    asyncio.run(check())


def test_a_damaged_standing_keeps_nothing_from_being_removed(place):
    async def check():
        async with room(place) as here:
            retention = Retention(here.store, RetentionPolicy())
            for number in (1, 2):
                await here.put(attrs.evolve(result(number), learner=ANA))
                await here.until(lambda wanted=number: len(here.connector.arrived) == wanted)
                await here.settle()
                assert await removed(retention) == 1
                before = await Overview(here.store).standings("default", ANA.id)
                await here.store.run(lambda db: db.execute(update(schema.standing).values(body=b"\0")))
            assert [reach.delivered for each in before for reach in each.reached] == [1]
            assert await Overview(here.store).standings("default", ANA.id) == []

    asyncio.run(check())


def test_its_id_stays_taken(place):
    async def check():
        async with room(place, deliver=False) as here:
            await here.put(result(1))
            await damage(here, "r-1")
            (answer, other) = await here.put(result(1), result(2))
            assert isinstance(answer, ContentConflict)
            assert other.new

    asyncio.run(check())


def test_its_learner_is_looked_up_by_what_is_known(place):
    async def check():
        async with room(place) as here:
            here.connector.behaviour = lambda batch: [UserUnknown(each.id, "?") for each in batch.deliveries]
            await here.put(attrs.evolve(result(1), learner=ANA), result(2))
            await here.until(lambda: here.connector.batches)
            await here.settle()
            await damage(here, "r-1")
            found = await here.store.run(waiting_learners, "lms", "default", "", 10)
            assert found == [Learner(id=ANA.id), result(2).learner]

    asyncio.run(check())
