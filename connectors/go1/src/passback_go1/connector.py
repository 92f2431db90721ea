"""The connector: results to enrollments, GO1's answers to receipts, and its events to results."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from passback import (
    Batch,
    Connector,
    Context,
    IdentityProposal,
    IdentityRequest,
    Incoming,
    Receipt,
    Received,
    Sending,
    SignIn,
    SignInRequest,
    Unsupported,
    User,
    UserQuery,
)
from passback_go1.directory import Directory
from passback_go1.identity import proposal
from passback_go1.objects import LearningObjects
from passback_go1.options import Go1Options
from passback_go1.portal import Portal, hits
from passback_go1.receiving import Receiver
from passback_go1.signing_in import Entrance
from passback_go1.submitting import Submitter

__all__ = ["Go1Connector"]

_OK, _NOT_IMPLEMENTED = 200, 501


class Go1Connector(Connector[Go1Options]):
    """Reports to a portal of GO1, and takes what it reports."""

    # One request or three for each result: a batch only shares what a lease costs.
    sending = Sending(batch=10, concurrency=4, latest_only=True)
    filters = frozenset({"email", "id"})
    keys = frozenset({"email", "id"})

    def __init__(self, context: Context[Go1Options]) -> None:
        super().__init__(context)
        options = self.options
        if not options.email_filter:
            self.filters = frozenset({"id"})
        objects = LearningObjects(options.learning_objects)
        self._portal = Portal(self.http, options, self.clock)
        self._submitter = Submitter(self._portal, options, objects, self.clock)
        self._directory = Directory(self._portal, options, self.clock)
        self._entrance = Entrance(self._portal, options, objects)
        self._receiver = Receiver(options, objects, self.connection) if options.webhook_secrets else None

    async def check(self) -> None:
        """Prove the client with a new token, and both APIs by reading the first of their lists."""
        await self._portal.renew()
        enrollments = await self._portal.enrollments({"limit": 1, "offset": 0})
        enrollments.require(_OK)
        hits(enrollments, "hits")
        users = await self._portal.users({"limit": 1, "offset": 0})
        # Results still go where nobody may list the users.
        users.require(_OK, _NOT_IMPLEMENTED)
        if users.status == _OK:
            hits(users, self.options.users_key)

    async def lookup_users(self, query: UserQuery) -> AsyncIterator[User]:
        """Yield the user with an id, those with an e-mail address, or all of them, to the last page."""
        async for user in self._directory.users(query):
            yield user

    def map_identity(self, request: IdentityRequest) -> IdentityProposal | None:
        """Return the e-mail address by which GO1 knows somebody."""
        return proposal(self.options.identity_attribute, request)

    async def submit_results(self, batch: Batch) -> Sequence[Receipt]:
        """Make an enrollment of each result, or change the one that exists; never back from completed."""
        return await self._submitter.send(batch.deliveries)

    def receive_results(self, incoming: Incoming) -> Received:
        """Return the result in what GO1's webhook sent, if its signature is good."""
        if self._receiver is None:
            raise Unsupported(f"connection {self.connection!r}: nothing is to be received (webhook_secrets)")
        return self._receiver.received(incoming)

    async def sign_in_url(self, request: SignInRequest) -> SignIn:
        """Return a one-time address that signs a learner in to the portal."""
        return await self._entrance.sign_in(request)
