"""Who is erased stands nowhere any more: not in others' history, not in what is said of a connection."""

import asyncio
import resource
from datetime import timedelta

import attrs
import pytest
from scripted import START, deliver_all, result, room
from sqlalchemy import insert, select, text

from passback import (
    Account,
    Batch,
    CannotConnect,
    CutShort,
    Delivered,
    Learner,
    Observer,
    OutboxNotRewritten,
    RateLimited,
    Rejected,
    Selection,
    ServerError,
    TryLater,
    UserUnknown,
)
from passback.delivery import Overview, Retention, RetentionPolicy, looked_up
from passback.delivery.lanes.equipping import Unequipped
from passback.delivery.outbox.history import Event, EventKind, note
from passback.store import State, schema

ANA = Learner(id="ana@example.com", name="Ana Unmistakable", username="au-417", external_id="emp-90417")
POLICY = RetentionPolicy(undelivered=timedelta(days=30), settled=timedelta(days=90))


def of_ana(number, **fields):
    return attrs.evolve(result(number), learner=ANA, **fields)


def erasing(place, work, **options):
    async def check():
        async with room(place, **options) as here:
            await work(here)

    asyncio.run(check())


async def erase(here, forget=lambda _: None):
    return await Retention(here.store, POLICY).erase(ANA.id, "default", forget)


async def everything(here):
    """Return all that the database holds, as text."""

    def read(db):
        rows = [db.execute(select(table)).all() for table in schema.metadata.sorted_tables]
        return str(rows)

    return await here.store.run(read)


async def events(here):
    query = select(schema.event.c.summary).order_by(schema.event.c.id)
    return await here.store.run(lambda db: list(db.scalars(query)))


def rejecting(reason):
    return lambda batch: [Rejected(each.id, reason) for each in batch.deliveries]


def test_what_a_system_said_of_them_to_others_stays_without_their_names(place):
    async def check(here):
        said = "two are unknown: ana@example.com (Ana Unmistakable, au-417), bob@example.com; 417 ms"
        here.connector.behaviour = rejecting(said)
        await here.put(of_ana(1), result(2))
        await here.until(lambda: here.connector.batches)
        await here.settle()
        assert await erase(here) == 1
        (bob,) = await Overview(here.store).deliveries(Selection(), 10, START)
        left = "two are unknown: (erased) ((erased), (erased)), bob@example.com; 417 ms"
        assert bob.reason == left
        assert [each.outcome for each in await Overview(here.store).steps(bob.id)] == [f"rejected: {left}"]
        whole = await everything(here)
        assert not [each for each in attrs.astuple(ANA) if each and each in whole]

    erasing(place, check)


def test_a_state_is_shown_with_what_is_kept_in_it_and_delivered_with_all_that_was(place):
    async def check(here):
        here.connector.behaviour = lambda batch: [
            Delivered(each.id) if each.result.id == "r-1" else Rejected(each.id, "no")
            for each in batch.deliveries
        ]
        await here.put(of_ana(1), of_ana(2), result(3))
        await here.until(lambda: here.connector.arrived)
        await here.settle()
        assert await erase(here) == 2
        (lms,) = (await Overview(here.store).totals()).connections
        assert {state.word: lms.shown(state) for state in State} == {
            "pending": 0, "delivered": 1, "waiting": 0, "rejected": 1,
        }  # fmt: skip
        assert lms.counts == {"delivered": 1, "rejected": 2}

    erasing(place, check)


def test_what_happened_to_them_alone_goes(place):
    async def check(here):
        here.connector.behaviour = lambda batch: [
            Rejected(each.id, "no") if each.result.learner == ANA else Delivered(each.id)
            for each in batch.deliveries
        ]
        await here.put(of_ana(1))
        await here.until(lambda: here.connector.batches)
        await here.put(of_ana(2), result(3))
        await here.until(lambda: len(here.connector.arrived) == 1)
        await here.settle()
        assert len(await events(here)) == 2
        before = await Overview(here.store).totals()
        assert await erase(here) == 2
        assert await events(here) == ["2 results"]
        after = await Overview(here.store).totals()
        assert after.accepted == before.accepted
        assert after.connections[0].counts == before.connections[0].counts
        assert after.removed == {"erased": 2}

    erasing(place, check)


def test_what_names_them_and_belongs_to_no_delivery_goes_or_names_them_no_longer(place):
    async def check(here):
        one = "1 result; PUT https://lms.example/users/ana%40example.com/grades → 200"
        many = "2 results; POST https://lms.example/grades → 400; ana@example.com is unknown"
        other = "1 result; PUT https://lms.example/users/diana%40example.com/grades → 200"
        await here.put(of_ana(1))

        def write(db):
            for said in (one, many, other):
                note(db, Event(connection="lms", kind=EventKind.SENT, at=START, summary=said))

        await here.store.run(write)
        await erase(here)
        assert await events(here) == [many.replace("ana@example.com", "(erased)"), other]

    erasing(place, check, deliver=False)


def test_how_much_arrived_since_it_broke_is_counted_still(place):
    async def check(here):
        began = {"connection": "lms", "began": 0, "told": 1}
        await here.store.run(lambda db: db.execute(insert(schema.incident), began))
        await here.put(of_ana(1))
        await here.until(lambda: here.connector.arrived)
        await here.settle()
        await erase(here)
        rows = await here.store.run(lambda db: db.execute(text("SELECT summary, delivered FROM event")).all())
        assert [tuple(row) for row in rows] == [("", 1)]

    erasing(place, check)


@pytest.mark.parametrize("answer", [deliver_all, rejecting("who is ana@example.com?"), None])
def test_what_is_answered_after_they_were_erased_is_not_kept(place, answer):
    async def check(here):
        open_ = asyncio.Event()

        async def behave(batch):
            await open_.wait()
            if answer is None:
                raise RateLimited("ana@example.com is busy")
            return answer(batch)

        here.connector.behaviour = behave
        await here.put(of_ana(1))
        await here.until(lambda: here.connector.batches)
        assert await erase(here) == 1
        open_.set()
        await here.run(2)
        counts = "SELECT (SELECT count(*) FROM event), (SELECT count(*) FROM history)"
        rows = await here.store.run(lambda db: db.execute(text(counts)).all())
        assert [tuple(row) for row in rows] == [(0, 0)]

    erasing(place, check)


SAID = "500: db error for ana@example.com (Ana Unmistakable, au-417, u-88417); bob@example.com"
LEFT = "500: db error for (erased) ((erased), (erased), (erased)); bob@example.com"


async def knowing_ana(_, _connection, deliveries):
    ana = Account(user_id="u-88417", matched_by="id", checked=START)
    accounts = [ana if each.result.learner == ANA else None for each in deliveries]
    known = [attrs.evolve(each, account=one) for each, one in zip(deliveries, accounts, strict=True)]
    return Batch(deliveries=tuple(known))


class Listener(Observer):
    """Notes all that delivering tells."""

    def __init__(self, told):
        self.told = told

    def settled(self, event):
        self.told.append(event)

    attempted = health_changed = settled


def failing(_):
    raise ServerError(SAID)


def asking_to_wait(_):
    raise RateLimited(SAID)


def putting_off(batch):
    return [TryLater(each.id, START, SAID) for each in batch.deliveries]


def cut_short(batch):
    raise CutShort([TryLater(batch.deliveries[-1].id, START, SAID)], ServerError(SAID))


@pytest.mark.parametrize(
    "answer",
    [
        failing,
        asking_to_wait,
        cut_short,
        rejecting(SAID),
        putting_off,
    ],
)
def test_what_is_answered_to_a_batch_after_they_were_erased_names_them_nowhere(place, answer, monkeypatch):
    monkeypatch.setattr(Unequipped, "equip", knowing_ana)

    async def check(here):
        open_, told = asyncio.Event(), []

        async def behave(batch):
            await open_.wait()
            here.connector.behaviour = deliver_all
            return answer(batch)

        here.connector.behaviour = behave
        here.around.observers.append(Listener(told))
        await here.put(of_ana(1), result(2), of_ana(3), result(4))
        await here.start()
        await here.until(lambda: here.connector.batches)
        assert await erase(here) == 2
        open_.set()
        await here.until(lambda: told)
        await here.settle()
        whole = f"{await everything(here)} {told}"
        assert LEFT in await everything(here)
        assert LEFT in str(told)
        assert not [each for each in ("u-88417", *filter(None, attrs.astuple(ANA))) if each in whole]
        assert here.connector.batches == [["r-1", "r-2", "r-3", "r-4"]]

    erasing(place, check, deliver=False)


def test_a_batch_that_fails_later_undoes_nothing_of_what_was_said_without_them(place):
    async def check(here):
        doors = [asyncio.Event(), asyncio.Event()]

        async def behave(batch):
            first = batch.deliveries[0].result.learner == ANA
            await doors[0 if first else 1].wait()
            raise ServerError(SAID if first else "busy")

        here.connector.behaviour = behave
        await here.put(of_ana(1), result(2))
        await here.start()
        await here.until(lambda: len(here.connector.batches) == 2)
        doors[0].set()
        await here.settle()
        assert SAID in await everything(here)
        await erase(here)
        doors[1].set()
        await here.settle()
        (lms,) = (await Overview(here.store).totals()).connections
        assert lms.detail == LEFT.replace("(erased));", "u-88417);")

    erasing(place, check, deliver=False, batch=1, concurrency=2)


def test_what_is_said_of_the_connection_names_them_no_longer(place):
    async def check(here):
        def fail(_):
            raise CannotConnect("PUT https://lms.example/users/ana%40example.com: not reached")

        here.connector.behaviour = fail
        await here.put(of_ana(1))
        await here.until(lambda: here.connector.batches)
        await here.settle()
        await erase(here)
        (lms,) = (await Overview(here.store).totals()).connections
        assert lms.detail == "PUT https://lms.example/users/(erased): not reached"
        assert await events(here) == []

    erasing(place, check)


def test_what_a_look_up_of_them_failed_of_names_them_no_longer(place):
    async def check(here):
        failure = CannotConnect("GET https://lms.example/users/ana%40example.com: not reached")
        here.connector.behaviour = lambda batch: [UserUnknown(each.id, "nobody") for each in batch.deliveries]
        await here.put(of_ana(1), result(2))
        await here.run(2)
        await here.store.run(looked_up, "lms", failure, here.clock.now())
        await erase(here)
        (lms,) = (await Overview(here.store).totals()).connections
        said = "GET https://lms.example/users/(erased): not reached"
        assert lms.detail == f"users can't be looked up: {said}"

    erasing(place, check)


def test_however_much_names_them_it_is_overwritten_in_portions(place):
    async def check(here):
        here.connector.behaviour = rejecting("one is unknown: ana@example.com")
        await here.put(*(result(number) for number in range(1100)), of_ana(2000))
        await here.until(lambda: sum(map(len, here.connector.batches)) == 1101, 60)
        await here.settle()
        await erase(here)
        assert "ana@example.com" not in await everything(here)
        reasons = select(schema.delivery.c.reason).distinct()
        assert await here.store.run(lambda db: list(db.scalars(reasons))) == ["one is unknown: (erased)"]

    erasing(place, check, batch=100)


def test_what_identity_knows_of_them_is_looked_for_too_and_goes_with_the_rest(place):
    async def check(here):
        account = {
            "connection": "lms",
            "learner": ANA.id,
            "organisation": "default",
            "state": "known",
            "user_id": "u-88417",
            "person": b'{"id":"ana@example.com","email":"ana.married@example.com"}',
            "checked": 0,
            "changed": 0,
        }
        await here.store.run(lambda db: db.execute(insert(schema.account), account))
        here.connector.behaviour = rejecting("u-88417 left; so did ana.married@example.com and u-884170")
        await here.put(of_ana(1), result(2))
        await here.until(lambda: here.connector.batches)
        await here.settle()
        await erase(here, lambda db: db.execute(schema.account.delete()))
        (bob,) = await Overview(here.store).deliveries(Selection(), 10, START)
        assert bob.reason == "(erased) left; so did (erased) and u-884170"
        assert "ana.married" not in await everything(here)

    erasing(place, check)


def kept_in(folder, said):
    """Return which files hold `said`."""
    return [file.name for file in folder.iterdir() if said in file.read_bytes()]


def test_nothing_said_of_them_stays_in_the_sqlite_file(tmp_path):
    async def check(here):
        here.connector.behaviour = rejecting("Ana Unmistakable is unknown")
        await here.put(of_ana(1), result(2))
        await here.until(lambda: here.connector.batches)
        await here.settle()
        await erase(here)
        assert kept_in(tmp_path, b"Unmistakable") == []

    erasing(tmp_path / "passback.db", check)


def test_what_retention_removed_before_stays_in_the_file_neither(tmp_path):
    async def check(here):
        await here.put(*map(of_ana, range(200)))
        await here.until(lambda: len(here.connector.arrived) == 200)
        await here.settle()
        retention = Retention(here.store, POLICY)
        swept = [await retention.sweep(START + timedelta(days=day)) for day in range(100)]
        assert sum(removed for _, removed in swept) == 200
        await erase(here)
        assert kept_in(tmp_path, b"Unmistakable") == kept_in(tmp_path, b"ana@example.com") == []

    erasing(tmp_path / "passback.db", check)


def test_pages_that_were_split_keep_no_copy_of_what_moved(tmp_path):
    async def check(here):
        await here.put(*(of_ana(each) if each % 10 == 0 else result(each) for each in range(2000)))
        assert await erase(here) == 200
        assert kept_in(tmp_path, b"ana@example.com") == []

    erasing(tmp_path / "passback.db", check, deliver=False)


def test_while_somebody_reads_the_file_they_are_erased_and_what_is_left_to_do_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr("passback.store.engines.sqlite._BUSY_SECONDS", 0.2)

    async def check(here):
        await here.put(of_ana(1), *map(result, range(2, 9)))
        if not (tmp_path / "passback.db-wal").exists():
            pytest.skip("this SQLite is older than 3.51.3: who reads holds off whoever erases")
        async with room(tmp_path / "passback.db", deliver=False) as other:
            reader = other.store._connection.connection.driver_connection
            rows = reader.execute("SELECT id FROM result")
            assert rows.fetchone()
            with pytest.raises(OutboxNotRewritten, match=r"gone from the outbox, but .* reading"):
                await erase(here)
            assert await Overview(here.store).standings("default", ANA.id) == []
            rows.close()
            assert await erase(here) == 0
            assert kept_in(tmp_path, b"Unmistakable") == []

    erasing(tmp_path / "passback.db", check, deliver=False)


def test_without_room_for_another_file_they_are_erased_and_the_outbox_goes_on(tmp_path):
    async def check(here):
        await here.put(*(result(each + 2, extensions={"x": "y" * 900}) for each in range(5000)), of_ana(5000))
        await here.store.rewrite()
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        # As on a disk where the file has room, but no -wal file with all of it.
        whole = (tmp_path / "passback.db").stat().st_size + 16_384
        resource.setrlimit(resource.RLIMIT_FSIZE, (whole, before[1]))
        try:
            with pytest.raises(OutboxNotRewritten, match="room"):
                await erase(here)
            assert sum(each.stat().st_size for each in tmp_path.glob("*-wal")) == 0, (
                "what was taken is given back"
            )
            await here.put(result(1))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert await erase(here) == 0
        assert kept_in(tmp_path, b"Unmistakable") == []

    erasing(tmp_path / "passback.db", check, deliver=False)
