"""What a statement that an LRS holds makes of the one that it was sent."""

from __future__ import annotations

from passback import AlreadyThere, JSONValue, Receipt, Rejected
from passback_xapi.lrs import LRS
from passback_xapi.outgoing import Outgoing
from passback_xapi.sameness import difference

__all__ = ["compared", "missed"]


def compared(outgoing: Outgoing, held: JSONValue) -> Receipt:
    """Return the receipt for a statement in whose place the LRS holds `held`."""
    other = difference(held, outgoing.statement, outgoing.delivery.result)
    if other is None:
        return AlreadyThere(outgoing.delivery.id, outgoing.id)
    return Rejected(
        outgoing.delivery.id,
        f"the LRS already holds a statement of this id that tells something else ({other} differs); "
        "a statement never changes: submit this result under an id of its own",
    )


async def missed(lrs: LRS, outgoing: Outgoing, claim: str) -> Receipt:
    """Return the receipt for a statement that `lrs` holds by its `claim`, and doesn't show.

    Raises:
        ConnectionFailure: It can't be asked whether the statement was voided.
    """
    if await lrs.voids(outgoing.id):
        return Rejected(
            outgoing.delivery.id,
            "the LRS holds it, but it was voided there; if it counts, submit it under an id of its own",
        )
    return lrs.unseen.receipt(outgoing, claim)
