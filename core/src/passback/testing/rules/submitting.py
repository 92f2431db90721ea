"""Sending results: each arrives once, and its receipt says what became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

import attrs

from passback.errors import CannotConnect
from passback.model import (
    AlreadyThere,
    Delivered,
    Delivery,
    Item,
    Receipt,
    ResultKind,
    TryLater,
)
from passback.testing import proxy
from passback.testing.breaking import Broken
from passback.testing.operations import Outcome, attempt, submit
from passback.testing.rule import rule
from passback.testing.scene import Scene, Take
from passback.testing.settling import require_account, settle, unsettled
from passback.testing.strangers import of_nobody

__all__: list[str] = []

_ARRIVED = (Delivered, AlreadyThere)
_ENOUGH = 200
# Of the server, of its limit, and of one result.
_NOT_NOW = (503, 429, 425)


@rule("submit_results.arrives", "submit_results")
async def _arrives(scene: Scene) -> None:
    """Results arrive, each of them once, with a receipt each; that's what all of this is for.

    Return Delivered(delivery.id) for each delivery of the batch, in any order.
    """
    async with scene.take() as take:
        deliveries = take.deliveries(1, 2, 3)
        outcome = await attempt(submit(take, deliveries))
        _require_receipts(deliveries, outcome)
        if strange := [each for each in outcome.receipts if not isinstance(each, _ARRIVED)]:
            raise Broken(f"nothing was in the way, and the receipt is {strange[0]}")
        require_account(take, deliveries)


@rule("submit_results.full_batch", "submit_results")
async def _full_batch(scene: Scene) -> None:
    """A batch as large as the connector asks for arrives whole, each result with its own receipt.

    Lower `sending.batch` to what one call can take.
    """
    async with scene.take() as take:
        deliveries = _many(take, take.batch)
        outcome = await attempt(submit(take, deliveries))
        _require_receipts(deliveries, outcome)
        require_account(take, deliveries)


@rule("submit_results.twice", "submit_results")
async def _twice(scene: Scene) -> None:
    """A result that is sent again after a restart is there once; else transcripts count it twice.

    What `delivery.unsure` is true of may have arrived before: send an id that the system recognises, or look
    for it first.
    """
    async with scene.take() as take:
        deliveries = take.deliveries(1, 2)
        await settle(take, deliveries)
        take.connection = take.connect()
        outcome = await attempt(submit(take, unsettled(deliveries, Outcome())))
        for receipt in outcome.receipts:
            if not isinstance(receipt, _ARRIVED):
                raise Broken(f"it had arrived before, and the receipt is {receipt}; expected AlreadyThere")
        await settle(take, unsettled(unsettled(deliveries, Outcome()), outcome))
        require_account(take, deliveries)


@rule("submit_results.right_receipt", "submit_results")
async def _right_receipt(scene: Scene) -> None:
    """Each receipt is about its own delivery: what is told as delivered has arrived, and nothing else has.

    Take the delivery's id from the delivery that an answer is about; read the body of an answer, not only its
    status.
    """
    # In the middle and at the end: answers may come in any order, the reverse too.
    for place in (1, 2):
        async with scene.take() as take:
            deliveries = take.deliveries(1, 2, 3)
            deliveries[place] = of_nobody(deliveries[place])
            outcome = await attempt(submit(take, deliveries))
            _require_receipts(deliveries, outcome)
            _require_true(take, deliveries, outcome)


@rule("submit_results.kinds", "submit_results")
async def _kinds(scene: Scene) -> None:
    """Whatever kind a result is of, it gets a receipt; hosts report all of them, and one stops the others.

    Return Delivered for a kind that the system has no place for, and send nothing.
    """
    for kind in ResultKind:
        async with scene.take() as take:
            (usual,) = take.deliveries(1)
            item = Item(id="item-1") if kind.concerns_item else None
            deliveries = [attrs.evolve(usual, result=attrs.evolve(usual.result, kind=kind, item=item))]
            outcome = await attempt(submit(take, deliveries))
            _require_receipts(deliveries, outcome, f"a {kind} result")


@rule("submit_results.interrupted", "submit_results")
async def _interrupted(scene: Scene) -> None:
    """A batch in the middle of which the system fails loses nothing and sends nothing twice.

    Raise CutShort with the receipts of what was answered, the failure, and the ids of what surely wasn't
    sent. TryLater is for what the system says of one result: it puts off each of the rest by itself, where no
    repair of the connection frees it.
    """
    async with scene.take() as take:
        await attempt(submit(take, take.deliveries(1, 2, 3)))
    for place in range(len(take.record.asked)):
        for fault in (proxy.answered(503), proxy.cut_after):
            async with scene.take() as take:
                deliveries = take.deliveries(1, 2, 3)
                take.record.play(fault, place, 1)
                outcomes = [await attempt(submit(take, each)) for each in _chunks(take, deliveries)]
                if take.batch > 1:
                    _require_not_put_off(outcomes)
                take.record.rest()
                receipts = [receipt for each in outcomes for receipt in each.receipts]
                await settle(take, unsettled(deliveries, Outcome(receipts)))
                require_account(take, deliveries)


@rule("submit_results.order", "submit_results")
async def _order(scene: Scene) -> None:
    """What a learner does in an activity arrives in its order; else `completed` is overtaken by progress.

    Send a batch in the order of its deliveries.
    """
    async with scene.take() as take:
        deliveries = _of_one(take)
        await settle(take, deliveries)
        first, second = (take.suite.mark(each) for each in deliveries)
        there = take.arrived()
        if (
            first != second
            and first in there
            and second in there
            and there.index(first) > there.index(second)
        ):
            raise Broken("what the learner did second arrived first")


@rule("submit_results.order_held", "submit_results")
async def _order_held(scene: Scene) -> None:
    """What must be tried later takes with it what the same learner did later in the same activity.

    After a TryLater, answer TryLater for what follows it of the same learner in the same activity.
    """
    if scene.suite.connector.sending.batch == 1:
        return  # the core keeps single deliveries in order
    async with scene.take() as take:
        await attempt(submit(take, _of_one(take)))
    for place in range(len(take.record.asked)):
        for fault in (*map(proxy.answered, _NOT_NOW), proxy.cut_before):
            async with scene.take() as take:
                deliveries = _of_one(take)
                take.record.play(fault, place, 1)
                outcome = await attempt(submit(take, deliveries))
                if outcome.error is None:
                    before, after = _in_order(deliveries, outcome.receipts)
                    if isinstance(before, TryLater) and isinstance(after, _ARRIVED):
                        raise Broken("the first is to be tried later, and the second was sent all the same")


@rule("submit_results.refused", "submit_results")
async def _refused(scene: Scene) -> None:
    """Where nothing listens, CannotConnect is raised, and the result stays; else the outage shows nowhere.

    Let what self.http raises pass: the connection carries the outage, not the delivery.
    """
    async with scene.take(url="http://127.0.0.1:9") as take:
        outcome = await attempt(submit(take, take.deliveries(1)))
        if not isinstance(outcome.error, CannotConnect):
            raise Broken(f"expected CannotConnect; it came to {outcome}")


def _many(take: Take, most: int) -> list[Delivery]:
    """Return `most` deliveries, or as many as the sandbox has people for."""
    found: list[Delivery] = []
    # A suite's own `delivery` may have a short list.
    with suppress(Broken, LookupError):
        while len(found) < min(most, _ENOUGH):
            found += take.deliveries(len(found) + 1)
    return found or take.deliveries(1)


def _require_true(take: Take, deliveries: Sequence[Delivery], outcome: Outcome) -> None:
    there = Counter(take.arrived())
    for delivery, receipt in zip(deliveries, _in_order(deliveries, outcome.receipts), strict=True):
        if isinstance(receipt, _ARRIVED) and not there[take.suite.mark(delivery)]:
            raise Broken(f"delivery {delivery.id} isn't in the sandbox, and its receipt is {receipt}")
        if not isinstance(receipt, _ARRIVED) and there[take.suite.mark(delivery)]:
            raise Broken(f"delivery {delivery.id} has arrived, and its receipt is {receipt}")


def _require_receipts(deliveries: Sequence[Delivery], outcome: Outcome, what: str = "it") -> None:
    if outcome.error is not None:
        raise Broken(f"{what} failed with nothing in its way: {outcome}")
    ids = Counter(each.delivery for each in outcome.receipts)
    if ids != Counter(each.id for each in deliveries):
        raise Broken(f"{len(deliveries)} deliveries got receipts for {sorted(ids.elements())}")


def _require_not_put_off(outcomes: Sequence[Outcome]) -> None:
    for outcome in outcomes:
        if put_off := [each for each in outcome.receipts if isinstance(each, TryLater)]:
            raise Broken(
                f"the connection failed in the midst of a batch, and {put_off[0]} is a receipt: as if the "
                "connection were well, and nobody is told that it isn't"
            )


def _in_order(deliveries: Sequence[Delivery], receipts: Sequence[Receipt]) -> list[Receipt]:
    by_id = {each.delivery: each for each in receipts}
    return [by_id[each.id] for each in deliveries]


def _chunks(take: Take, deliveries: list[Delivery]) -> list[list[Delivery]]:
    return [deliveries[start : start + take.batch] for start in range(0, len(deliveries), take.batch)]


def _of_one(take: Take) -> list[Delivery]:
    """Return progress, and then completion, of one learner in one activity."""
    second, other = take.deliveries(1, 2)
    began = attrs.evolve(
        other.result,
        learner=second.result.learner,
        kind=ResultKind.PROGRESSED,
        progress=0.5,
        at=second.result.at - timedelta(minutes=5),
    )
    first = attrs.evolve(second, id=other.id, result=began)
    return [first, second]
