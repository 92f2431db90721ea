"""What a system answers about several results at once, or about some that it won't have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import attrs

from passback.errors import BatchRefused, ConnectionFailure
from passback.model import AlreadyThere, Delivered, Delivery, Rejected
from passback.testing import proxy
from passback.testing.breaking import Broken
from passback.testing.operations import Outcome, attempt, submit
from passback.testing.proxy import Fault
from passback.testing.rule import rule
from passback.testing.scene import Scene, Take
from passback.testing.settling import settle
from passback.testing.strangers import of_nobody

__all__: list[str] = []

_ARRIVED = (Delivered, AlreadyThere)
_TOO_LARGE = 413
_JSON = (("content-type", "application/json"),)


@rule("submit_results.answer_order", "submit_results")
async def _answer_order(scene: Scene) -> None:
    """An answer about several results is read by their ids; else one's refusal is told of another.

    Find each item of the answer by its id; raise ServerError where one has none.
    """
    await _require_truth(scene, proxy.reversed_lists, "the answer has its items in another order")


@rule("submit_results.answer_short", "submit_results")
async def _answer_short(scene: Scene) -> None:
    """What an answer doesn't mention hasn't arrived; else it's lost, and shown as delivered.

    Give Delivered only for what the answer says so of; raise ServerError where it says nothing of a result.
    """
    await _require_truth(scene, proxy.shortened_lists, "the answer says nothing of one of the results")


@rule("submit_results.error_under_200", "submit_results")
async def _error_under_200(scene: Scene) -> None:
    """An error is one whatever its status; else it shows as delivered where a gateway says 200 around it.

    Read the body of an answer, and judge the error in it as its own status would be. The suite's
    `error_bodies` say how the system words one.
    """
    async with scene.take() as take:
        bodies = list(take.suite.error_bodies(take.sandbox))
        await attempt(submit(take, take.deliveries(1)))
    for place in range(len(take.record.asked)):
        for body in bodies:
            async with scene.take() as take:
                deliveries = take.deliveries(1)
                take.record.play(proxy.instead(proxy.Answer(headers=_JSON, body=body.encode())), place, 1)
                outcome = await attempt(submit(take, deliveries))
                if lie := _lie(take, deliveries, outcome):
                    raise Broken(f"it answers 200, and {body}; {lie}")


async def _require_truth(scene: Scene, fault: Fault, how: str) -> None:
    if scene.suite.connector.sending.batch == 1:
        return  # there is nothing to mix up
    for bad in (0, 1):
        async with scene.take() as take:
            deliveries = take.deliveries(1, 2)
            deliveries[bad] = of_nobody(deliveries[bad])
            take.record.play(fault)
            outcome = await attempt(submit(take, deliveries))
            if lie := _lie(take, deliveries, outcome):
                raise Broken(f"{how}, and {lie}")


@rule("submit_results.whole_batch", "submit_results")
async def _refused_whole(scene: Scene) -> None:
    """A batch that is refused as a whole is halved; else one bad result takes the good ones with it.

    Raise what Response.require(…) raises, BatchTooLarge for 413 and BatchRefused where the system means its
    content; give Rejected only where the answer is about that result.
    """
    if scene.suite.connector.sending.batch == 1:
        return
    for status in (400, 413, 422):
        async with scene.take() as take:
            deliveries = take.deliveries(1, 2)
            await attempt(take.connection.check())
            take.record.play(proxy.refused_writes(status))
            outcome = await attempt(submit(take, deliveries))
            rejected = [each for each in outcome.receipts if isinstance(each, Rejected)]
            refusals = sum(each.status == status for each in take.record.asked)
            if refusals < len(rejected):
                raise Broken(f"{len(rejected)} results were rejected by {refusals} answer of {status}")
            whole = outcome.error is not None and not isinstance(outcome.error, BatchRefused)
            if status == _TOO_LARGE and whole:
                raise Broken(f"a batch that is too large (413) came to {outcome}; expected BatchTooLarge")


@rule("submit_results.user_unknown", "submit_results")
async def _user_unknown(scene: Scene) -> None:
    """A result of somebody whom the system doesn't know waits for their account; a rejected one never goes.

    Answer UserUnknown where the system says that it doesn't know the user.
    """
    async with scene.take() as take:
        outcome = await attempt(submit(take, [of_nobody(take.deliveries(1)[0])]))
        for receipt in outcome.receipts:
            if isinstance(receipt, Rejected):
                raise Broken(f"the system doesn't know this user, and the receipt is {receipt}")


@rule("submit_results.not_there_yet", "submit_results")
async def _not_there_yet(scene: Scene) -> None:
    """A second attempt sends what didn't arrive the first time; else it's lost, and shown as delivered.

    Look for this very result before you answer AlreadyThere, not for any of the same person.
    """
    async with scene.take() as take:
        first, other = take.deliveries(1, 2)
        result = attrs.evolve(other.result, learner=first.result.learner)
        second = attrs.evolve(other, result=result, account=first.account, attempt=2, unsure=True)
        if take.suite.mark(first) == take.suite.mark(second):
            second = attrs.evolve(
                other, attempt=2, unsure=True
            )  # the system keeps one status of each learner
        await settle(take, [first])
        outcome = await attempt(submit(take, [second]))
        if lie := _lie(take, [second], outcome):
            raise Broken(f"it is the second attempt at what never arrived, and {lie}")


def _lie(take: Take, deliveries: Sequence[Delivery], outcome: Outcome) -> str:
    """Return what is told as delivered without having arrived, empty for nothing."""
    there = Counter(take.arrived())
    told = {each.delivery for each in outcome.receipts if isinstance(each, _ARRIVED)}
    for delivery in deliveries:
        if delivery.id in told and not there[take.suite.mark(delivery)]:
            return f"delivery {delivery.id} isn't in the sandbox and has the receipt of one that arrived"
    if outcome.error is not None and not isinstance(outcome.error, ConnectionFailure):
        return f"it came to {outcome}"
    return ""
