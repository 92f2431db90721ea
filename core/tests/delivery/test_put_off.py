"""What is put off, and what ends that: a person, and another configuration."""

import asyncio
from datetime import timedelta

import attrs
import pytest
from scripted import START, deliver_all, result, room
from sqlalchemy import select

from passback import Learner, Selection, ServerError, TryLater
from passback.delivery import Overview, Repair
from passback.store import milliseconds, schema

WEEK = timedelta(days=7)
ANA = Learner(id="ana@example.com")


def of_ana(number):
    return attrs.evolve(result(number), learner=ANA)


def next_week(batch):
    return [TryLater(each.id, START + WEEK, "maintenance") for each in batch.deliveries]


async def put_off(here, *results):
    """Have the system ask to send `results` in a week."""
    here.connector.behaviour = next_week
    await here.put(*results)
    await here.run(30, step=1)
    here.connector.behaviour = deliver_all
    assert set((await here.states()).values()) == {"pending"}


def test_it_is_said_when_what_is_put_off_is_tried_next(place):
    async def check():
        async with room(place) as here:
            await put_off(here, result(1))
            (lasting,) = await here.deliveries()
            assert (lasting.state, lasting.next_try) == ("pending", START + WEEK)
            here.clock.advance(WEEK.total_seconds())
            assert (await here.deliveries())[0].next_try is None, "it's due"
            await here.run(5)
            assert [(each.state, each.next_try) for each in await here.deliveries()] == [("delivered", None)]

    asyncio.run(check())


@pytest.mark.parametrize(
    "chosen", [Selection(connection="lms"), Selection(results=["r-1"]), Selection(deliveries=[3])]
)
def test_a_replay_sends_at_once_what_was_put_off_and_what_waits_with_it(place, chosen):
    """Also where what is chosen only waits for what came before it."""

    async def check():
        async with room(place, batch=1) as here:
            await put_off(here, of_ana(1), of_ana(2), of_ana(3))
            count = 3 if chosen.connection else 1
            repair = Repair(here.store)
            assert await repair.replayable(chosen, here.clock.now()) == count
            assert await repair.replay(chosen, here.clock.now()) == count
            await here.run(5)
            assert here.connector.arrived == ["r-1", "r-2", "r-3"]

    asyncio.run(check())


def test_a_replay_leaves_others_put_off_and_what_was_asked_to_come_later_by_itself(place):
    async def check():
        async with room(place) as here:

            def later(batch):
                days = {"r-1": 7, "r-2": 6, "r-3": 7}
                return [
                    TryLater(each.id, START + timedelta(days=days[each.result.id]))
                    for each in batch.deliveries
                ]

            here.connector.behaviour = later
            await here.put(of_ana(1), of_ana(2), result(3))
            await here.run(5)
            here.connector.behaviour = deliver_all
            await Repair(here.store).replay(Selection(results=["r-1"]), here.clock.now())
            await here.run(5)
            assert here.connector.arrived == ["r-1"]

    asyncio.run(check())


def counting(steps):
    """Have SQLite note in `steps` each thousand that it takes."""
    return lambda db: db.connection.driver_connection.set_progress_handler(lambda: steps.append(1), 1000)


def test_a_replay_takes_no_longer_for_each_that_its_learner_did_in_the_activity(tmp_path):
    """It holds the only writer meanwhile."""

    async def check(count):
        async with room(tmp_path / f"{count}.db", batch=1000) as here:
            await put_off(here, *map(of_ana, range(count)))
            steps = []
            await here.store.run(counting(steps))
            assert await Repair(here.store).replay(Selection(connection="lms"), here.clock.now()) == count
            return len(steps)

    few, many = asyncio.run(check(100)), asyncio.run(check(800))
    assert many < 16 * few


def test_a_replay_counts_neither_what_is_due_nor_what_is_on_the_wire(place):
    async def check():
        async with room(place, batch=1) as here:
            open_ = asyncio.Event()

            async def slowly(batch):
                await open_.wait()
                return deliver_all(batch)

            here.connector.behaviour = slowly
            await here.put(result(1), result(2))
            await here.until(lambda: here.connector.batches)
            repair = Repair(here.store)
            assert await repair.replayable(Selection(), here.clock.now()) == 0
            assert await repair.replay(Selection(), here.clock.now()) == 0
            open_.set()
            await here.run(5)
            assert here.connector.batches == [["r-1"], ["r-2"]]

    asyncio.run(check())


def test_a_replay_of_what_was_put_off_is_told_and_gives_it_its_time_again(place):
    async def check():
        async with room(place) as here:
            await put_off(here, result(1))
            now = here.clock.now()
            await Repair(here.store).replay(Selection(), now)
            steps = await Overview(here.store).steps(1)
            assert (steps[-1].kind, steps[-1].outcome) == ("replayed", "sent once more, as somebody asked")
            kept_from = select(schema.delivery.c.kept_from)
            assert await here.store.run(lambda db: db.scalar(kept_from)) == milliseconds(now)

    asyncio.run(check())


@pytest.mark.parametrize("fingerprint", ["one", "two"])
def test_what_was_put_off_is_sent_at_once_with_another_configuration_only(place, fingerprint):
    async def check():
        async with room(place) as here:
            await put_off(here, of_ana(1), of_ana(2))
            await Repair(here.store).configured({"lms": fingerprint}, here.clock.now())
            here.dispatcher.wake("lms")
            await here.run(5)
            assert here.connector.arrived == (["r-1", "r-2"] if fingerprint == "two" else [])

    asyncio.run(check())


def test_what_is_tried_alone_stays_alone_when_it_is_replayed(place):
    """Else what the system still fails on counts as an outage, and holds up others."""

    async def check():
        async with room(place, batch=1) as here:

            def behave(batch):
                if batch.deliveries[0].result.id == "r-1":
                    raise ServerError("this one again")
                return deliver_all(batch)

            here.connector.behaviour = behave
            await here.put(*map(result, range(1, 5)))
            await here.run(120)
            alone = select(schema.delivery.c.alone).where(schema.delivery.c.seq == 1)
            assert await here.store.run(lambda db: db.scalar(alone))
            tries = here.connector.batches.count(["r-1"])
            assert await Repair(here.store).replay(Selection(), here.clock.now()) == 1
            assert await here.store.run(lambda db: db.scalar(alone))
            await here.run(5)
            assert here.connector.batches.count(["r-1"]) == tries + 1

    asyncio.run(check())
