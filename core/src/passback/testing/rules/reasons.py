"""Why a result isn't taken: said in words, and in the same ones whoever it is about."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

import attrs

from passback.errors import BatchRefused
from passback.model import (
    ActivityUnknown,
    Delivery,
    Learner,
    NeedsLaunch,
    Rejected,
    Score,
    TryLater,
    UserUnknown,
)
from passback.testing import proxy
from passback.testing.breaking import Broken
from passback.testing.operations import Outcome, attempt, submit
from passback.testing.proxy import Fault
from passback.testing.rule import rule
from passback.testing.scene import Scene, Take
from passback.testing.strangers import NOBODY, of_nobody

__all__: list[str] = []

_Change: TypeAlias = Callable[[Delivery], Delivery]
_REASONED = (Rejected, UserUnknown, ActivityUnknown, NeedsLaunch)
_RESULT = "5e1f7a52-4c0b-4d6e-9a3f-8b2d1c7e6f90"
# What is shorter may be a status or a word.
_SHORTEST = 5
_BESIDE = 4


@rule("submit_results.reasons", "submit_results")
async def _reasons(scene: Scene) -> None:
    """A result that isn't taken says why, in words; `rejected` alone helps nobody to repair it.

    Give Rejected, UserUnknown and ActivityUnknown a reason: what the system said (Response.excerpt()).
    """
    async with scene.take() as take:
        outcome = await attempt(submit(take, [of_nobody(take.deliveries(1)[0])]))
        for receipt in outcome.receipts:
            if isinstance(receipt, _REASONED) and not receipt.reason.strip():
                raise Broken(f"the receipt has no reason: {receipt}")


@rule("submit_results.same_words", "submit_results")
async def _same_words(scene: Scene) -> None:
    """A reason names no learner and no result; else the same trouble of thousands fills mails with their ids.

    Say what is wrong, and what helps; who it is about is shown beside the reason.
    """
    for change in (of_nobody, _of_a_stranger, _of_an_unknown):
        await _require_same_words(scene, change)
    for status in (400, 404, 409, 422):
        await _require_same_words(scene, _as_it_is, proxy.refused_writes(status))
    await _require_same_words_midway(scene)
    async with scene.take() as take:
        first = _marked(take.deliveries(1)[0])
        other = attrs.evolve(first.result, score=Score(raw=1.0, min=0.0, max=2.0, scaled=0.5))
        second = attrs.evolve(first, result=other, attempt=2, unsure=True)
        await attempt(submit(take, [first]))
        _require_nobody(take, [second], await attempt(submit(take, [second])))


async def _require_same_words(scene: Scene, change: _Change, fault: Fault | None = None) -> None:
    async with scene.take() as take:
        delivery = change(_marked(take.deliveries(1)[0]))
        await attempt(take.connection.check())
        if fault is not None:
            take.record.play(fault)
        _require_nobody(take, [delivery], await attempt(submit(take, [delivery])))


async def _require_same_words_midway(scene: Scene) -> None:
    async with scene.take() as take:
        await attempt(submit(take, take.deliveries(1, 2)))
        last = len(take.record.asked) - 1
    async with scene.take() as take:
        deliveries = take.deliveries(1, 2)
        take.record.play(proxy.answered(503), last)
        _require_nobody(take, deliveries, await attempt(submit(take, deliveries)))


def _require_nobody(take: Take, deliveries: Sequence[Delivery], outcome: Outcome) -> None:
    answers = [_plain(each.answer.decode("utf-8", "replace")) for each in take.record.asked]
    for reason in _told(outcome):
        for name in (name for each in deliveries for name in _names(each)):
            words = _around(name, reason)
            # What the system itself says is its own.
            if words and not any(words in each for each in answers):
                raise Broken(f"a reason names {name!r}: {reason}")


def _around(name: str, reason: str) -> str:
    """Return where `reason` has `name`, with what stands beside it; empty where it hasn't."""
    plain, wanted = _plain(reason), _plain(name)
    at = plain.find(wanted)
    return "" if at < 0 else plain[max(0, at - _BESIDE) : at + len(wanted) + _BESIDE]


def _plain(text: str) -> str:
    # An answer is quoted without what its format adds.
    return "".join(each for each in text.casefold() if each.isalnum())


def _told(outcome: Outcome) -> Iterable[str]:
    if isinstance(outcome.error, BatchRefused):
        yield str(outcome.error)  # what one that is alone is rejected with
    for receipt in outcome.receipts:
        if isinstance(receipt, (*_REASONED, TryLater)):
            yield receipt.reason


def _names(delivery: Delivery) -> list[str]:
    learner, account = delivery.result.learner, delivery.account
    names = (learner.id, learner.email, learner.name, learner.username, learner.external_id, learner.openid)
    found = (*names, delivery.result.id, account and account.user_id)
    return [each for each in found if each and len(_plain(each)) >= _SHORTEST]


def _marked(delivery: Delivery) -> Delivery:
    return attrs.evolve(delivery, result=attrs.evolve(delivery.result, id=_RESULT))


def _as_it_is(delivery: Delivery) -> Delivery:
    return delivery


def _of_a_stranger(delivery: Delivery) -> Delivery:
    return attrs.evolve(of_nobody(delivery), account=None)


def _of_an_unknown(delivery: Delivery) -> Delivery:
    result = attrs.evolve(delivery.result, learner=Learner(id=NOBODY))
    return attrs.evolve(delivery, result=result, account=None)
