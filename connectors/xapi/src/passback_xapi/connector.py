"""The connector: results to statements, and an LRS's answers to receipts."""

from __future__ import annotations

from collections.abc import Sequence

from passback import (
    Batch,
    Connector,
    Context,
    IdentityProposal,
    IdentityRequest,
    Receipt,
    Sending,
    UserUnknown,
)
from passback_xapi.actors import UnknownActor
from passback_xapi.answers import CONFLICT, REFUSALS
from passback_xapi.conflicts import resolve
from passback_xapi.identity import proposal
from passback_xapi.lrs import LRS
from passback_xapi.options import ActorPolicy, XapiOptions
from passback_xapi.outgoing import Outgoing
from passback_xapi.unnamed import receipts_for

__all__ = ["XapiConnector"]


class XapiConnector(Connector[XapiOptions]):
    """Sends results as statements to a Learning Record Store (xAPI 1.0.3 and 2.0)."""

    # Near the best on every LRS measured; more only adds latency.
    sending = Sending(batch=50)

    def __init__(self, context: Context[XapiOptions]) -> None:
        super().__init__(context)
        if self.options.actor is not ActorPolicy.SSO:
            self.keys = frozenset()
        self._lrs = LRS(self.http, self.options, self.clock)

    async def check(self) -> None:
        """Prove the address by what `about` answers, and the credentials by reading one statement."""
        await self._lrs.renegotiate()
        await self._lrs.newest(1)

    def map_identity(self, request: IdentityRequest) -> IdentityProposal | None:
        """Return the account of whoever signed in, where statements name learners by it."""
        return proposal(request.assertion) if self.options.actor is ActorPolicy.SSO else None

    async def submit_results(self, batch: Batch) -> Sequence[Receipt]:
        """Send the batch in one request; what the policy can't identify waits for an account."""
        receipts: list[Receipt] = []
        outgoing: list[Outgoing] = []
        for delivery in batch.deliveries:
            try:
                outgoing.append(Outgoing.of(delivery, self.options))
            except UnknownActor as unknown:
                receipts.append(UserUnknown(delivery.id, str(unknown)))
        if outgoing:
            receipts += await self._send(outgoing)
        return receipts

    async def _send(self, outgoing: Sequence[Outgoing]) -> Sequence[Receipt]:
        now, later = _apart(outgoing)
        answer = await self._lrs.store([each.said for each in now])
        if answer.status in REFUSALS and await self._lrs.renegotiate():
            answer = await self._lrs.store([each.said for each in now])
        if answer.status == CONFLICT:
            receipts = await resolve(self._lrs, now)
        else:
            receipts = await receipts_for(self._lrs, answer, now)
        return [*receipts, *(await self._send(later) if later else ())]


def _apart(outgoing: Sequence[Outgoing]) -> tuple[Sequence[Outgoing], Sequence[Outgoing]]:
    # Host ids that differ only in case can give the same statement id, and no request may hold it twice.
    first = {each.id: each for each in reversed(outgoing)}
    if len(first) == len(outgoing):
        return outgoing, ()
    now = [each for each in outgoing if first[each.id] is each]
    return now, [each for each in outgoing if first[each.id] is not each]
