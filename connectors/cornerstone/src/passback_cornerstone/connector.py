"""The connector: results to Cornerstone, its users, its launches, and the course list that it pulls."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from passback import (
    Batch,
    Connector,
    Context,
    CourseListRequest,
    IdentityProposal,
    IdentityRequest,
    Launch,
    LaunchQuery,
    Receipt,
    Received,
    Sending,
    Unsupported,
    User,
    UserQuery,
)
from passback_cornerstone import launches
from passback_cornerstone.api import Api
from passback_cornerstone.catalogue import listed
from passback_cornerstone.directory import Directory
from passback_cornerstone.identity import proposal
from passback_cornerstone.options import CornerstoneOptions
from passback_cornerstone.portal import Portal
from passback_cornerstone.sending import Sender
from passback_cornerstone.transcripts import Transcripts

__all__ = ["CornerstoneConnector"]


class CornerstoneConnector(Connector[CornerstoneOptions]):
    """Sends results to Cornerstone: by the callback of a launch, and by the tenant's own APIs."""

    # Cornerstone keeps one status for a learner in a course.
    sending = Sending(batch=10, latest_only=True)

    def __init__(self, context: Context[CornerstoneOptions]) -> None:
        super().__init__(context)
        options, callback, api = self.options, self.options.callback, self.options.api
        self._portal = None if callback is None else Portal(options, callback, self.http, self.clock)
        tenant = None if api is None else Api(options.url, api, self.http, self.clock)
        self._directory = None if tenant is None else Directory(tenant, self.clock)
        transcripts = None if tenant is None else Transcripts(tenant)
        self._sender = Sender(options, self._portal, transcripts, self._directory)
        self.filters = frozenset() if self._directory is None else self._directory.filters

    async def check(self) -> None:
        """Prove the tenant's client by reading; of the callback, that the portal is there.

        Only a record that is posted proves the provider's key and secret.
        """
        if self._directory is not None:
            await self._directory.prove()
        elif self._portal is not None:
            await self._portal.reach(self.options.url)

    async def submit_results(self, batch: Batch) -> Sequence[Receipt]:
        """Send each result by the callback while a token lives, else by the tenant's API."""
        return await self._sender.receipts(batch)

    async def lookup_users(self, query: UserQuery) -> AsyncIterator[User]:
        """Yield employees, each by the guid that launches carry, too."""
        if self._directory is None:
            raise Unsupported(
                f"connection {self.connection!r}: content distribution alone tells nobody who its users are; "
                "the tenant's OAuth2 client (api) does"
            )
        async for user in self._directory.users(query):
            yield user

    def map_identity(self, request: IdentityRequest) -> IdentityProposal | None:
        """Return which user somebody is, as the tenant's identity provider says."""
        return proposal(request, self.options.identity)

    def read_launch(self, query: LaunchQuery) -> Launch | None:
        """Return the launch, if it names this portal and nothing else."""
        callback = self.options.callback
        return None if callback is None else launches.read(query, self.options, callback, self.clock.now())

    def list_courses(self, request: CourseListRequest) -> Received:
        """Return the courses that changed, to whoever has the provider's key and secret."""
        if self.options.callback is None:
            raise Unsupported(f"connection {self.connection!r}: no provider key is configured (callback)")
        return listed(request, self.options, self.options.callback)
