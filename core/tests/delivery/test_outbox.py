"""What the outbox promises by itself: durable, once, fenced, and in exactly one state."""

import asyncio
import random
import subprocess
import sys
from contextlib import asynccontextmanager
from datetime import timedelta

import attrs
import pytest
from scripted import START, result
from sqlalchemy import select, text

from passback import (
    DEFAULT_ORGANISATION,
    Activity,
    CannotConnect,
    ContentConflict,
    Delivered,
    Health,
    InvalidResult,
    Learner,
    OutboxError,
    OutboxInUse,
    OutboxTooNew,
    RateLimited,
    Score,
    Selection,
)
from passback.delivery import (
    Attached,
    Attachments,
    Backoff,
    DispatcherLock,
    Outbox,
    Overview,
    Repair,
    Retention,
    RetentionPolicy,
    Routes,
    Settlement,
    Submission,
    Wish,
)
from passback.delivery.outbox.breaker import Breaker, load_breaker, save_breaker
from passback.delivery.outbox.changes import Change, change_for
from passback.delivery.outbox.history import Event, EventKind
from passback.store import FOLLOWS, State, Store, schema

LATER = START + timedelta(minutes=5)


@asynccontextmanager
async def opened(path):
    store = Store(path)
    await store.open()
    try:
        yield Outbox(store)
    finally:
        await store.close()


def wish(limit, until=LATER):
    return Wish(connection="lms", limit=limit, until=until)


def put(outbox, *results, to=("lms",)):
    return outbox.put([Submission.of(each, to) for each in results], START, tell=False)


async def all_of(outbox):
    return await Overview(outbox.store).deliveries(Selection(), 1000, START)


def delivered(lease):
    return [Change(delivery=each.id, state=State.DELIVERED) for each in lease.deliveries]


def test_the_same_fact_again_is_no_second_one(place):
    async def check():
        async with opened(place) as outbox:
            (first,) = await put(outbox, result(1))
            (again,) = await put(outbox, result(1))
            assert (first.new, again.new) == (True, False)
            assert len(await all_of(outbox)) == 1

    asyncio.run(check())


@pytest.mark.parametrize("known", [0, 3])
@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 99, 121, 230])
def test_as_many_as_are_put_at_once_are_put_settled_and_told_of(place, count, known):
    """Whatever they are split into on the way to the database."""

    async def check():
        async with opened(place) as outbox:
            await put(outbox, *(result(number) for number in range(known)))
            several = [result(number) for number in range(count)]
            answers = await put(outbox, *several)
            assert [each.new for each in answers] == [number >= known for number in range(count)]
            lease = await outbox.lease(wish(300), START)
            assert [each.result for each in lease.deliveries] == several or known > count
            done = [attrs.evolve(each, remote_id=f"n-{each.delivery}") for each in delivered(lease)]
            settled, _ = await outbox.settle(lease, Settlement(changes=done), START)
            assert settled == len(done)
            found = await all_of(outbox)
            assert {each.remote_id for each in found} == {f"n-{each.id}" for each in lease.deliveries}

    asyncio.run(check())


def test_what_is_settled_again_arrived_once(place):
    """Where the connection to the store broke, nobody knows whether the first time took effect."""

    async def check():
        async with opened(place) as outbox:
            await put(outbox, result(1), result(2))
            lease = await outbox.lease(wish(10), START)
            sent = Event(connection="lms", kind=EventKind.SENT, at=START)
            settlement = Settlement(changes=delivered(lease), event=sent)
            counts = [(await outbox.settle(lease, settlement, START))[0] for _ in range(2)]
            assert counts == [2, 0]
            arrived = await outbox.store.run(
                lambda db: list(db.scalars(select(schema.event.c.delivered).order_by(schema.event.c.id)))
            )
            assert arrived == [2, 0]

    asyncio.run(check())


def test_a_known_id_with_other_content_is_refused_and_changes_nothing(place):
    async def check():
        async with opened(place) as outbox:
            await put(outbox, result(1))
            changed = result(1, score=Score(raw=3))
            answers = await put(outbox, changed, result(2), result(2, score=Score(raw=1)))
            assert [isinstance(each, ContentConflict) for each in answers] == [True, False, True]
            assert "'r-1'" in str(answers[0])
            lease = await outbox.lease(wish(10), START)
            assert [each.result for each in lease.deliveries] == [result(1), result(2)]

    asyncio.run(check())


@pytest.mark.parametrize("erased", [False, True])
def test_what_its_system_is_not_told_of_did_not_arrive_by_that(place, erased):
    """The mail that says "7 results sent" counts what was."""

    async def check():
        async with opened(place) as outbox:
            await put(outbox, *(result(number) for number in range(4)))
            lease = await outbox.lease(wish(10), START)
            receipts = [Delivered(each.id, sent=each.id > 2) for each in lease.deliveries]
            sent = Event(connection="lms", kind=EventKind.SENT, at=START)
            if erased:
                everything = Retention(outbox.store, RetentionPolicy())
                await everything.erase("learner-3@example.com", DEFAULT_ORGANISATION)
            gone = frozenset({4} if erased else ())
            settlement = Settlement(changes=list(map(change_for, receipts)), event=sent, erased=gone)
            await outbox.settle(lease, settlement, START)
            kept = await outbox.store.read(lambda db: db.scalars(select(schema.event.c.delivered)).all())
            assert kept == [1 if erased else 2]
            assert {each.state for each in await all_of(outbox)} == {"delivered"}

    asyncio.run(check())


def test_one_result_goes_to_each_connection_of_its_activity_on_its_own(place):
    async def check():
        async with opened(place) as outbox:
            await put(outbox, result(1), to=("lms", "lrs"))
            lease = await outbox.lease(wish(10), START)
            await outbox.settle(lease, Settlement(changes=delivered(lease)), START)
            assert {(each.connection, each.state) for each in await all_of(outbox)} == {
                ("lms", "delivered"),
                ("lrs", "pending"),
            }

    asyncio.run(check())


def test_what_is_on_the_wire_is_shown_as_sending_and_counted_and_chosen_as_pending(place):
    async def check():
        async with opened(place) as outbox:
            await put(outbox, result(1), result(2))
            await outbox.lease(wish(1), START)
            overview = Overview(outbox.store)
            pending = await overview.deliveries(Selection(state=State.PENDING), 1000, START)
            assert sorted(each.state for each in pending) == ["pending", "sending"]
            assert (await overview.totals()).connections[0].counts == {"pending": 2}

    asyncio.run(check())


def test_what_is_leased_is_nobody_elses_until_the_lease_ends(place):
    async def check():
        async with opened(place) as outbox:
            await put(outbox, result(1), result(2))
            first = await outbox.lease(wish(10), START)
            assert not (await outbox.lease(wish(10), START)).deliveries
            again = await outbox.lease(wish(10, LATER + timedelta(minutes=5)), LATER)
            assert [each.result.id for each in again.deliveries] == ["r-1", "r-2"]
            assert [each.attempt for each in again.deliveries] == [2, 2]
            assert (await outbox.settle(first, Settlement(changes=delivered(first)), LATER))[0] == 0, (
                "who comes late changes nothing"
            )
            assert {each.state for each in await all_of(outbox)} == {"sending"}
            assert (await outbox.settle(again, Settlement(changes=delivered(again)), LATER))[0] == 2

    asyncio.run(check())


def test_what_is_given_back_keeps_its_place_in_the_queue(place):
    async def check():
        async with opened(place) as outbox:
            await put(outbox, *(result(number) for number in range(4)))
            lease = await outbox.lease(wish(2), START)
            await outbox.settle(lease, Settlement(changes=[]), START)
            again = await outbox.lease(wish(4), START)
            assert [each.result.id for each in again.deliveries] == ["r-0", "r-1", "r-2", "r-3"]

    asyncio.run(check())


@pytest.mark.parametrize("how", ["accepted", "given back", "failed", "left behind"])
def test_what_waits_for_nothing_waits_for_no_clock_either(place, how):
    """Whatever a clock said that was hours ahead when it was accepted, given back, or its lease ended."""

    async def check():
        ahead = START + timedelta(hours=6)
        async with opened(place) as outbox:
            await outbox.put([Submission.of(result(1), ("lms",))], ahead, tell=False)
            if how != "accepted":
                lease = await outbox.lease(wish(10, until=ahead + timedelta(minutes=5)), ahead)
                (delivery,) = lease.deliveries
            if how in ("given back", "failed"):
                unsent = {delivery.id} if how == "given back" else ()
                await outbox.settle(lease, Settlement(unsent=unsent), ahead)
            if how == "left behind":
                await Repair(outbox.store).reopen(ahead)
            assert len((await outbox.lease(wish(10), START)).deliveries) == 1

    asyncio.run(check())


def test_a_dispatcher_that_takes_over_ends_the_leases_of_the_dead(place):
    async def check():
        async with opened(place) as outbox:
            await put(outbox, result(1))
            await outbox.lease(wish(10), START)
        async with opened(place) as outbox:
            await Repair(outbox.store).reopen(START)
            assert len((await outbox.lease(wish(10), START)).deliveries) == 1

    asyncio.run(check())


def test_an_unrouted_result_is_kept_and_goes_when_its_activity_is_attached(place):
    async def check():
        async with opened(place) as outbox:
            here, other = "https://example.com/a", "https://example.com/b"
            await put(outbox, result(1, here), result(2, other), to=())
            assert (await Overview(outbox.store).totals()).unrouted == 2
            repair = Repair(outbox.store)
            attached = {("default", here): ["lms", "lrs"]}
            assert await repair.route(Routes(attached=attached), START) == {"lms", "lrs"}
            assert {(each.result_id, each.connection) for each in await all_of(outbox)} == {
                ("r-1", "lms"),
                ("r-1", "lrs"),
            }
            everywhere = {"default": ["everything"]}
            assert await repair.route(Routes(everywhere={"another": ["everything"]}), START) == set()
            assert await repair.route(Routes(everywhere=everywhere), START) == {"everything"}
            assert await repair.route(Routes(attached=attached, everywhere=everywhere), START) == set()
            assert (await Overview(outbox.store).totals()).unrouted == 0

    asyncio.run(check())


@pytest.mark.parametrize(
    "impossible",
    [
        "state = 7",
        "state = NULL",
        "state = 2",
        "waiting_for = 'account'",
        "state = 1, lease = 5",
    ],
)
def test_the_schema_itself_refuses_states_that_are_none(place, impossible):
    async def check():
        async with opened(place) as outbox:
            await put(outbox, result(1))
            with pytest.raises(OutboxError, match="constraint"):
                await outbox.store.run(lambda db: db.execute(text(f"UPDATE delivery SET {impossible}")))  # noqa: S608

    asyncio.run(check())


@pytest.mark.parametrize("state", list(State))
def test_replay_follows_the_table_of_transitions(place, state):
    async def check():
        async with opened(place) as outbox:
            await put(outbox, result(1))
            lease = await outbox.lease(wish(1), START)
            waiting = "account" if state is State.WAITING else None
            change = Change(delivery=lease.deliveries[0].id, state=state, waiting_for=waiting, due=LATER)
            await outbox.settle(lease, Settlement(changes=[change]), START)
            replayed = await Repair(outbox.store).replay(Selection(), START)
            assert replayed == int(State.PENDING in FOLLOWS[state])

    asyncio.run(check())


@pytest.mark.parametrize(
    "failure", [RateLimited("slow", until=START + timedelta(days=6)), CannotConnect("down")]
)
def test_a_replay_of_a_connection_ends_its_wait_and_no_others_until_it_is_tried(place, failure):
    async def check():
        async with opened(place) as outbox:
            waits = Breaker(health=Health.OK, since=START)
            waits = waits.failed(failure, START, Backoff(), random.Random(1))
            for name in ("lms", "other"):
                await outbox.store.run(save_breaker, name, waits)
            repair = Repair(outbox.store)
            await repair.replay(Selection(state=State.REJECTED), START)
            assert await repair.asked() == frozenset()
            await repair.replay(Selection(connection="lms"), START)
            assert await repair.asked() == {"lms"}
            found, _ = await outbox.store.run(load_breaker, "lms", START)
            assert found.wait(START, Backoff()) == timedelta()
            assert attrs.evolve(found, next_probe=waits.next_probe, decided=waits.decided) == waits
            again = found.failed(failure, START, Backoff(), random.Random(1))
            await outbox.store.run(save_breaker, "lms", again)
            assert await repair.asked() == frozenset()

    asyncio.run(check())


def test_an_outbox_of_a_newer_passback_is_left_alone(place):
    async def check():
        async with opened(place) as outbox:
            await outbox.store.run(
                lambda db: db.execute(text("UPDATE passback_revision SET version_num = '9999'"))
            )
        with pytest.raises(OutboxTooNew, match="upgrade"):
            async with opened(place):
                pass

    asyncio.run(check())


def test_only_one_dispatcher_delivers_from_a_file(tmp_path):
    outbox = tmp_path / "passback.db"
    first, second = DispatcherLock(outbox), DispatcherLock(outbox)
    first.acquire()
    with pytest.raises(OutboxInUse, match="already"):
        second.acquire()
    first.release()
    second.acquire()
    second.release()


PUTTERS = """
import asyncio, multiprocessing, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from scripted import START, result
from passback.delivery import Outbox, Submission
from passback.store import DatabaseURL, Store
async def put(first):
    store = Store(DatabaseURL(sys.argv[2]) if "://" in sys.argv[2] else Path(sys.argv[2]))
    await store.open()
    for number in range(first, first + 50):
        await Outbox(store).put([Submission.of(result(number), ("lms",))], START, tell=True)
    await store.close()
def putter(first):
    asyncio.run(put(first))
with multiprocessing.get_context("fork").Pool(4) as pool:
    pool.map(putter, range(0, 400, 100), 1)
"""


def test_several_processes_may_put_at_once(place, request):
    async def check():
        support = str(request.config.rootpath / "core/tests/support")
        async with opened(place) as outbox:
            where = place.url if outbox.store.shared else str(place)
            subprocess.run([sys.executable, "-c", PUTTERS, support, where], check=True, timeout=60)
            assert len(await all_of(outbox)) == 200
            assert await Repair(outbox.store).signals() == ["lms"]
            assert await Repair(outbox.store).signals() == []

    asyncio.run(check())


@pytest.mark.parametrize(
    ("field", "made"),
    [
        ("id", attrs.evolve(result(1), id="a\0b")),
        ("learner.id", attrs.evolve(result(1), learner=Learner(id="\0"))),
        ("id", attrs.evolve(result(1), id="\U0001f9ff" * 1024)),
        ("learner.id", attrs.evolve(result(1), organisation="x" * 1024, learner=Learner(id="y" * 1024))),
    ],
)
def test_an_id_that_no_database_could_find_again_is_refused_by_its_field(field, made):
    made = attrs.evolve(made, activity=Activity(id="z" * 1024))
    with pytest.raises(InvalidResult) as refused:
        Submission.of(made, ())
    assert refused.value.field == field


def test_the_longest_ids_that_are_accepted_can_be_kept_and_found(place):
    async def check():
        rng = random.Random(7)
        long = ["".join(chr(rng.randrange(0x1F300, 0x1F600)) for _ in range(316)) for _ in range(4)]
        made = attrs.evolve(
            result(1),
            id=long[0],
            learner=Learner(id=long[1]),
            activity=Activity(id=long[2]),
        )
        async with opened(place) as outbox:
            attached = Attached(activity=long[2], connection="lms", organisation="default")
            await Attachments(outbox.store).attach(attached, START)
            assert [each.connections for each in await put(outbox, made, to=())] == [("lms",)]
            (found,) = await Overview(outbox.store).standings("default", long[1])
            assert found.activity.id == long[2]

    asyncio.run(check())


def test_whatever_a_system_says_can_be_kept(place):
    async def check():
        async with opened(place) as outbox:
            await put(outbox, result(1))
            lease = await outbox.lease(wish(1), START)
            change = Change(delivery=lease.deliveries[0].id, state=State.REJECTED, reason="a\0b\ud800c")
            assert (await outbox.settle(lease, Settlement(changes=[change]), START))[0] == 1
            (found,) = await all_of(outbox)
            assert found.reason == "a\ufffdb?c"

    asyncio.run(check())
