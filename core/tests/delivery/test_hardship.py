"""What an adversary found: each of these once lost sight of a result, or took the neighbours along."""

import asyncio
import sqlite3
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import attrs
import pytest
from scripted import START, Room, SimulatedClock, Watched, deliver_all, result, room
from sqlalchemy import select, text

from passback import (
    ActivityUnknown,
    CannotConnect,
    Delivered,
    Health,
    HealthChanged,
    InvalidResult,
    OutboxError,
    OutboxGone,
    OutboxInUse,
    RateLimited,
    Rejected,
    ServerError,
    TryLater,
    UserUnknown,
)
from passback.delivery import (
    Dispatcher,
    DispatcherLock,
    Outbox,
    Overview,
    Retention,
    RetentionPolicy,
    Submission,
)
from passback.delivery.lanes.equipping import Unequipped
from passback.errors import BatchRefused
from passback.store import Store, schema


async def only_connection(here):
    (connection,) = (await Overview(here.store).totals()).connections
    return connection


def failing_on(bad, error):
    def behave(batch):
        if any(each.result.id in bad for each in batch.deliveries):
            raise error
        return deliver_all(batch)

    return behave


@pytest.mark.parametrize(
    ("error", "count"),
    [
        (ServerError("500", status=500), 12),
        (ServerError("403", status=403), 1),
        (CannotConnect("cut"), 12),
        (KeyError("x"), 1),
    ],
)
def test_any_number_of_results_that_the_system_fails_on_hold_back_none_of_the_others(place, error, count):
    async def check():
        async with room(place) as here:
            bad = {f"r-{number}" for number in range(count)}
            here.connector.behaviour = failing_on(bad, error)
            await here.put(*(result(number) for number in range(30)))
            await here.run(4 * 3600, step=60, arrived=30 - count)
            await here.run(600, step=60)
            assert sorted(here.connector.arrived) == sorted(f"r-{number}" for number in range(count, 30))
            assert (await only_connection(here)).health == "ok"
            here.connector.behaviour = deliver_all
            await here.run(3600, step=60, arrived=30)
            assert set((await here.states()).values()) == {"delivered"}

    asyncio.run(check())


def test_however_long_the_outage_before_who_is_tried_alone_is_tried_again_soon(place):
    async def check():
        async with room(place) as here:
            here.connector.behaviour = failing_on({"r-0", "r-1"}, ServerError("500", status=500))
            await here.put(result(0), result(1))
            await here.run(4 * 3600, step=60)
            here.connector.behaviour = failing_on({"r-0"}, ServerError("500", status=500))
            await here.run(3600, step=10, arrived=1)
            while not any("alone" in each.reason for each in await here.deliveries()):
                await here.run(10, step=10)
            here.connector.behaviour = deliver_all
            await here.run(150, step=10)
            assert here.connector.arrived == ["r-1", "r-0"]

    asyncio.run(check())


def test_what_comes_hours_after_the_one_that_the_system_fails_on_gets_its_turn(place):
    """Each probe passes over one more, and by then over more than there are."""

    async def check():
        async with room(place) as here:
            here.connector.behaviour = failing_on({"r-0"}, ServerError("500", status=500))
            await here.put(result(0))
            await here.run(4 * 3600, step=60)
            await here.put(result(1), result(2))
            await here.run(3600, step=60)
            assert sorted(here.connector.arrived) == ["r-1", "r-2"]

    asyncio.run(check())


def refusing(bad):
    """Return what rejects the results called `bad`."""

    def behave(batch):
        return [
            Rejected(each.id, "400: no") if each.result.id in bad else Delivered(each.id)
            for each in batch.deliveries
        ]

    return behave


def test_who_fails_its_own_check_for_good_is_believed_of_one_result_while_others_arrive(place):
    """Until then nobody knows whether it refuses everything: some do while the credentials are wrong."""

    def unfit():
        raise ServerError("400 to a look as well", status=400)

    async def check():
        async with room(place) as here:
            here.connector.healthy = unfit
            here.connector.behaviour = refusing({"r-0"})
            await here.put(result(0))
            await here.run(3600, step=10)
            assert (await here.states()) == {"r-0": "pending"}
            assert (await only_connection(here)).health == "server error"
            await here.put(result(1), result(2))
            await here.run(1200, step=10)
            assert (await here.states()) == {"r-0": "rejected", "r-1": "delivered", "r-2": "delivered"}
            assert (await only_connection(here)).health == "ok"
            here.connector.behaviour = refusing({f"r-{number}" for number in range(3, 9)})
            await here.put(*(result(number) for number in range(3, 9)))
            await here.run(7200, step=10)
            assert list((await here.states()).values()).count("pending") == 6, "nothing arrives any more"

    asyncio.run(check())


def test_an_outage_in_which_everything_is_said_to_be_unknown_drains_by_itself(place):
    """None of it arrived, so nothing is looked for afterwards; it's told once, and once that it's over."""

    def away():
        raise ServerError("404: there is nothing at this address", status=404)

    async def check():
        async with room(place) as here:
            tries = []

            def sane(batch):
                tries.extend(batch.deliveries)
                return deliver_all(batch)

            here.connector.healthy = away
            here.connector.behaviour = lambda batch: [
                ActivityUnknown(each.id, "404: no route") for each in batch.deliveries
            ]
            await here.put(*(result(number) for number in range(8)))
            await here.run(3600, step=10)
            assert set((await here.states()).values()) == {"pending"}
            assert (await only_connection(here)).health == "server error"
            here.connector.healthy, here.connector.behaviour = lambda: None, sane
            await here.run(900, step=10)
            assert sorted(here.connector.arrived) == [f"r-{number}" for number in range(8)]
            assert not any(each.unsure for each in tries)
            assert [each.now for each in here.events if isinstance(each, HealthChanged)] == [
                Health.SERVER_ERROR,
                Health.OK,
            ]

    asyncio.run(check())


@pytest.mark.parametrize("error", [CannotConnect("refused"), ServerError("500", status=500)])
def test_an_outage_is_seen_also_while_only_what_is_tried_alone_is_left(place, error):
    """The test button tells it from the failure of that one, and when the system is well again."""

    def down():
        raise error

    async def check():
        async with room(place) as here:
            here.connector.behaviour = failing_on({"r-0"}, ServerError("500", status=500))
            await here.put(*(result(number) for number in range(5)))
            await here.run(3600, step=10, arrived=4)
            await here.run(900, step=10)
            assert (await only_connection(here)).health == "ok"
            sane, here.connector.healthy = here.connector.behaviour, down
            here.connector.behaviour = lambda _: down()
            await here.run(1000, step=10)
            assert (await only_connection(here)).health != "ok"
            here.connector.behaviour, here.connector.healthy = sane, lambda: None
            await here.run(900, step=10)
            assert (await only_connection(here)).health == "ok"
            tried = len(here.connector.batches)
            await here.run(1000, step=10)
            assert len(here.connector.batches) <= tried + 2, "it's tried as rarely as ever"

    asyncio.run(check())


def test_a_probe_never_overtakes_what_the_same_learner_did_before_in_the_same_activity(place):
    async def check():
        async with room(place) as here:
            one = result(0).learner
            mine = [Submission.of(attrs.evolve(result(number), learner=one), ("lms",)) for number in range(5)]
            here.connector.behaviour = failing_on({"r-0"}, ServerError("500", status=500))
            await here.outbox.put(mine, here.clock.now(), tell=False)
            here.dispatcher.wake("lms")
            await here.run(3600, step=30)
            assert here.connector.arrived == []
            here.connector.behaviour = deliver_all
            await here.run(1000, step=30)
            assert here.connector.arrived == [f"r-{number}" for number in range(5)]

    asyncio.run(check())


@pytest.mark.parametrize(
    "error",
    [SystemExit(3), KeyboardInterrupt(), asyncio.CancelledError(), InvalidResult("x", "y"), RecursionError()],
)
def test_whatever_a_connector_raises_ends_in_a_defect_that_names_it(place, error):
    async def check():
        async with room(place) as here:

            def misbehave(_):
                raise error

            here.connector.behaviour = misbehave
            await here.put(result(1))
            await here.run(3)
            connection = await only_connection(here)
            assert connection.health == "server error"
            assert (
                f"Scripted.submit_results failed unexpectedly ({type(error).__name__})" in connection.detail
            )
            here.connector.behaviour = deliver_all
            await here.run(30)
            assert here.connector.arrived == ["r-1"]

    asyncio.run(check())


class Unprintable(ServerError):
    def __str__(self):
        raise ZeroDivisionError


def test_a_failure_that_cannot_be_printed_is_the_connectors_defect(place):
    async def check():
        async with room(place) as here:
            here.connector.behaviour = failing_on({"r-1"}, Unprintable("500"))
            await here.put(result(1))
            await here.run(30)
            connection = await only_connection(here)
            assert connection.health == "server error"
            assert "Unprintable failed unexpectedly (ZeroDivisionError)" in connection.detail
            assert len(here.connector.batches) < 10

    asyncio.run(check())


WEST, EAST = timezone(timedelta(hours=-14)), timezone(timedelta(hours=14))


@pytest.mark.parametrize(
    "at",
    [each.replace(tzinfo=zone) for each in (datetime.max, datetime.min) for zone in (WEST, UTC, EAST)],  # noqa: DTZ901
)
def test_what_a_system_wants_tried_at_the_end_of_time_is_tried_within_days(place, at):
    async def check():
        async with room(place) as here:

            def mixed(batch):
                first, *rest = batch.deliveries
                return [Delivered(first.id), *(TryLater(each.id, at, "never") for each in rest)]

            here.connector.behaviour = mixed
            await here.put(result(1), result(2))
            await here.run(3)
            assert (await here.states())["r-1"] == "delivered"
            await here.run(7 * 86400, step=3600)
            assert here.connector.arrived == ["r-1", "r-2"]

    asyncio.run(check())


class Broken(Unequipped):
    def note(self, *_):
        raise KeyError("of the host's")


def test_a_lane_that_ends_unexpectedly_is_told_as_ill_and_tried_less_and_less(place):
    async def check():
        async with room(place, deliver=False) as here:
            here.dispatcher = Dispatcher(here, attrs.evolve(here.around, equipment=Broken()))
            await here.put(result(1))
            await here.start()
            await here.run(3600, step=5)
            connection = await only_connection(here)
            assert (connection.health, connection.next_probe is not None) == ("server error", True)
            assert "delivery stopped unexpectedly (KeyError)" in connection.detail
            assert len(here.connector.batches) < 20

    asyncio.run(check())


@pytest.mark.parametrize(
    "wrong",
    [
        lambda number: Rejected(number, ValueError("no")),
        lambda number: Rejected(number, None),
        lambda number: Delivered([number]),
        lambda number: Delivered(number, 7),
        lambda number: TryLater(number, "tomorrow"),
    ],
)
def test_a_receipt_with_nonsense_in_it_is_the_connectors_defect_and_nothing_is_sent_again_and_again(
    place, wrong
):
    async def check():
        async with room(place) as here:
            here.connector.behaviour = lambda batch: [wrong(each.id) for each in batch.deliveries]
            await here.put(result(1))
            await here.run(20)
            assert (await only_connection(here)).health == "server error"
            assert len(here.connector.batches) < 10
            assert (await here.states())["r-1"] == "pending"

    asyncio.run(check())


def test_a_check_that_hangs_holds_nobody(place, monkeypatch):
    monkeypatch.setattr("passback.connection.connection._CHECK_SECONDS", 0.05)

    async def check():
        async with room(place) as here:

            async def hang():
                await asyncio.sleep(3600)

            here.connector.check = hang
            with pytest.raises(Exception, match="took longer"):
                await here.lms.check()

    asyncio.run(check())


def test_a_check_that_goes_on_when_it_is_told_to_end_holds_up_nothing_that_is_due(place, monkeypatch):
    monkeypatch.setattr("passback.connection.connection._CHECK_SECONDS", 0.05)
    monkeypatch.setattr("passback.foreign._LETS_GO", 0.05)

    async def check():
        async with room(place) as here:
            over = asyncio.Event()

            async def go_on():
                while not over.is_set():
                    with suppress(asyncio.CancelledError):
                        await over.wait()

            def behave(batch):
                if any(each.result.id == "r-1" for each in batch.deliveries):
                    raise BatchRefused("400")
                return deliver_all(batch)

            here.connector.check, here.connector.behaviour = go_on, behave
            await here.put(result(1))
            await here.run(1)
            await here.put(result(2))
            asyncio.get_running_loop().call_later(10, over.set)
            while here.connector.arrived != ["r-2"]:
                await here.run(60, step=10)
                await asyncio.sleep(0.05)
            assert not over.is_set()
            over.set()

    asyncio.run(check())


@pytest.mark.parametrize("hurry", [lambda now: RateLimited("slow", until=now), None])
def test_a_system_that_says_at_once_is_not_hammered(place, hurry):
    async def check():
        async with room(place) as here:

            def later(batch):
                if hurry:
                    raise hurry(here.clock.now())
                return [TryLater(each.id, here.clock.now()) for each in batch.deliveries]

            here.connector.behaviour = later
            await here.put(result(1))
            await here.run(20)
            assert 2 <= len(here.connector.batches) <= 25

    asyncio.run(check())


def test_an_answer_that_the_connector_gives_by_itself_says_nothing_of_the_system(place):
    async def check():
        async with room(place, batch=1) as here:

            def half(batch):
                if batch.deliveries[0].result.id in ("r-1", "r-2"):
                    return [UserUnknown(each.id, "no address") for each in batch.deliveries]
                raise CannotConnect("not reached")

            here.connector.behaviour = half
            await here.put(*(result(number) for number in range(5)))
            await here.run(600, step=5)
            connection = await only_connection(here)
            assert connection.health == "can't connect"
            assert connection.last_success is None
            assert len(here.events) - 2 == 1, "one change of health, besides two receipts"

    asyncio.run(check())


@pytest.mark.parametrize("count", [1, 3])
def test_what_a_system_is_not_told_of_says_nothing_of_it(place, count):
    """Else an outage ended with each such result, and what went with one was rejected by a wrong key."""

    async def check():
        async with room(place, batch=count) as here:

            def down():
                raise ServerError("401: wrong key", status=401)

            def wrong_key(batch):
                return [
                    Rejected(each.id, "400: wrong key")
                    if each.result.id == "r-0"
                    else Delivered(each.id, sent=False)
                    for each in batch.deliveries
                ]

            here.connector.behaviour, here.connector.healthy = wrong_key, down
            await here.put(*(result(number) for number in range(6)))
            await here.run(600, step=5)
            connection = await only_connection(here)
            assert (connection.health, connection.last_success) == ("server error", None)
            assert (await here.states())["r-0"] == "pending"
            assert list((await here.states()).values()).count("delivered") == 5

    asyncio.run(check())


@pytest.mark.parametrize("back", [True, False])
def test_a_wait_that_the_system_asked_for_is_not_healed_by_what_the_connector_answers_itself(place, back):
    """Where nothing else is left to send, the test button tells whether the system is well by then."""

    async def check():
        async with room(place, batch=1) as here:

            def busy():
                raise RateLimited("503", until=here.clock.now() + timedelta(hours=2), down=True)

            def behave(batch):
                if batch.deliveries[0].result.id == "r-1":
                    busy()
                return [UserUnknown(each.id, "no address") for each in batch.deliveries]

            here.connector.behaviour = behave
            here.connector.healthy = busy
            await here.put(result(1))
            await here.run(1)
            assert (await only_connection(here)).health == "server error"
            await Retention(here.store, RetentionPolicy()).erase("learner-1@example.com", "default")
            await here.put(result(2))
            here.connector.healthy = (lambda: None) if back else busy
            await here.run(2 * 3600 + 60, step=20)
            assert (await here.states())["r-2"] == "waiting"
            assert (await only_connection(here)).health == ("ok" if back else "server error")
            changes = [event for event in here.events if isinstance(event, HealthChanged)]
            assert len(changes) == (2 if back else 1)

    asyncio.run(check())


def test_a_clock_that_was_wrong_once_delays_nothing_for_long(place):
    async def before():
        async with room(place, deliver=False) as here:
            here.clock.advance(400 * 86400)
            await here.put(result(1))

    async def after():
        async with room(place) as here:
            await here.run(2)
            assert here.connector.arrived == ["r-1"]

    async def set_back():
        async with room(place) as here:
            here.connector.behaviour = failing_on({"r-2"}, CannotConnect("not reached"))
            await here.put(result(2))
            await here.run(2)
            here.clock.time -= timedelta(days=3)
            here.connector.behaviour = deliver_all
            await here.run(16 * 60, step=30)

    asyncio.run(before())
    asyncio.run(after())
    asyncio.run(set_back())


async def locking(here):
    """Hold the file's write lock; by the store's own SQLite, as two in one process don't see each other's."""
    await here.store._in_thread(
        lambda: here.store._connection.connection.driver_connection.execute("PRAGMA busy_timeout = 50")
    )
    blocker = here.store._engine.driver.connect(here.store.file, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    return blocker


def test_a_locked_sqlite_file_delays_delivery_and_ends_nothing(tmp_path):
    async def check():
        async with room(tmp_path / "passback.db") as here:
            await here.put(result(1))
            await here.run(2)
            blocker = await locking(here)
            await asyncio.sleep(0.2)
            await here.run(2)
            blocker.execute("ROLLBACK")
            blocker.close()
            await here.put(result(2))
            await here.run(20)
            assert here.connector.arrived == ["r-1", "r-2"]

    asyncio.run(check())


@pytest.mark.parametrize("concurrency", [1, 3])
def test_what_arrives_while_the_sqlite_file_is_locked_is_not_sent_again(tmp_path, concurrency):
    async def check():
        async with room(tmp_path / "passback.db", batch=2, concurrency=concurrency) as here:
            open_ = asyncio.Event()

            async def slowly(batch):
                await open_.wait()
                return deliver_all(batch)

            here.connector.behaviour = slowly
            await here.put(
                *(result(number, activity=f"https://example.com/{number}") for number in range(12))
            )
            await here.until(lambda: len(here.connector.batches) == concurrency)
            blocker = await locking(here)
            open_.set()
            await here.run(20)
            blocker.execute("ROLLBACK")
            blocker.close()
            await here.run(20)
            assert sorted(here.connector.arrived) == sorted(f"r-{number}" for number in range(12))
            assert set((await here.states()).values()) == {"delivered"}

    asyncio.run(check())


def test_a_sqlite_file_that_is_locked_while_results_are_parked_loses_sight_of_none(tmp_path):
    async def check():
        async with room(tmp_path / "passback.db") as here:
            await here.run(1)
            here.reasons = {"lms": "options.url: missing"}
            await here.outbox.put([Submission.of(result(1), ("lms",))], here.clock.now(), tell=False)
            blocker = await locking(here)
            here.dispatcher.wake("lms")
            await asyncio.sleep(0.3)
            blocker.execute("ROLLBACK")
            blocker.close()
            here.dispatcher.wake("lms")
            await here.run(20)
            assert (await here.states())["r-1"] == "waiting"

    asyncio.run(check())


def test_a_commit_that_fails_leaves_the_store_usable(place):
    async def check():
        store = Store(place)
        await store.open()
        real = store._connection.dialect.do_commit

        def fail(_):
            store._connection.dialect.do_commit = real
            raise sqlite3.OperationalError("database is locked")

        store._connection.dialect.do_commit = fail
        outbox = Outbox(store)
        with pytest.raises(Exception, match="locked"):
            await outbox.put([Submission.of(result(1), ("lms",))], START, tell=False)
        (answer,) = await outbox.put([Submission.of(result(1), ("lms",))], START, tell=False)
        await store.close()
        assert answer.new

    asyncio.run(check())


@pytest.mark.skipif(sys.platform == "win32", reason="Windows lets nobody remove a file that is open")
@pytest.mark.parametrize("name", ["passback.db", "passback.db-wal"])
@pytest.mark.parametrize("replaced", [False, True])
def test_nothing_is_accepted_into_a_file_that_nobody_could_find_again(tmp_path, name, replaced):
    async def check():
        away = tmp_path / "away"
        async with room(tmp_path / "passback.db") as here:
            if not (path := tmp_path / name).exists():
                pytest.skip("this SQLite is older than 3.51.3, and keeps no -wal file")
            soon = START + timedelta(seconds=5)
            here.connector.behaviour = lambda batch: [TryLater(each.id, soon) for each in batch.deliveries]
            await here.put(result(1))
            await here.run(1)
            path.rename(away)
            if replaced:
                path.write_bytes(away.read_bytes())
            with pytest.raises(OutboxError, match="was removed or replaced while it was in use"):
                await here.put(result(2))
            here.connector.behaviour = deliver_all
            await here.run(10)
            assert await here.states() == {"r-1": "delivered"}, "what was accepted before still goes"
            away.replace(path)
            await here.put(result(2))
            assert set(await here.states()) == {"r-1", "r-2"}

    asyncio.run(check())


@pytest.mark.skipif(sys.platform == "win32", reason="Windows lets nobody remove a file that is open")
@pytest.mark.parametrize("replaced", [False, True])
def test_who_delivers_from_a_file_that_nobody_else_finds_ends_and_says_what_to_do(tmp_path, replaced):
    async def check():
        path = tmp_path / "passback.db"
        here = Room(Watched(path), SimulatedClock(), 10, 30)
        await here.store.open()
        await here.start()
        path.rename(tmp_path / "away")
        if replaced:
            path.write_bytes((tmp_path / "away").read_bytes())
        await here.run(31)
        with pytest.raises(OutboxGone, match="start everything that uses it again"):
            await here.stop()
        await here.lms.aclose()
        await here.store.close()

    asyncio.run(check())


def test_a_second_process_through_a_symbolic_link_finds_the_same_lock(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "passback.db").symlink_to(tmp_path / "elsewhere" / "passback.db")
    first = DispatcherLock(tmp_path / "passback.db")
    first.acquire()
    with pytest.raises(OutboxInUse):
        DispatcherLock(tmp_path / "elsewhere" / "passback.db").acquire()
    first.release()


def test_delivered_is_final_says_the_schema_itself(place):
    async def check():
        async with room(place) as here:
            await here.put(result(1))
            await here.run(2)
            for state in (0, 3):
                with pytest.raises(Exception, match="can not follow"):
                    await here.store.run(
                        lambda db, to=state: db.execute(text("UPDATE delivery SET state = :to"), {"to": to})
                    )

    asyncio.run(check())


def test_a_connector_that_fails_at_closing_is_left_to_itself(place):
    async def check():
        async with room(place) as here:

            async def fail():
                raise SystemExit(1)

            here.connector.aclose = fail

    asyncio.run(check())


def test_a_clock_that_goes_back_while_it_delivers_strands_nothing(place):
    """What was accepted while it was ahead isn't due in the future, nor is a wait that was asked for then."""

    async def check():
        async with room(place, batch=1) as here:
            here.clock.advance(6 * 3600)
            here.connector.behaviour = rate_limited_once(here.clock)
            await here.put(result(1))
            await here.until(lambda: here.connector.batches)
            await here.settle()
            await here.put(result(2))
            here.clock.advance(-6 * 3600)
            await here.run(8)
            await here.until(lambda: here.connector.arrived == ["r-1", "r-2"])

    asyncio.run(check())


@pytest.mark.parametrize("ahead", [timedelta(minutes=10), timedelta(days=3)])
def test_what_is_on_the_wire_is_not_sent_beside_that_when_the_clock_goes_past_its_lease(place, ahead):
    async def check():
        async with room(place, batch=1, concurrency=3) as here:
            answered = asyncio.Event()

            async def slowly(batch):
                if batch.deliveries[0].result.id == "r-1":
                    await answered.wait()
                return deliver_all(batch)

            here.connector.behaviour = slowly
            await here.put(result(1))
            await here.until(lambda: here.connector.batches)
            here.clock.time += ahead
            await here.put(result(2))
            await here.until(lambda: "r-2" in here.connector.arrived)
            await here.settle()
            answered.set()
            await here.until(lambda: len(here.connector.arrived) == 2)
            assert here.connector.batches == [["r-1"], ["r-2"]]

    asyncio.run(check())


def test_a_wait_that_was_asked_for_ends_soon_after_the_clock_is_past_it(place):
    """A clock may be set, and that by which one waits stands still while a machine sleeps."""

    async def check():
        async with room(place, batch=1) as here:
            here.connector.behaviour = rate_limited_once(here.clock, timedelta(hours=6))
            await here.put(result(1))
            await here.until(lambda: here.connector.batches)
            await here.settle()
            here.clock.time += timedelta(hours=6)
            await here.run(60, step=10, arrived=1)
            assert here.connector.arrived == ["r-1"]

    asyncio.run(check())


def test_no_attempt_took_less_than_no_time_though_the_clock_went_back(place):
    async def check():
        async with room(place, batch=1) as here:

            def meanwhile(batch):
                here.clock.time -= timedelta(days=3)
                return deliver_all(batch)

            here.connector.behaviour = meanwhile
            await here.put(result(1))
            await here.until(lambda: here.connector.arrived)
            await here.settle()
            assert await here.store.run(lambda db: db.scalar(select(schema.event.c.took))) == 0

    asyncio.run(check())


def rate_limited_once(clock, wait=timedelta(seconds=1)):
    asked = []

    def behave(batch):
        if not asked:
            asked.append(True)
            raise RateLimited("busy", until=clock.now() + wait)
        return deliver_all(batch)

    return behave
