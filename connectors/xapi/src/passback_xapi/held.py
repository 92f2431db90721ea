"""What a statement that an LRS holds, or doesn't show, makes of the one that it was sent."""

from __future__ import annotations

from datetime import datetime, timedelta

from passback import AlreadyThere, JSONValue, Receipt, Rejected, TryLater
from passback_xapi.outgoing import Outgoing
from passback_xapi.sameness import difference

__all__ = ["compared", "unseen"]

# An LRS may answer before a statement can be read, so its absence is believed only after a while.
_BELIEVED_AFTER = 5
_READABLE_AFTER = timedelta(minutes=1)


def compared(outgoing: Outgoing, held: JSONValue) -> Receipt:
    """Return the receipt for a statement in whose place the LRS holds `held`."""
    other = difference(held, outgoing.statement, outgoing.delivery.result)
    if other is None:
        return AlreadyThere(outgoing.delivery.id, outgoing.id)
    return Rejected(
        outgoing.delivery.id,
        f"the LRS already holds a statement {outgoing.id} that tells something else ({other} differs); "
        "a statement never changes: submit this result under an id of its own",
    )


def unseen(outgoing: Outgoing, now: datetime) -> Receipt:
    """Return the receipt for a statement that the LRS says it holds, and doesn't show."""
    reason = f"the LRS says that it holds statement {outgoing.id} already, but doesn't show it"
    if outgoing.delivery.attempt < _BELIEVED_AFTER:
        return TryLater(outgoing.delivery.id, now + _READABLE_AFTER, reason)
    return Rejected(outgoing.delivery.id, f"{reason}; it may have been voided there")
