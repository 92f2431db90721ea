"""Retention: one clock gives up, the database doesn't grow for ever, and the account stays whole."""

import asyncio
from datetime import timedelta

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st
from scripted import START, deliver_all, result, room
from sqlalchemy import func, select

from passback import CannotConnect, Delivered, Learner, Rejected, Selection, UserUnknown
from passback.delivery import Overview, Repair, Retention, RetentionPolicy, Settlement, Wish
from passback.delivery.outbox.changes import Change
from passback.store import State, schema

POLICY = RetentionPolicy(undelivered=timedelta(days=30), settled=timedelta(days=90))
DAY = timedelta(days=1)
ANA = Learner(id="ana@example.com")


async def counts(here):
    (lms,) = (await Overview(here.store).totals()).connections
    return dict(lms.counts)


async def the(here, **selection):
    return await Overview(here.store).deliveries(Selection(**selection), 100, here.clock.now())


async def rows(here, *names):
    tables = [schema.metadata.tables[name] for name in names or ("result", "delivery", "history")]
    counts = {table.name: select(func.count()).select_from(table) for table in tables}
    return await here.store.run(lambda db: {name: db.scalar(count) for name, count in counts.items()})


async def waited(retention, days, since=0):
    """Sweep on each day from `since` to `days`; return what the last time did."""
    for day in range(since, days + 1):
        done = await retention.sweep(START + day * DAY)
    return done


def unreachable(_):
    raise CannotConnect("POST https://lms.example/: not reached")


def test_what_could_not_be_delivered_for_thirty_days_is_rejected_and_says_why(place):
    async def check():
        async with room(place) as here:
            here.connector.behaviour = unreachable
            await here.put(result(1))
            await here.run(5)
            tried = len(here.connector.batches)
            for _ in range(29):
                here.clock.advance(86400)
                await here.until(lambda before=tried: len(here.connector.batches) > before)
                tried = len(here.connector.batches)
            assert await counts(here) == {"pending": 1}
            async with asyncio.timeout(10):
                while await counts(here) != {"rejected": 1}:
                    here.clock.advance(86400 / 4)
                    await here.run(1)
            (gone,) = await the(here)
            assert gone.reason == (
                "not delivered within 30 days; the connection: "
                "can't connect: POST https://lms.example/: not reached"
            )
            assert (await Overview(here.store).steps(gone.id))[-1].kind == "expired"

    asyncio.run(check())


def test_what_waits_for_an_account_is_given_up_too(place):
    async def check():
        async with room(place) as here:
            here.connector.behaviour = lambda batch: [
                UserUnknown(each.id, "nobody") for each in batch.deliveries
            ]
            await here.put(result(1))
            await here.until(lambda: here.connector.batches)
            await here.settle()
            assert await waited(Retention(here.store, POLICY), 31) == (1, 0)
            (gone,) = await the(here)
            assert gone.reason == "not delivered within 30 days; at last: nobody"

    asyncio.run(check())


def test_where_it_waits_for_a_connection_that_is_ill_it_is_said_once_why(place):
    async def check():
        async with room(place, deliver=False) as here:
            here.reasons["lms"] = "its key is missing"
            await here.put(result(1))
            await here.start()
            await here.run(1)
            await waited(Retention(here.store, POLICY), 31)
            (gone,) = await the(here)
            assert gone.reason == "not delivered within 30 days; at last: its key is missing"

    asyncio.run(check())


def test_why_it_failed_before_a_replay_is_not_said_to_be_why_it_is_given_up(place):
    async def check():
        async with room(place) as here:
            here.connector.behaviour = lambda batch: [
                Rejected(each.id, "no score") for each in batch.deliveries
            ]
            await here.put(result(1))
            await here.until(lambda: here.connector.batches)
            await here.run(1)
            here.connector.behaviour = unreachable
            assert await Repair(here.store).replay(Selection(), here.clock.now()) == 1
            await here.run(1)
            (again,) = await the(here)
            assert (again.state, again.reason) == ("pending", "")
            await waited(Retention(here.store, POLICY), 31)
            (gone,) = await the(here)
            assert "no score" not in gone.reason
            assert gone.reason.endswith("not reached")

    asyncio.run(check())


def test_who_asks_for_one_more_try_gives_it_its_time(place):
    async def check():
        async with room(place, deliver=False) as here:
            await here.put(result(1))
            retention = Retention(here.store, POLICY)
            later = START + 31 * DAY
            assert await waited(retention, 31) == (1, 0)
            assert await Repair(here.store).replay(Selection(), later) == 1
            assert await waited(retention, 31 + 29, since=32) == (0, 0)
            assert await waited(retention, 31 + 31, since=31 + 30) == (1, 0)

    asyncio.run(check())


def test_what_is_settled_is_removed_and_the_account_stays_whole(place):
    async def check():
        async with room(place, batch=50) as here:

            def behave(batch):
                return [
                    Rejected(each.id, "no") if each.result.id == "r-7" else Delivered(each.id)
                    for each in batch.deliveries
                ]

            here.connector.behaviour = behave
            await here.put(*(attrs.evolve(result(number), learner=ANA) for number in range(700)))
            await here.until(lambda: len(here.connector.arrived) == 699, 30)
            await here.settle()
            await here.put(result(900), to=())
            before = await Overview(here.store).standings("default", ANA.id)
            totals = await Overview(here.store).totals()
            retention = Retention(here.store, POLICY)
            assert await waited(retention, 89) == (0, 0)
            assert await waited(retention, 91, since=90) == (0, 700)
            after = await Overview(here.store).totals()
            assert (after.accepted, after.kept, after.unrouted) == (totals.accepted, 1, 1)
            assert after.removed == {"settled": 700}
            assert after.connections[0].counts == totals.connections[0].counts
            assert await the(here) == []
            assert await Overview(here.store).standings("default", ANA.id) == before
            assert await rows(here) == {"result": 1, "delivery": 0, "history": 0}
            await waited(retention, 130, since=92)
            assert await rows(here, "event") == {"event": 0}

    asyncio.run(check())


def test_what_still_has_somewhere_to_go_is_kept_however_old(place):
    async def check():
        async with room(place, deliver=False) as here:
            await here.put(result(1))
            forever = RetentionPolicy(undelivered=timedelta(days=3000), settled=timedelta(days=1))
            assert await Retention(here.store, forever).sweep(START + 1000 * DAY) == (0, 0)

    asyncio.run(check())


def test_a_learner_is_erased_everywhere_and_still_counted(place):
    async def check():
        async with room(place) as here:
            secret = Learner(id="ana@example.com", name="Ana Unmistakable")
            mine = [attrs.evolve(result(number), learner=secret) for number in range(5)]
            theirs = attrs.evolve(mine[0], organisation="theirs")
            await here.put(*mine, result(9))
            await here.put(theirs, to=())
            await here.until(lambda: len(here.connector.arrived) == 6)
            await here.settle()
            retention = Retention(here.store, POLICY)
            assert await retention.erase(ANA.id, "default") == 5
            assert await retention.erase(ANA.id, "default") == 0
            assert await Overview(here.store).standings("default", ANA.id) == []
            assert len(await Overview(here.store).standings("theirs", ANA.id)) == 1
            assert await retention.erase(ANA.id, "theirs") == 1
            totals = await Overview(here.store).totals()
            assert (totals.accepted, totals.kept, totals.removed) == (7, 1, {"erased": 6})

    asyncio.run(check())


def test_nothing_of_an_erased_learner_stays_in_the_sqlite_file(tmp_path):
    async def check():
        async with room(tmp_path / "passback.db") as here:
            await here.put(attrs.evolve(result(1), learner=Learner(id="ana", name="Ana Unmistakable")))
            await here.until(lambda: here.connector.arrived)
            await here.settle()
            assert await Retention(here.store, POLICY).erase("ana", "default") == 1
            for file in tmp_path.iterdir():
                assert b"Unmistakable" not in file.read_bytes(), file.name

    asyncio.run(check())


def test_what_was_on_the_wire_when_its_learner_was_erased_changes_nothing(place):
    async def check():
        async with room(place) as here:
            here_it_is, go_on = asyncio.Event(), asyncio.Event()

            async def slowly(batch):
                here_it_is.set()
                await go_on.wait()
                return deliver_all(batch)

            here.connector.behaviour = slowly
            await here.put(attrs.evolve(result(1), learner=ANA))
            await here.until(here_it_is.is_set)
            assert await Retention(here.store, POLICY).erase(ANA.id, "default") == 1
            go_on.set()
            await here.until(lambda: here.connector.arrived)
            await here.settle()
            assert await counts(here) == {"erased": 1}

    asyncio.run(check())


async def settled(here, results):
    """Have `results` accepted and delivered."""
    await here.put(*results)
    now = here.clock.now()
    wish = Wish(connection="lms", limit=100, until=now + DAY)
    lease = await here.outbox.lease(wish, now)
    changes = [Change(delivery=each.id, state=State.DELIVERED) for each in lease.deliveries]
    await here.outbox.settle(lease, Settlement(changes=changes), now)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 1), st.floats(0, 1)), max_size=12),
    st.integers(1, 11),
)
def test_however_often_it_is_folded_a_standing_is_the_same(tmp_path_factory, made, cut):
    """What is purged early and what stays give together what all of it gives."""

    async def check(path):
        async with room(path, deliver=False) as here:
            results = [
                attrs.evolve(
                    result(number, f"activity-{activity}", progress=progress),
                    learner=Learner(id=f"learner-{learner}"),
                    at=START + timedelta(minutes=number),
                )
                for number, (learner, activity, progress) in enumerate(made)
            ]
            overview = Overview(here.store)
            retention = Retention(here.store, POLICY)
            await settled(here, results[:cut])
            await retention.sweep(START + 91 * DAY)
            here.clock.advance(100 * 86400)
            await settled(here, results[cut:])
            folded = [await overview.standings("default", f"learner-{number}") for number in range(4)]
            await retention.sweep(START + 300 * DAY)
            assert [await overview.standings("default", f"learner-{number}") for number in range(4)] == folded
            assert sum(each.results for some in folded for each in some) == len(results)
            for some in folded:
                for each in some:
                    mine = [
                        one
                        for one in results
                        if (one.learner.id, one.activity.id) == (each.learner.id, each.activity.id)
                    ]
                    assert each.progress == mine[-1].progress

    asyncio.run(check(tmp_path_factory.mktemp("folding") / "passback.db"))
