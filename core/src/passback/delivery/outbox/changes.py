"""What an attempt makes of a delivery."""

from __future__ import annotations

from datetime import datetime

import attrs

from passback.model import (
    ActivityUnknown,
    AlreadyThere,
    Delivered,
    NeedsLaunch,
    Receipt,
    Rejected,
    TryLater,
    UserUnknown,
)
from passback.store import State, WaitingFor

__all__ = ["Change", "change_for"]


@attrs.frozen(kw_only=True)
class Change:
    """What an attempt made of a delivery.

    Attributes:
        delivery: The delivery's number.
        state: Its state from now on.
        waiting_for: What it waits for, exactly if it's waiting.
        reason: Why, for a person.
        remote_id: Its id over there, once delivered.
        due: When it's tried next, if it's pending; None for at once.
        alone: Whether it's tried alone from now on.
        absent: Whether it surely didn't arrive by this attempt.
        kept_here: Whether it's delivered without being sent, as that system isn't told of such.
    """

    delivery: int
    state: State
    waiting_for: WaitingFor | None = None
    reason: str = ""
    remote_id: str | None = None
    due: datetime | None = None
    alone: bool = False
    absent: bool = False
    kept_here: bool = False

    @property
    def arrived(self) -> bool:
        """Whether its system has it by now."""
        return self.state is State.DELIVERED and not self.kept_here

    @property
    def outcome(self) -> str:
        """What it is to a person who asks why it isn't delivered; empty if it is."""
        if self.state is State.DELIVERED:
            return ""
        word = f"waiting for {self.waiting_for}" if self.waiting_for else self.state.word
        return f"{word}: {self.reason}" if self.reason else word


def change_for(receipt: Receipt) -> Change:
    """Return what `receipt` makes of its delivery."""
    delivery = receipt.delivery
    match receipt:
        case Delivered(_, remote_id, sent=sent):
            change = Change(delivery=delivery, state=State.DELIVERED, remote_id=remote_id, kept_here=not sent)
        case AlreadyThere(_, remote_id):
            reason = "it was there already"
            change = Change(delivery=delivery, state=State.DELIVERED, remote_id=remote_id, reason=reason)
        case UserUnknown(_, reason):
            change = _waiting(delivery, WaitingFor.ACCOUNT, reason)
        case ActivityUnknown(_, reason):
            change = _waiting(delivery, WaitingFor.ACTIVITY, reason)
        case NeedsLaunch(_, reason):
            change = _waiting(delivery, WaitingFor.LAUNCH, reason)
        case Rejected(_, reason):
            change = Change(delivery=delivery, state=State.REJECTED, reason=reason, absent=True)
        case TryLater(_, at, reason):
            change = Change(delivery=delivery, state=State.PENDING, due=at, reason=reason)
    return change


def _waiting(delivery: int, waiting_for: WaitingFor, reason: str) -> Change:
    state = State.WAITING
    return Change(delivery=delivery, state=state, waiting_for=waiting_for, reason=reason, absent=True)
