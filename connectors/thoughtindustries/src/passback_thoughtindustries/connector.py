"""The connector: results to external activity, users by pages, and sign-ins by the school's own key."""

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
    ServerError,
    SignIn,
    SignInRequest,
    Unsupported,
    User,
    UserQuery,
)
from passback_thoughtindustries.directory import Directory
from passback_thoughtindustries.events import Events
from passback_thoughtindustries.identity import proposal
from passback_thoughtindustries.options import ThoughtIndustriesOptions
from passback_thoughtindustries.receiving import Receiver
from passback_thoughtindustries.school import School, document, require
from passback_thoughtindustries.signing_in import Entrance
from passback_thoughtindustries.submitting import Submitter

__all__ = ["ThoughtIndustriesConnector"]

_OK = 200


class ThoughtIndustriesConnector(Connector[ThoughtIndustriesOptions]):
    """Reports to a school of Thought Industries, and signs its learners in."""

    # One request for each completion.
    sending = Sending(batch=10, concurrency=2, latest_only=True)
    filters = frozenset({"id"})
    keys = frozenset({"external_id", "id", "email"})

    def __init__(self, context: Context[ThoughtIndustriesOptions]) -> None:
        super().__init__(context)
        self._school = School(self.http, self.options)
        self._directory = Directory(self._school, self.options, self.clock)
        self.filters = self._directory.filters
        self._events = Events(self._school, self.options, self.clock)
        self._submitter = Submitter(self._school, self.options, self._events)
        self._sends = False
        self._entrance = Entrance(self.options, self.clock)
        self._receiver = Receiver(self.options) if self.options.webhook_secrets else None

    async def check(self) -> None:
        """Prove address and key by the school's own test, ``/ping``, and its events where they are needed."""
        answer = await self._school.get("ping")
        require(answer, _OK)
        if document(answer).get("valid") is not True:
            raise ServerError(f"{answer.asked} answered that the key isn't valid; check api_key", status=_OK)
        # While results go, a check asks whether a refusal is to be believed; and events have no part in that.
        if not self._sends:
            await self._events.prove()

    async def lookup_users(self, query: UserQuery) -> AsyncIterator[User]:
        """Yield the user with an id, those with an e-mail address, or all of them, to the last page."""
        async for user in self._directory.users(query):
            yield user

    def map_identity(self, request: IdentityRequest) -> IdentityProposal | None:
        """Return the external id or the address by which the school knows somebody."""
        return proposal(self.options, request)

    async def submit_results(self, batch: Batch) -> Sequence[Receipt]:
        """Tell each completion as external activity, once."""
        self._sends = True
        return await self._submitter.send(batch.deliveries)

    def receive_results(self, incoming: Incoming) -> Received:
        """Return the result in what the school's webhook sent, if its signature is good."""
        if self._receiver is None:
            raise Unsupported(f"connection {self.connection!r}: nothing is to be received (webhook_secrets)")
        return self._receiver.received(incoming)

    async def sign_in_url(self, request: SignInRequest) -> SignIn:
        """Return where a token signs a learner in to the school, with what they may learn there."""
        return self._entrance.sign_in(request)
