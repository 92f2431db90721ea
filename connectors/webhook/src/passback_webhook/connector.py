"""The connector: results to messages, a customer's answers to receipts, and what they send to results."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from passback import (
    Batch,
    Connector,
    Context,
    CutShort,
    Delivered,
    Delivery,
    IdentityProposal,
    IdentityRequest,
    Incoming,
    Receipt,
    Received,
    Unsupported,
    User,
    UserQuery,
    UserUnknown,
)
from passback_webhook.calling import Caller
from passback_webhook.checking import check
from passback_webhook.expressions import ExpressionFailed
from passback_webhook.identity import proposal
from passback_webhook.messages import Author, NobodyToName
from passback_webhook.options import WebhookOptions
from passback_webhook.outgoing import Message
from passback_webhook.receiving import Receiver
from passback_webhook.sending import Sender, unwritable
from passback_webhook.users import Directory

__all__ = ["WebhookConnector"]


class WebhookConnector(Connector[WebhookOptions]):
    """Sends results to any customer's API, and receives them, by configuration alone."""

    def __init__(self, context: Context[WebhookOptions]) -> None:
        super().__init__(context)
        options = self.options
        if options.users is None and options.identity is None:
            self.keys = frozenset()
        self._caller = Caller(self.http, options, self.clock)
        self._author = Author(options, self.clock)
        self._sender = Sender(options, self._caller, self.clock)
        self._directory = Directory(options.users, self._caller) if options.users else None
        received = options.receive
        self._receiver = Receiver(received, self.connection, self.clock) if received else None

    async def check(self) -> None:
        """Prove the client with a new token, where it has one, and the rest by a request that only reads."""
        await check(self.options, self._caller)

    async def submit_results(self, batch: Batch) -> Sequence[Receipt]:
        """Send what this connection sends, in as few requests as it allows; the rest counts as delivered."""
        receipts: list[Receipt] = []
        messages: list[Message] = []
        for delivery in batch.deliveries:
            written = self._written(delivery)
            if isinstance(written, Message):
                messages.append(written)
            else:
                receipts.append(written)
        try:
            return [*receipts, *await self._sender.send(messages)]
        except CutShort as cut:
            raise CutShort([*receipts, *cut.receipts], cut.failure, cut.unsent) from None

    async def lookup_users(self, query: UserQuery) -> AsyncIterator[User]:
        """Yield the users that match `query`, to the last page."""
        if self._directory is None:
            raise Unsupported(f"connection {self.connection!r}: no look-up is configured (users)")
        async for user in self._directory.users(query):
            yield user

    def map_identity(self, request: IdentityRequest) -> IdentityProposal | None:
        """Return which user somebody is, as the configured expression says."""
        return proposal(self.options.identity, request)

    def receive_results(self, incoming: Incoming) -> Received:
        """Return the results in what the customer's system sent, if it proves itself as configured."""
        if self._receiver is None:
            raise Unsupported(f"connection {self.connection!r}: nothing is to be received (receive)")
        return self._receiver.received(incoming)

    def _written(self, delivery: Delivery) -> Message | Receipt:
        if not self._author.writes(delivery.result.kind):
            return Delivered(delivery.id, sent=False)  # without an id over there: it was not to be sent
        try:
            return self._author.message(delivery)
        except NobodyToName as nobody:
            return UserUnknown(delivery.id, str(nobody))
        except ExpressionFailed as failure:
            return unwritable(delivery, failure)
