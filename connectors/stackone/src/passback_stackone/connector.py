"""The connector: results to the learning systems that StackOne reaches."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence

from passback import (
    Batch,
    Connector,
    Context,
    CutShort,
    IdentityProposal,
    IdentityRequest,
    Incoming,
    Launch,
    LaunchQuery,
    Receipt,
    Received,
    Sending,
    TryLater,
    User,
    UserQuery,
)
from passback_stackone.answers import text
from passback_stackone.api import Api
from passback_stackone.launches import launch
from passback_stackone.options import StackOneOptions
from passback_stackone.sending import Sender
from passback_stackone.users import Users
from passback_stackone.webhooks import received

__all__ = ["StackOneConnector"]

# The core gives a batch 180 s, and StackOne may take 60 s for one request (wire facts §4.4).
_LAST_START = 60.0


class StackOneConnector(Connector[StackOneOptions]):
    """Writes completions through StackOne, to one linked account."""

    # StackOne has no batch of completions (wire facts §4.3), and each request may take a while.
    sending = Sending(batch=1, concurrency=4, latest_only=True)

    def __init__(self, context: Context[StackOneOptions]) -> None:
        super().__init__(context)
        api = Api(self.http, self.options)
        self._users = Users(api, self.options, self.clock)
        self.filters = self._users.filters
        self._sender = Sender(api, self.options, self.clock)

    async def check(self) -> None:
        """Prove the key and the account by asking for one user; 501 proves them, too."""
        await self._users.probe()

    async def lookup_users(self, query: UserQuery) -> AsyncIterator[User]:
        """Yield users, to the last page; content distribution has none (501)."""
        async for user in self._users.look_up(query):
            # A filter may turn out to be none.
            self.filters = self._users.filters
            yield user

    def map_identity(self, request: IdentityRequest) -> IdentityProposal | None:
        """Return by which external reference somebody is to be found."""
        attribute, assertion = self.options.identity_attribute, request.assertion
        if attribute is not None:
            values = assertion.attributes.get(attribute, ()) if assertion else ()
            reference = text(values[0]) if len(values) == 1 else None
        else:
            subject = assertion.subject if assertion else None
            reference = text(request.learner.external_id) or text(subject)
        return None if reference is None else IdentityProposal(user_id=reference, matched_by="external_id")

    def read_launch(self, query: LaunchQuery) -> Launch | None:
        """Return who opened the content, and the whole query where the system wants it back."""
        return launch(query, self.options)

    def receive_results(self, incoming: Incoming) -> Received:
        """Take StackOne's own events, of which nothing is a result."""
        return received(incoming, self.options.webhook_secrets)

    async def submit_results(self, batch: Batch) -> Sequence[Receipt]:
        """Send one after the other, until the connection fails."""
        receipts: list[Receipt] = []
        started = time.monotonic()
        for place, delivery in enumerate(batch.deliveries):
            if receipts and time.monotonic() - started > _LAST_START:
                rest = batch.deliveries[place:]
                self._sender.not_sent(rest)
                now = self.clock.now()
                return [*receipts, *(TryLater(each.id, now, "its turn didn't come") for each in rest)]
            try:
                receipts.append(await self._sender.deliver(delivery))
            except CutShort as cut:
                later = [each.id for each in batch.deliveries[place + 1 :]]
                raise CutShort(receipts, cut.failure, [*cut.unsent, *later]) from None
        return receipts
