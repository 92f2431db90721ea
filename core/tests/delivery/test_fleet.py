"""Several processes on one PostgreSQL database: each connection is one's, and none is nobody's."""

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from scripted import START, Room, SimulatedClock, Watched, result, room
from sqlalchemy import text, update

from passback import Score, Selection
from passback.delivery import Attached, Attachments, Outbox, Overview, Repair, Routes, Submission, Wish
from passback.delivery.fleet.fleet import Fleet
from passback.delivery.outbox.accepting import accept
from passback.errors import ContentConflict, OutboxTooNew
from passback.store import State, Store, WaitingFor, schema
from passback.store import store as trying

HERE = "https://example.com/a"


@asynccontextmanager
async def member(shared, *serves):
    """One process of a fleet, which serves these connections; `lapses` counts how often its hold ended."""
    store = Store(shared)
    await store.open()
    fleet = Fleet(store, lambda: fleet.lapses.append(1))
    fleet.lapses, fleet.store = [], store
    await fleet.join(dict.fromkeys(serves, "one"), START)
    try:
        yield fleet
    finally:
        await fleet.leave()
        await store.close()


async def beat(fleet, busy=()):
    fleet._next_beat = 0.0
    return await fleet.keep(busy)


async def claim(fleet, *names):
    return (await fleet.called(names, START)).lanes


def test_what_one_has_no_other_gets_until_it_is_let_go(shared):
    async def check():
        async with member(shared, "lms") as first, member(shared, "lms") as second:
            assert await claim(first, "lms") == {"lms"}
            assert await claim(second, "lms") == set()
            assert (first.holds("lms"), second.holds("lms")) == (True, False)
            await first.leave()
            assert await claim(second) == {"lms"}, "who leaves says so"

    asyncio.run(check())


def test_what_the_dead_had_is_taken_over_and_their_leases_end(shared):
    async def check():
        async with member(shared, "lms") as dead, room(shared, deliver=False) as here:
            await claim(dead, "lms")
            await here.put(result(1))
            lease = await here.outbox.lease(
                Wish(connection="lms", limit=10, until=START + timedelta(days=1)), START
            )
            assert len(lease.deliveries) == 1
            await dead.store.run(lambda db: db.exec_driver_sql("UPDATE lane SET until = 0"))
            dead._timer.cancel()
            await here.start()
            await here.until(lambda: here.connector.arrived == ["r-1"])
            assert (await beat(dead)).lost == {"lms"}
            assert not dead.holds("lms")

    asyncio.run(check())


def test_who_cannot_say_that_it_lives_stops_sending_before_others_take_over(shared, monkeypatch):
    monkeypatch.setattr("passback.delivery.fleet.fleet._MARGIN", 27.0)

    async def check():
        async with member(shared, "lms") as fleet:
            await claim(fleet, "lms")
            assert fleet.may_send()
            await asyncio.sleep(3.1)
            assert (fleet.may_send(), fleet.holds("lms"), fleet.lapses) == (False, False, [1])

    asyncio.run(check())


def test_who_starts_late_gets_its_share_and_what_is_on_the_wire_arrives_first(shared):
    async def check():
        names = [f"c{number}" for number in range(10)]
        async with member(shared, *names) as early:
            assert len(await claim(early, *names)) == 10
            async with member(shared, *names) as late:
                assert await claim(late, *names) == set()
                busy = names[:8]
                given = (await beat(early, busy)).given
                assert len(given) == 5
                assert {"c8", "c9"} <= given, "what has nothing to do goes first"
                assert not any(early.holds(name) for name in given)
                await beat(early, busy)
                got = await claim(late)
                assert got == {"c8", "c9"}, "the others are still on the wire"
                await beat(early, [name for name in busy if name not in given])
                got |= await claim(late)
                assert got == given

    asyncio.run(check())


def test_who_starts_is_noticed_before_the_others_have_to_say_again_that_they_live(shared):
    async def check():
        names = [f"c{number}" for number in range(10)]
        async with member(shared, *names) as early:
            assert len(await claim(early, *names)) == 10
            assert not (await early.keep(names)).given
            async with member(shared, *names):
                await claim(early)
                assert len((await early.keep(names)).given) == 5

    asyncio.run(check())


def test_a_connection_that_only_another_serves_is_left_to_it(shared):
    """In a rolling deployment, an older worker doesn't park what the newer one delivers."""

    async def check():
        async with member(shared, "lms") as older, member(shared, "lms", "new") as newer:
            assert await claim(older, "new") == set()
            assert await claim(newer, "new") == {"new"}
            await newer.leave()
            assert await claim(older, "new") == {"new"}, "nobody serves it, so it's to be parked"
            assert not older.holds("new")

    asyncio.run(check())


def test_what_a_new_configuration_no_longer_names_goes_to_who_serves_it(shared):
    async def check():
        async with member(shared, "lms", "gone") as first, member(shared, "gone") as second:
            await claim(first, "lms", "gone")
            assert first.serve({"lms": "one", "new": "one"}) == {"gone"}
            assert (first.holds("lms"), first.holds("gone")) == (True, False)
            assert await claim(second, "gone") == set(), "what is on the wire arrives first"
            await first.keep(["lms"])
            assert await claim(second) == {"gone"}
            assert await claim(first, "new") == {"new"}

    asyncio.run(check())


def test_what_a_living_process_has_is_not_taken_for_unserved_by_who_does_not_serve_it_either(shared):
    async def check():
        async with member(shared, "gone") as first, member(shared, "lms") as second:
            await claim(first, "gone")
            first.serve({})
            await first.keep(["gone"])
            assert await claim(second, "gone") == set(), "what is on the wire arrives first"
            await beat(first)
            assert await claim(second) == {"gone"}, "to be parked"

    asyncio.run(check())


def test_a_repair_that_the_holder_learns_of_last_frees_what_waits_when_it_goes_over(shared):
    async def check():
        async with member(shared, "lms") as holder, room(shared, deliver=False) as repaired:
            await claim(holder, "lms")
            repaired.fingerprint = "two"
            await repaired.put(result(1))
            await repaired.dispatcher.start()
            await repaired.outbox.store.run(wait_for_the_activity)
            await holder.leave()
            repaired._task = asyncio.create_task(repaired.dispatcher.run())
            await repaired.until(lambda: repaired.connector.arrived == ["r-1"])

    asyncio.run(check())


def wait_for_the_activity(db):
    changed = update(schema.delivery).values(
        state=State.WAITING, waiting_for=WaitingFor.ACTIVITY, reason="by the old configuration"
    )
    db.execute(changed)


def test_a_role_that_is_given_little_time_takes_what_is_needed(shared):
    async def check():
        async with member(shared, "lms") as first:
            name = await first.store.run(lambda db: db.scalar(text("SELECT current_database()")))
            little = text(f"ALTER DATABASE {name} SET statement_timeout = 50")
            await first.store.run(lambda db: db.execute(little))
            async with member(shared, "lms") as second:
                await second.store.run(lambda db: db.execute(text("SELECT pg_sleep(0.3)")))
                # The database is used again.
                as_before = text(f"ALTER DATABASE {name} RESET statement_timeout")
                await second.store.run(lambda db: db.execute(as_before))

    asyncio.run(check())


def test_several_who_put_the_same_results_at_once_accept_each_once(shared, monkeypatch):
    # None is in another's way so that it would have to begin anew.
    monkeypatch.setattr(trying, "_TRIES", 1)

    async def check():
        stores = [Store(shared) for _ in range(3)]
        for store in stores:
            await store.open()
        for start in range(0, 1500, 300):
            numbers = range(start, start + 300)
            # In opposite orders, so that each waits for the other; and one with other content.
            orders = [(numbers, 1), (reversed(numbers), 1), (numbers, 2)]
            puts = [
                [Submission.of(result(each, score=Score(raw=points)), ("lms",)) for each in order]
                for order, points in orders
            ]
            answers = await asyncio.gather(
                *(Outbox(store).put(put, START, tell=False) for store, put in zip(stores, puts, strict=True))
            )
            new = [each.result_id for some in answers for each in some if getattr(each, "new", False)]
            assert sorted(new) == sorted(f"r-{number}" for number in numbers)
            for one, two in zip(answers[0], answers[2], strict=True):
                assert isinstance(one, ContentConflict) != isinstance(two, ContentConflict)
        for store in stores:
            await store.close()

    asyncio.run(check())


def test_whatever_is_accepted_all_are_told_of_as_its_connection_may_be_anothers(shared):
    async def check():
        async with room(shared, deliver=False) as here:
            await here.put(result(1))
            await here.put(result(2), to=())
            assert await Repair(here.store).signals() == ["", "lms"]

    asyncio.run(check())


def test_what_is_accepted_while_its_activity_is_attached_is_not_stranded(shared):
    async def check():
        async with room(shared) as here:
            here.routing = Routes()
            other = Store(shared)
            await other.open()

            def slowly(db):
                # Accepted by who doesn't see the attachment yet, committed after it was routed by.
                accept(db, [Submission.of(result(1), ())], 0, tell=True)
                db.exec_driver_sql("SELECT pg_sleep(0.5)")

            accepting = asyncio.create_task(other.run(slowly))
            await asyncio.sleep(0.2)
            attached = Attached(activity=HERE, connection="lms", organisation="default")
            await Attachments(here.store).attach(attached, START)
            assert await Repair(here.store).route(Routes(), START) == set()
            await accepting
            async with asyncio.timeout(10):
                while here.connector.arrived != ["r-1"]:
                    await here.run(0.5)
            await other.close()

    asyncio.run(check())


def test_several_that_start_with_one_configuration_release_what_waits_once(shared):
    async def check():
        stores = [Store(shared) for _ in range(4)]
        for store in stores:
            await store.open()
        outbox = Outbox(stores[0])
        await outbox.put([Submission.of(result(1), ("lms",))], START, tell=False)
        await Repair(stores[0]).park("lms", "misconfigured", START)
        await asyncio.gather(*(Repair(store).configured({"lms": "one"}, START) for store in stores))
        (delivery,) = await Overview(stores[0]).deliveries(Selection(), 10, START)
        assert delivery.state == "pending"
        steps = await Overview(stores[0]).steps(delivery.id)
        assert [each.kind for each in steps] == ["parked", "released"]
        for store in stores:
            await store.close()

    asyncio.run(check())


def test_a_dispatcher_whose_tables_a_newer_passback_changes_ends(place):
    async def check():
        store = Watched(place)
        await store.open()
        here = Room(store, SimulatedClock(), 10, 30)
        await here.start()
        await store.run(
            lambda db: db.exec_driver_sql("UPDATE passback_revision SET version_num = '9999'") and None
        )
        await here.run(31)
        with pytest.raises(OutboxTooNew, match="upgrade"):
            await here.stop()
        await here.lms.aclose()
        await store.close()

    asyncio.run(check())
