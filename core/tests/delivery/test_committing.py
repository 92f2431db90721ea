"""Group commit: what is submitted at once shares a transaction, and each gets its own answer."""

import asyncio

import pytest
from scripted import SimulatedClock, result

from passback import ContentConflict, OutboxError, Score
from passback.delivery import Committer, Outbox, Submission
from passback.store import Store


class CountingOutbox(Outbox):
    """Counts its transactions, and fails the next one if told to."""

    transactions = 0
    failure = None

    async def put(self, submissions, now, *, tell):
        self.transactions += 1
        if self.failure is not None:
            failure, self.failure = self.failure, None
            raise failure
        return await super().put(submissions, now, tell=tell)


def submission(number, **fields):
    return Submission.of(result(number, **fields), ("lms",))


def test_a_hundred_at_once_cost_few_transactions_and_each_is_answered(place):
    async def check():
        store = Store(place)
        await store.open()
        outbox = CountingOutbox(store)
        committer = Committer(outbox, SimulatedClock(), None)
        conflict = committer.put([submission(7), submission(7, score=Score(raw=1))])
        answers = await asyncio.gather(conflict, *(committer.put([submission(each)]) for each in range(100)))
        await store.close()
        assert outbox.transactions <= 3
        assert isinstance(answers[0][1], ContentConflict)
        assert [answer.result_id for (answer,) in answers[1:]] == [f"r-{each}" for each in range(100)]
        assert [answer.new for (answer,) in answers[1:]].count(False) == 1

    asyncio.run(check())


def test_a_failed_transaction_is_told_to_those_who_shared_it_and_to_nobody_after(place):
    async def check():
        store = Store(place)
        await store.open()
        outbox = CountingOutbox(store)
        outbox.failure = OutboxError("the disk is full")
        committer = Committer(outbox, SimulatedClock(), None)
        with pytest.raises(OutboxError, match="full"):
            await committer.put([submission(1)])
        (answer,) = await committer.put([submission(1)])
        await store.close()
        assert answer.new

    asyncio.run(check())


def test_who_is_cancelled_takes_nobody_along(place):
    async def check():
        store = Store(place)
        await store.open()
        woken = []
        committer = Committer(CountingOutbox(store), SimulatedClock(), woken.append)
        impatient = asyncio.create_task(committer.put([submission(1)]))
        patient = asyncio.create_task(committer.put([submission(2)]))
        await asyncio.sleep(0)
        impatient.cancel()
        (answer,) = await patient
        assert woken == ["lms"], "what a cancelled task put is delivered all the same"
        await committer.finish()
        await store.close()
        assert answer.new

    asyncio.run(check())


def test_another_event_loop_is_refused_rather_than_hung(place):
    store = Store(place)

    async def opened():
        await store.open()
        return Committer(CountingOutbox(store), SimulatedClock(), None)

    committer = asyncio.run(opened())
    with pytest.raises(OutboxError, match="another event loop"):
        asyncio.run(committer.put([submission(1)]))
    asyncio.run(store.close())


def test_in_a_file_what_is_durable_is_synced_whatever_was_written_before_it(tmp_path):
    def synced(db):
        return db.connection.driver_connection.execute("PRAGMA synchronous").fetchone()[0]

    async def check():
        store = Store(tmp_path / "passback.db")
        await store.open()
        soft, durable = await store.run_soft(synced), await store.run(synced)
        assert durable >= 2 > soft or (durable, soft) == (3, 2)
        for _ in range(2):
            assert [await store.run(synced), await store.run(synced)] == [durable, durable]
            assert [await store.run_soft(synced), await store.run_soft(synced)] == [soft, soft]
        await store.close()
        await store.open()
        assert await store.run_soft(synced) == soft
        await store.close()

    asyncio.run(check())
