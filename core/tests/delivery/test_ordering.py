"""Order and coalescing: nothing overtakes what the same learner did before in the same activity."""

import asyncio
from datetime import timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted import START, deliver_all, result, room
from sqlalchemy import text

from passback import (
    BatchRefused,
    Delivered,
    Delivery,
    Item,
    Learner,
    RateLimited,
    Rejected,
    ResultKind,
    Selection,
    ServerError,
    TryLater,
    UserUnknown,
    canonical,
)
from passback.delivery import Dispatcher, Overview, Repair, Retention, RetentionPolicy
from passback.delivery.lanes.equipping import Unequipped
from passback.delivery.lanes.planning import plan
from passback.delivery.outbox.coalescing import chosen, covered
from passback.delivery.outbox.due import DueRow
from passback.delivery.outbox.releasing import release_learners
from passback.store import milliseconds

ANA = Learner(id="ana@example.com")
BOB = Learner(id="bob@example.com")
EVE = Learner(id="eve@example.com")
ITEM = Item(id="one")


def did(number, learner=ANA, kind="progressed", minutes=0, **fields):
    made = result(number, **fields)
    return attrs.evolve(made, learner=learner, kind=ResultKind(kind), at=START + timedelta(minutes=minutes))


def later_once(*ids, seconds=60):
    """Answer `TryLater` for these results the first time."""
    seen = set()

    def behave(batch):
        receipts = []
        for each in batch.deliveries:
            if each.result.id in ids and each.result.id not in seen:
                seen.add(each.result.id)
                receipts.append(TryLater(each.id, START + timedelta(seconds=seconds), "busy"))
            else:
                receipts.append(Delivered(each.id))
        return receipts

    return behave


def unknown(batch):
    return [UserUnknown(each.id, "nobody") for each in batch.deliveries]


def test_what_comes_later_waits_for_what_is_to_be_tried_later_and_others_do_not(place):
    async def check():
        async with room(place, batch=1) as here:
            here.connector.behaviour = later_once("r-1")
            await here.put(did(1), did(2, kind="completed"), did(3, BOB), did(4, activity="other"))
            await here.until(lambda: len(here.connector.arrived) == 2)
            await here.put(did(5, kind="passed"))
            await here.run(30)
            assert here.connector.arrived == ["r-3", "r-4"]
            await here.run(60)
            assert here.connector.arrived == ["r-3", "r-4", "r-1", "r-2", "r-5"]

    asyncio.run(check())


def test_what_no_part_of_a_refused_batch_may_overtake_is_waited_for_without_an_attempt(place):
    """It keeps its place, and is no failure of anything."""
    put_off = later_once("r-1")

    def behave(batch):
        if {"r-3"} < {each.result.id for each in batch.deliveries}:
            raise BatchRefused("400: one of them")
        return put_off(batch)

    async def run():
        async with room(place) as here:
            here.connector.behaviour = behave
            await here.put(did(1), did(2, BOB), did(3, EVE), did(4, kind="completed"), did(5))
            await here.run(30)
            assert [len(each) for each in here.connector.batches] == [5, 2, 1]
            found = await Overview(here.store).deliveries(Selection(learner=ANA.id), 9, here.clock.now())
            assert {each.result_id: each.attempts for each in found} == {"r-1": 1, "r-4": 0, "r-5": 0}
            steps = [await Overview(here.store).steps(each.id) for each in found]
            assert sum("pending" in step.outcome for these in steps for step in these) == 1
            await here.run(60)
            return here.connector

    connector = asyncio.run(run())
    assert connector.arrived == ["r-2", "r-3", "r-1", "r-4", "r-5"]


def test_a_whole_backlog_that_must_wait_keeps_nobody_else_back(place):
    async def check():
        async with room(place, batch=5) as here:
            here.connector.behaviour = later_once("r-0", seconds=600)
            await here.put(did(0))
            await here.until(lambda: here.connector.batches)
            await here.put(*(did(number) for number in range(1, 200)), did(200, BOB))
            await here.until(lambda: here.connector.arrived == ["r-200"])
            await here.run(610, step=5)
            await here.until(lambda: len(here.connector.arrived) == 201)
            assert here.connector.arrived[1:] == [f"r-{number}" for number in range(200)]

    asyncio.run(check())


def test_several_batches_are_on_the_wire_at_once_and_each_learner_stays_in_order(place):
    async def check():
        async with room(place, batch=2, concurrency=3) as here:
            flying, most, open_ = 0, 0, asyncio.Event()

            async def slowly(batch):
                nonlocal flying, most
                flying += 1
                most = max(most, flying)
                await open_.wait()
                flying -= 1
                return deliver_all(batch)

            here.connector.behaviour = slowly
            learners = [Learner(id=f"learner-{number % 4}") for number in range(40)]
            await here.put(*(did(number, learner) for number, learner in enumerate(learners)))
            await here.until(lambda: flying > 1)
            await here.settle()
            open_.set()
            await here.run(5)
            await here.until(lambda: len(here.connector.arrived) == 40)
            assert 1 < most <= 3
            for number in range(4):
                mine = [int(each[2:]) for each in here.connector.arrived if int(each[2:]) % 4 == number]
                assert mine == sorted(mine)

    asyncio.run(check())


def test_a_system_that_keeps_a_status_is_sent_the_last_progress_only(place):
    async def check():
        async with room(place, batch=10, latest_only=True, deliver=False) as here:
            await here.put(did(1), did(2, BOB), did(3), did(4, kind="completed"), did(5, activity="other"))
            await here.start()
            await here.until(lambda: len(here.connector.arrived) == 3)
            await here.settle()
            assert here.connector.arrived == ["r-2", "r-4", "r-5"]
            found = await Overview(here.store).deliveries(Selection(learner=ANA.id), 10, START)
            said = {each.result_id: (each.state, each.reason) for each in found}
            assert said["r-1"] == ("delivered", "the later result 'r-4' says it too")
            assert said["r-4"] == ("delivered", "")

    asyncio.run(check())


def cut_once(batch_of):
    """Cut the connection when this result is sent the first time: nobody knows whether it arrived."""
    seen = []

    def behave(batch):
        sent = [each.result.id for each in batch.deliveries]
        if batch_of in sent and not seen:
            seen.append(batch_of)
            raise ServerError("it cut the connection")
        return deliver_all(batch)

    return behave


@pytest.mark.parametrize("behave", [cut_once, later_once])
def test_progress_is_not_sent_after_a_completion_that_may_have_arrived(place, behave):
    async def check():
        async with room(place, latest_only=True, deliver=False) as here:
            here.connector.behaviour = behave("r-3")
            await here.put(did(1, minutes=1), did(2, minutes=2), did(3, kind="completed", minutes=3))
            await here.start()
            await here.run(120)
            assert here.connector.batches == [["r-3"], ["r-3"]]
            assert set((await here.states()).values()) == {"delivered"}

    asyncio.run(check())


def test_progress_is_not_sent_after_what_came_later_where_the_progress_that_says_it_too_fails(place):
    async def check():
        async with room(place, latest_only=True, deliver=False) as here:
            here.connector.behaviour = cut_once("r-3")
            await here.put(did(1, minutes=1), did(2, kind="started", minutes=2), did(3, minutes=3))
            await here.start()
            await here.run(120)
            assert here.connector.arrived == ["r-2", "r-3"]

    asyncio.run(check())


def test_progress_waits_with_the_progress_that_says_it_too(place):
    """Else it's sent after what came later and may have arrived."""

    async def check():
        async with room(place, batch=1, latest_only=True, deliver=False) as here:
            tries = []

            def behave(batch):
                (each,) = batch.deliveries
                tries.append(each.result.id)
                if tries == ["r-2"]:
                    raise ServerError("it cut the connection")
                if tries == ["r-2", "r-2"]:
                    return [TryLater(each.id, here.clock.now() + timedelta(seconds=60), "busy")]
                return deliver_all(batch)

            here.connector.behaviour = behave
            await here.put(
                did(1, minutes=1), did(2, kind="started", minutes=2), did(3, minutes=3), did(4, BOB)
            )
            await here.start()
            await here.run(120)
            assert tries == ["r-2", "r-2", "r-4", "r-2", "r-3"]
            assert set((await here.states()).values()) == {"delivered"}

    asyncio.run(check())


def test_progress_waits_for_a_completion_on_the_wire_however_it_becomes_due(place):
    async def check():
        async with room(place, batch=1, latest_only=True, concurrency=2) as here:
            open_ = asyncio.Event()

            async def behave(batch):
                (each,) = batch.deliveries
                if each.result.id == "r-1":
                    return [Rejected(each.id, "no")]
                if each.result.id == "r-2":
                    await open_.wait()
                return deliver_all(batch)

            here.connector.behaviour = behave
            await here.put(did(1, minutes=1))
            await here.until(lambda: here.connector.batches == [["r-1"]])
            await here.settle()
            await here.put(did(2, kind="completed", minutes=2))
            await here.until(lambda: here.connector.batches[-1] == ["r-2"])
            await Repair(here.store).replay(Selection(), START)
            here.dispatcher.wake("lms")
            # Somebody else's is sent meanwhile.
            await here.put(did(3, BOB))
            await here.until(lambda: here.connector.arrived == ["r-3"])
            await here.run(2)
            open_.set()
            await here.run(5)
            assert here.connector.arrived == ["r-3", "r-2"]
            assert (await here.states())["r-1"] == "delivered"

    asyncio.run(check())


def test_a_short_backlog_of_a_system_that_keeps_a_status_is_sent_in_several_batches_at_once(place):
    async def check():
        async with room(place, batch=1, latest_only=True, concurrency=4, deliver=False) as here:
            flying, together = set(), asyncio.Event()

            async def behave(batch):
                flying.update(each.id for each in batch.deliveries)
                if len(flying) == 4:
                    together.set()
                await together.wait()
                return deliver_all(batch)

            here.connector.behaviour = behave
            await here.put(*(did(number, Learner(id=f"learner-{number}")) for number in range(20)))
            await here.start()
            await here.until(lambda: len(here.connector.arrived) == 20)

    asyncio.run(check())


def test_progress_from_before_a_delivered_completion_is_never_sent_after_it(place):
    async def check():
        async with room(place, latest_only=True) as here:
            await here.put(did(1, kind="completed", minutes=10))
            await here.until(lambda: here.connector.arrived)
            await here.put(did(2, minutes=5), did(3, minutes=15))
            await here.until(lambda: len(here.connector.arrived) == 2)
            await here.settle()
            assert here.connector.arrived == ["r-1", "r-3"]

    asyncio.run(check())


@pytest.mark.parametrize(
    ("kind", "late"),
    [("completed", []), ("passed", []), ("failed", []), ("progressed", []), ("started", ["r-3", "r-4"])],
)
def test_progress_from_before_what_was_delivered_is_not_sent_either_once_that_is_kept_no_longer(
    place, kind, late
):
    async def check():
        async with room(place, latest_only=True) as here:
            await here.put(did(1, kind=kind, minutes=10), badge(2, minutes=20))
            await here.until(lambda: len(here.connector.arrived) == 2)
            await here.settle()
            await removed(here)
            for number, minutes in ((3, 5), (4, 6), (5, 30)):
                await here.put(did(number, minutes=minutes))
                await here.settle()
            await here.until(lambda: "r-5" in here.connector.arrived)
            assert here.connector.arrived == ["r-1", "r-2", *late, "r-5"]

    asyncio.run(check())


def test_the_latest_that_was_delivered_counts_however_much_of_it_is_kept_no_longer(place):
    async def check():
        async with room(place, latest_only=True) as here:
            for minutes in (10, 30):
                await here.put(did(minutes, kind="completed", minutes=minutes))
                await here.until(lambda those=minutes: f"r-{those}" in here.connector.arrived)
                await here.settle()
                await removed(here)
            await here.put(did(1, kind="completed", minutes=15))
            await here.until(lambda: "r-1" in here.connector.arrived)
            await here.settle()
            await here.put(did(2, minutes=20), did(3, minutes=40))
            await here.until(lambda: "r-3" in here.connector.arrived)
            assert here.connector.arrived == ["r-10", "r-30", "r-1", "r-3"]

    asyncio.run(check())


def test_progress_from_before_what_never_arrived_there_is_sent_though_that_is_kept_no_longer(place):
    """Something else of the learner did."""

    async def check():
        async with room(place, latest_only=True) as here:
            here.connector.behaviour = refusing_statuses
            await here.put(did(1, kind="completed", minutes=10), badge(2, minutes=20))
            await here.until(lambda: here.connector.arrived == ["r-2"])
            await here.settle()
            await removed(here)
            here.connector.behaviour = deliver_all
            await here.put(did(4, minutes=5))
            await here.until(lambda: here.connector.arrived == ["r-2", "r-4"])

    asyncio.run(check())


def badge(number, minutes):
    awarded = {"kind": ResultKind.BADGE_AWARDED, "item": Item(id="gold")}
    return attrs.evolve(did(number, minutes=minutes), **awarded)


def refusing_statuses(batch):
    return [
        Delivered(each.id) if each.result.item else Rejected(each.id, "no completions here")
        for each in batch.deliveries
    ]


async def removed(here):
    """Have retention remove all that is settled."""
    retention = Retention(here.store, RetentionPolicy(settled=timedelta(days=1)))
    for day in range(4):
        await retention.sweep(here.clock.now() + timedelta(days=day))
    assert await here.states() == {}


@pytest.mark.parametrize("batch", [1, 10])
def test_what_waits_is_tried_again_before_what_its_learner_did_later(place, batch):
    async def check():
        async with room(place, batch=batch) as here:
            here.connector.behaviour = lambda those: [
                UserUnknown(each.id, "nobody") for each in those.deliveries
            ]
            await here.put(did(1, kind="completed"), did(2, BOB), did(3, activity="other"))
            await here.until(lambda: sum(map(len, here.connector.batches)) == 3)
            await here.settle()
            here.clock.advance(60)
            here.connector.batches.clear()
            await here.put(did(4))
            await here.until(lambda: sum(map(len, here.connector.batches)) == 2)
            await here.settle()
            await here.run(60)
            tried = [each for batch in here.connector.batches for each in batch]
            assert tried == ["r-1", "r-4"], "once, and nobody else's"
            here.connector.behaviour = deliver_all
            await here.put(did(5))
            await here.until(lambda: len(here.connector.arrived) == 3)
            assert here.connector.arrived == ["r-1", "r-4", "r-5"]

    asyncio.run(check())


def knows_nobody(sent, known):
    """Answer `UserUnknown` until `known` holds something; keep in `sent` what is asked for."""

    def behave(batch):
        sent.extend(each.result.id for each in batch.deliveries)
        return deliver_all(batch) if known else unknown(batch)

    return behave


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("whose", [ANA, BOB])
def test_what_waits_since_before_an_outage_goes_before_what_came_with_it(place, batch, whose):
    """Whoever's result it was that met the outage."""

    async def check():
        async with room(place, batch=batch, deliver=False) as here:
            sent, known = [], []
            behave = knows_nobody(sent, known)

            def fail_once(those):
                if sent == ["r-0", "r-1"] and not known:
                    known.append(True)
                    raise ServerError("down for a moment")
                return behave(those)

            here.connector.behaviour = fail_once
            await here.put(did(0), did(1), did(2, whose), did(3), did(4, kind="completed"))
            await here.start()
            await here.run(60)
            ids = ["r-0", "r-1", "r-2", "r-3", "r-4"]
            assert sorted(here.connector.arrived) == ids
            ana = [each for each in here.connector.arrived if whose is ANA or each != "r-2"]
            assert ana == [each for each in ids if each in ana]

    asyncio.run(check())


def test_what_waits_goes_before_what_was_there_however_often_an_outage_ended_its_tries(place):
    """Only an answer says that somebody isn't known, and makes the next try come later."""

    async def check():
        async with room(place, batch=1, deliver=False) as here:
            sent, known = [], []
            behave = knows_nobody(sent, known)

            def fail(those):
                bobs = those.deliveries[0].result.learner == BOB
                if here.clock.now() < START + timedelta(minutes=10) or not (bobs or here.connector.arrived):
                    raise ServerError("down")
                if sent and not known:
                    known.append(True)
                    raise ServerError("down for a moment")
                return deliver_all(those) if bobs else behave(those)

            here.connector.behaviour = fail
            await here.put(did(0, BOB), *(did(number) for number in range(1, 5)))
            await here.start()
            await here.run(2000, step=2)
            assert here.connector.arrived == [f"r-{number}" for number in range(5)]

    asyncio.run(check())


class FoundJustThen:
    """Equips, and has a look-up find everybody just before it equips `before`."""

    def __init__(self, store, before):
        self.store, self.before, self.known = store, before, []

    async def equip(self, connection, deliveries):
        if self.before in {each.result.id for each in deliveries} and not self.known:
            self.known.append(True)
            await self.store.run(release_learners, connection.name, "default", [ANA.id], START)
        return await Unequipped().equip(connection, deliveries)

    def note(self, *_):
        """Keep nothing."""

    def noted(self, *_):
        """Do nothing."""


@pytest.mark.parametrize("concurrency", [1, 2])
def test_what_waits_goes_before_what_is_leased_already_when_its_learner_is_found(place, concurrency):
    async def check():
        async with room(place, batch=1, concurrency=concurrency, deliver=False) as here:
            found = FoundJustThen(here.store, "r-1")
            here.dispatcher = Dispatcher(here, attrs.evolve(here.around, equipment=found))
            sent = []
            here.connector.behaviour = knows_nobody(sent, found.known)
            await here.put(did(0), did(1, kind="completed"))
            await here.start()
            await here.until(lambda: len(here.connector.arrived) == 2)
            assert sent == ["r-0", "r-0", "r-1"]
            deliveries = await Overview(here.store).deliveries(Selection(), 9, here.clock.now())
            assert {each.result_id: each.attempts for each in deliveries} == {"r-0": 2, "r-1": 1}

    asyncio.run(check())


def test_what_waits_goes_before_what_the_system_asked_to_send_later(place):
    async def check():
        async with room(place, deliver=False) as here:
            later = START + timedelta(hours=1)

            def behave(batch):
                if here.clock.now() < later:
                    *others, last = batch.deliveries
                    return [*(UserUnknown(each.id, "nobody") for each in others), TryLater(last.id, later)]
                return deliver_all(batch)

            here.connector.behaviour = behave
            await here.put(*map(did, range(4)))
            await here.start()
            await here.run(3660, step=20)
            assert here.connector.arrived == ["r-0", "r-1", "r-2", "r-3"]

    asyncio.run(check())


def test_what_waits_goes_before_what_is_tried_alone(place):
    async def check():
        async with room(place, batch=1, deliver=False) as here:
            sent, known = [], []
            here.connector.behaviour = knows_nobody(sent, known)
            await here.put(did(0))
            await here.start()
            await here.until(lambda: sent == ["r-0"])
            await here.put(did(1))
            await here.settle()
            known.append(True)
            fails = (
                "UPDATE delivery SET state = 0, waiting_for = NULL, alone = {}, attempts = 3 WHERE result = 2"
            )
            alone = "true" if here.store.shared else "1"
            await here.store.run(lambda db: db.execute(text(fails.format(alone))))
            here.clock.advance(60)
            here.dispatcher.wake("lms")
            await here.run(5)
            assert here.connector.arrived == ["r-0", "r-1"]

    asyncio.run(check())


@pytest.mark.parametrize("batch", [1, 7])
def test_a_backlog_of_somebody_unknown_is_asked_for_once(place, batch):
    async def check():
        async with room(place, batch=batch, deliver=False) as here:
            sent = []
            here.connector.behaviour = knows_nobody(sent, [])
            await here.put(*map(did, range(50)))
            await here.start()
            await here.run(60)
            assert sent == [f"r-{number}" for number in range(50)]

    asyncio.run(check())


def test_a_backlog_of_somebody_unknown_costs_few_tries_more_at_a_system_that_rests_again_and_again(place):
    """A rest after each few requests: whoever retries all that waits comes to nothing else."""

    async def check():
        async with room(place, batch=1, deliver=False) as here:
            sent = []

            def behave(batch):
                if len(sent) % 10 == 9 and sent[-1] != "rest":
                    sent.append("rest")
                    raise RateLimited("slow down", until=here.clock.now() + timedelta(minutes=1))
                sent.extend(each.result.id for each in batch.deliveries)
                return unknown(batch)

            here.connector.behaviour = behave
            await here.put(*map(did, range(100)))
            await here.start()
            await here.run(1800, step=5)
            tried = [each for each in sent if each != "rest"]
            assert set(tried) == {f"r-{number}" for number in range(100)}
            assert {each for each in tried if tried.count(each) > 1} == {"r-0"}
            assert tried.count("r-0") < 10

    asyncio.run(check())


@pytest.mark.parametrize("batch", [1, 10])
def test_who_goes_on_learning_while_unknown_costs_a_try_of_the_first_for_each_result(place, batch):
    async def check():
        async with room(place, batch=batch) as here:
            sent, known = [], []
            here.connector.behaviour = knows_nobody(sent, known)
            for number in range(12):
                await here.put(did(number))
                await here.run(60, step=10)
            assert {each for each in sent if sent.count(each) > 1} == {"r-0"}
            assert sent.count("r-0") == 12
            known.append(True)
            await here.put(did(12))
            await here.run(5)
            assert here.connector.arrived == [f"r-{number}" for number in range(13)]

    asyncio.run(check())


def test_of_two_at_the_same_time_what_came_later_counts(place):
    async def check():
        async with room(place, latest_only=True) as here:
            await here.put(did(1, minutes=5))
            await here.until(lambda: here.connector.arrived == ["r-1"])
            await here.put(did(2, minutes=5))
            await here.until(lambda: here.connector.arrived == ["r-1", "r-2"])
            here.connector.behaviour = lambda batch: [Rejected(each.id, "no") for each in batch.deliveries]
            await here.put(did(3, minutes=5))
            await here.until(lambda: len(here.connector.batches) == 3)
            await here.settle()
            here.connector.behaviour = deliver_all
            await here.put(did(4, minutes=5))
            await here.until(lambda: here.connector.arrived[-1] == "r-4")
            await Repair(here.store).replay(Selection(), START)
            here.dispatcher.wake("lms")
            await here.run(2)
            assert here.connector.arrived == ["r-1", "r-2", "r-4"]

    asyncio.run(check())


@pytest.mark.parametrize(
    ("latest_only", "kind", "finished"),
    [
        (True, "completed", True),
        (True, "failed", True),
        (True, "started", False),
        (False, "completed", False),
    ],
)
def test_a_system_that_keeps_a_status_is_told_who_had_finished(place, latest_only, kind, finished):
    """Told from the outbox, so that it's known after a restart, too."""
    told = {}

    def behave(batch):
        told.update({each.result.id: each.finished for each in batch.deliveries})
        return [Delivered(each.id) for each in batch.deliveries]

    async def check():
        async with room(place, latest_only=latest_only) as here:
            here.connector.behaviour = behave
            await here.put(did(1, kind=kind))
            await here.until(lambda: here.connector.arrived)
            await here.put(did(2, kind="started", minutes=5), did(3, BOB), did(4, activity="other"))
            await here.until(lambda: len(here.connector.arrived) == 4)

    asyncio.run(check())
    assert told == {"r-1": False, "r-2": finished, "r-3": False, "r-4": False}


def test_who_failed_and_is_not_through_has_not_finished(place):
    told = []

    def behave(batch):
        told.extend(each.finished for each in batch.deliveries)
        return [Delivered(each.id) for each in batch.deliveries]

    async def check():
        async with room(place, latest_only=True) as here:
            here.connector.behaviour = behave
            await here.put(did(1, kind="failed", completion=False))
            await here.until(lambda: here.connector.arrived)
            await here.put(did(2, minutes=5))
            await here.until(lambda: len(here.connector.arrived) == 2)

    asyncio.run(check())
    assert told == [False, False]


@pytest.mark.parametrize("latest_only", [False, True])
def test_what_becomes_due_later_goes_before_what_was_accepted_after_it(place, latest_only):
    """However it became due: routed later, released by a repair, replayed."""

    async def check():
        async with room(place, batch=1, latest_only=latest_only, deliver=False) as here:
            await here.put(did(1, minutes=1), to=())
            await here.put(did(2, BOB, minutes=1))
            await Repair(here.store).park("lms", "its secret is missing", here.clock.now())
            here.clock.advance(60)
            await here.put(did(4, BOB, minutes=4))
            await here.start()
            await here.put(did(3, minutes=3))
            await here.until(lambda: {"r-3", "r-4"} <= set(here.connector.arrived))
            await here.settle()
            for first, second in (("r-1", "r-3"), ("r-2", "r-4")):
                mine = [each for each in here.connector.arrived if each in (first, second)]
                assert mine == [first, second] or (latest_only and mine == [second])

    asyncio.run(check())


def test_what_comes_while_others_of_its_activity_are_being_routed_waits_for_them(place):
    async def check():
        async with room(place, batch=1, deliver=False) as here:
            await here.put(*(did(number) for number in range(3)), to=())
            await here.put(did(3, kind="completed"))
            assert (await Overview(here.store).totals()).unrouted == 4
            await here.start()
            await here.until(lambda: len(here.connector.arrived) == 4)
            assert here.connector.arrived == [f"r-{number}" for number in range(4)]

    asyncio.run(check())


def test_late_progress_erases_no_newer_one(place):
    async def check():
        async with room(place, latest_only=True, deliver=False) as here:
            await here.put(did(1, minutes=10), did(2, minutes=0))
            await here.start()
            await here.until(lambda: here.connector.arrived)
            await here.put(did(3, minutes=5), did(4, minutes=11))
            await here.until(lambda: "r-4" in here.connector.arrived)
            assert here.connector.arrived == ["r-1", "r-4"]

    asyncio.run(check())


def test_progress_is_sent_by_itself_where_the_later_result_is_refused(place):
    async def check():
        async with room(place, latest_only=True, deliver=False) as here:

            def behave(batch):
                return [
                    Rejected(each.id, "no") if each.result.id == "r-2" else Delivered(each.id)
                    for each in batch.deliveries
                ]

            here.connector.behaviour = behave
            await here.put(did(1), did(2))
            await here.start()
            await here.until(lambda: here.connector.arrived == ["r-1"])

    asyncio.run(check())


def test_what_waits_for_an_account_waits_as_a_whole(place):
    async def check():
        async with room(place, latest_only=True, deliver=False) as here:
            here.connector.behaviour = lambda batch: [
                UserUnknown(each.id, "nobody of that name") for each in batch.deliveries
            ]
            await here.put(did(1), did(2), did(3))
            await here.start()
            await here.until(lambda: here.connector.batches == [["r-3"]])
            await here.settle()
            found = await Overview(here.store).deliveries(Selection(), 10, START)
            assert {each.waiting_for for each in found} == {"account"}

    asyncio.run(check())


@pytest.mark.parametrize(
    "kind", ["scene_entered", "task_started", "task_completed", "badge_awarded", "started"]
)
def test_what_is_no_progress_is_never_left_out(kind):
    event = did(1)
    event = attrs.evolve(event, kind=ResultKind(kind), item=None if kind == "started" else ITEM)
    assert covered(due([event, did(2, kind="completed")])) == {}


def due(results):
    """Return rows of these results, as they are read when they are due."""
    return [
        DueRow(
            seq=number,
            attempts=0,
            absent=0,
            result=number,
            kept_from=0,
            body=canonical(each),
            organisation=each.organisation,
            learner=each.learner.id,
            activity=each.activity.id,
            kind=each.kind.value,
            at=milliseconds(each.at),
            source=None,
        )
        for number, each in enumerate(results)
    ]


some = st.lists(
    st.builds(
        did,
        st.uuids().map(str),
        st.sampled_from([ANA, BOB]),
        st.sampled_from(["started", "progressed", "completed", "passed", "failed"]),
        st.integers(0, 5),
        activity=st.sampled_from(["ladder", "crane"]),
    ),
    min_size=1,
    max_size=12,
)


@given(some, st.integers(1, 12))
def test_every_delivery_is_sent_or_contained_in_one_that_is_or_left_for_later(results, limit):
    rows = due(results)
    left_out = covered(rows)
    taken = [row.seq for row in chosen(rows, limit, left_out)]
    deliveries = [Delivery(id=number, result=results[number]) for number in taken]
    planned = plan(deliveries, "default", limit, covered=left_out)
    sent = [each.id for each in planned.send]
    contained = [each for those in planned.covers.values() for each in those]
    assert len(sent) <= limit
    assert sent == sorted(sent)
    assert sorted(sent + contained) == taken, "nothing is leased in vain"
    assert planned.unsent == set(contained)
    for by, those in planned.covers.items():
        for each in those:
            left, said = results[each], results[by]
            assert left.kind is ResultKind.PROGRESSED
            assert (left.learner, left.activity) == (said.learner, said.activity)
            assert (said.at, by) > (left.at, each), "what happened later counts"
    if limit == len(results):
        assert taken == list(range(len(results))), "with room for all, nothing is left"
