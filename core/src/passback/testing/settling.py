"""The core's part, played: what is pending is sent again until it has an end; then the account is taken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import attrs

from passback.errors import BatchRefused
from passback.model import (
    ActivityUnknown,
    AlreadyThere,
    Delivered,
    Delivery,
    NeedsLaunch,
    Receipt,
    Rejected,
    UserUnknown,
)
from passback.testing.breaking import Broken
from passback.testing.operations import Outcome, attempt, submit
from passback.testing.scene import Take

__all__ = ["require_account", "settle", "unsettled"]

_ROUNDS = 4
_ENDS = (Delivered, AlreadyThere, Rejected)
# Whoever says so says that it didn't arrive.
_ABSENT = (UserUnknown, ActivityUnknown, NeedsLaunch)


def unsettled(deliveries: Iterable[Delivery], outcome: Outcome) -> list[Delivery]:
    """Return what has to be sent again after `outcome`, as the next attempt."""
    ended = {each.delivery for each in outcome.receipts if isinstance(each, _ENDS)}
    absent = {each.delivery for each in outcome.receipts if isinstance(each, _ABSENT)}.union(outcome.unsent)
    return [
        attrs.evolve(each, attempt=each.attempt + 1, unsure=each.unsure or each.id not in absent)
        for each in deliveries
        if each.id not in ended
    ]


async def settle(take: Take, deliveries: Sequence[Delivery]) -> list[Receipt]:
    """Send `deliveries` until each has an end, as the core does once nothing is in the way any more.

    Raises:
        Broken: They come to no end.
    """
    receipts: list[Receipt] = []
    pending, outcome = list(deliveries), Outcome()
    for _ in range(_ROUNDS):
        if not pending:
            return receipts
        size = take.batch if not isinstance(outcome.error, BatchRefused) else 1
        again: list[Delivery] = []
        for start in range(0, len(pending), size):
            part = pending[start : start + size]
            outcome = await attempt(submit(take, part))
            receipts += outcome.receipts
            again += unsettled(part, outcome)
        pending = again
    if pending:
        raise Broken(f"nothing is in the way any more, and still it isn't delivered: {outcome}")
    return receipts


def require_account(take: Take, deliveries: Iterable[Delivery]) -> None:
    """Raise unless each of `deliveries` is in the sandbox once, and nothing else is."""
    wanted = Counter({take.suite.mark(each): 1 for each in deliveries})
    found = Counter(take.arrived())
    if lost := wanted - found:
        raise Broken(f"lost: {_named(lost)} is not in the sandbox; a person would wait for it for ever")
    if more := found - wanted:
        known = wanted.keys() & more.keys()
        raise Broken(
            f"{_named(more)} is in the sandbox {'more than once' if known else 'though nobody sent it'}; "
            "look for what has arrived before writing it again, or send an id that the system recognises"
        )


def _named(marks: Counter[str]) -> str:
    return ", ".join(repr(mark) for mark in list(marks)[:3])
