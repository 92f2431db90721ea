"""Send one lease through a connection, and find the bad apple in a batch that is refused as a whole."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from datetime import timedelta

import attrs

from passback.connection import Connection
from passback.delivery.lanes.parts import Held, Sizes
from passback.errors import BatchRefused, ContractError, PassbackError, ServerError, Unsupported
from passback.http import Exchange
from passback.model import (
    ActivityUnknown,
    AlreadyThere,
    Batch,
    CutShort,
    Delivered,
    Delivery,
    NeedsLaunch,
    Receipt,
    Rejected,
    TryLater,
    UserUnknown,
)

__all__ = ["Sent", "send"]

# For how long a check that passed speaks for what is said of learners: where thousands of them are gone, each
# of their results would cost one more request.
_VOUCHES = timedelta(minutes=1)


def _by_itself(receipt: Receipt) -> bool:
    """Whether a connector may answer this without asking the system."""
    return isinstance(receipt, UserUnknown | NeedsLaunch) or (
        isinstance(receipt, Delivered) and not receipt.sent
    )


def _judged(failure: PassbackError | None) -> PassbackError | None:
    # A connector knows what it can't do. An answer to results that says so may be anybody's on the way, and
    # change at any time, so that it's asked again.
    if isinstance(failure, Unsupported) and failure.status is not None:
        return ServerError(str(failure), status=failure.status)
    return failure


@attrs.define(kw_only=True)
class Sent:
    """What came of a lease.

    Attributes:
        receipts: For the deliveries that got one.
        failure: What ended it early; the deliveries without a receipt stay pending. What can't be sent at
            all is `Unsupported` where the connector says so; where an answer did (501), it's an outage.
        fits: The most results that the system takes at once, if it refused more.
        unsent: Deliveries that surely weren't sent.
        doubted: What it said against results, their learners or activities while it took nothing and failed,
            itself or its own check, which is no word to go by. Surely none of these arrived.
    """

    receipts: list[Receipt] = attrs.field(factory=list)
    failure: PassbackError | None = attrs.field(default=None, converter=_judged)
    fits: int | None = None
    unsent: Collection[int] = ()
    doubted: Sequence[Receipt] = ()

    def believed(self) -> Sent:
        """Return what came of it where what was doubted counts: others arrive."""
        return attrs.evolve(self, receipts=[*self.receipts, *self.doubted], failure=None, doubted=())

    @property
    def reached(self) -> bool:
        """Whether the system itself was asked, rather than the connector answering by itself."""
        return not all(map(_by_itself, self.receipts))

    @property
    def put_off(self) -> str | None:
        """Why the system took nothing of it for now; None where it did, or wasn't asked."""
        later = [each for each in self.receipts if isinstance(each, TryLater)]
        if not later or not all(isinstance(each, TryLater) or _by_itself(each) for each in self.receipts):
            return None
        return f"it took nothing, and asks to try later: {later[-1].reason or 'without a reason'}"

    @property
    def refused(self) -> bool:
        """Whether anything of it was refused for good, or its activity isn't known."""
        return any(isinstance(each, Rejected | ActivityUnknown) for each in self.receipts)

    @property
    def arrived(self) -> bool:
        """Whether anything of it is over there now."""
        return any(
            isinstance(each, Delivered | AlreadyThere) and not _by_itself(each) for each in self.receipts
        )


async def send(connection: Connection, batch: Batch, patience: float, tried: Sequence[Exchange] = ()) -> Sent:
    """Send `batch` in order; where it is refused as a whole, send its halves.

    What follows something of the same learner and activity that is to be tried later isn't sent.

    Args:
        connection: Where to.
        batch: What to send.
        patience: How long a connector may take for one batch, in seconds.
        tried: The requests, as they come: without any, the connector answers by itself.
    """
    sent = Sent()
    receipts: list[Receipt] = []
    held, sizes = Held(), Sizes()
    parts: list[Sequence[Delivery]] = [batch.deliveries]
    while parts:
        part = held.without(parts.pop())
        if not part:
            continue
        try:
            answer = await _submit(connection, attrs.evolve(batch, deliveries=tuple(part)), patience)
            receipts += answer
            held.note(part, answer)
            sizes.passed(part)
        except BatchRefused as refusal:
            sizes.refused(part, refusal)
            if len(part) == 1:
                receipts.append(Rejected(part[0].id, str(refusal)))
                continue
            middle = len(part) // 2
            parts += [part[middle:], part[:middle]]
        except CutShort as cut:
            receipts += cut.receipts
            sent.failure, sent.unsent = cut.failure, cut.unsent
            break
        except PassbackError as failure:
            sent.failure = failure
            break
    sent.fits, sent.unsent = sizes.fit, {*sent.unsent, *held.left_out}
    sent.receipts = receipts
    if not sent.arrived:
        await _weigh(connection, sent, _condemned(batch, receipts, asked=bool(tried)))
    return sent


async def _submit(connection: Connection, part: Batch, patience: float) -> Sequence[Receipt]:
    try:
        async with asyncio.timeout(patience):
            return await connection.submit_results(part)
    except TimeoutError:
        raise ContractError(
            f"connection {connection.name!r}: the connector took longer than {patience:g} s for a batch"
        ) from None


def _condemned(batch: Batch, receipts: Sequence[Receipt], *, asked: bool) -> list[Receipt]:
    """Return those of `receipts` by which a system speaks against a result, its learner or its activity."""
    # That no account is known takes no system to say.
    named = {each.id for each in batch.deliveries if asked or each.account is not None}
    return [
        each
        for each in receipts
        if isinstance(each, Rejected | ActivityUnknown)
        or (isinstance(each, UserUnknown) and each.delivery in named)
    ]


async def _weigh(connection: Connection, sent: Sent, condemned: Sequence[Receipt]) -> None:
    # Some systems answer 400 to everything while the credentials or the address are wrong, and a gateway in
    # front of one 404, as if each learner were gone. Nobody is condemned on the word of a system that hasn't
    # shown that it takes results at all.
    if not condemned:
        return
    if sent.failure is None and (_is_final(condemned) or not connection.vouched(_VOUCHES)):
        try:
            await connection.check()
        except PassbackError as failure:
            sent.failure = failure
    if sent.failure is not None:
        sent.doubted = condemned
        doubted = {each.delivery for each in condemned}
        sent.receipts = [each for each in sent.receipts if each.delivery not in doubted]


def _is_final(condemned: Sequence[Receipt]) -> bool:
    # What waits is tried again by itself.
    return any(isinstance(each, Rejected) for each in condemned)
