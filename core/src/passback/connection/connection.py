"""The typed face of one configured connector: what the rest of Passback asks of a system."""

from __future__ import annotations

import contextvars
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from passback.clock import Clock
from passback.connection.asking import Asking
from passback.connection.layers import Layers
from passback.connection.receipts import fitted, fitting
from passback.contract import Connector, Context, Extension, Options
from passback.errors import ConnectionFailure, ContractError, SignInRefused
from passback.http import HTTP, Meter
from passback.model import (
    Assertion,
    Batch,
    CourseListRequest,
    CutShort,
    Departure,
    IdentityProposal,
    IdentityRequest,
    Incoming,
    Launch,
    LaunchQuery,
    Observation,
    Receipt,
    Received,
    Result,
    Sample,
    SampleReading,
    ServiceMetadata,
    SignIn,
    SignInPlace,
    SignInRequest,
    SignInReturn,
    SignInStart,
    SignOutStart,
    User,
    UserQuery,
)

__all__ = ["Connection"]

# A person waits for a check, and so does a lane that is in doubt.
_CHECK_SECONDS = 60.0
_CLOSE_SECONDS = 5.0
_END = object()


class Connection:
    """One configured connector, ready to be asked.

    Attributes:
        name: Its name in the configuration.
        connector: The connector.
        capabilities: The hooks that the connector implements.
    """

    def __init__(
        self,
        name: str,
        connector: type[Connector[Options]],
        options: Options,
        http: HTTP,
        clock: Clock,
        extensions: Iterable[type[Extension]] = (),
    ) -> None:
        self.name = name
        self._http = http
        self._clock = clock
        self._passed: datetime | None = None
        context = Context(connection=name, options=options, http=http, clock=clock)
        self._asking = Asking(connector, context)
        self._layers = Layers(self._asking, extensions)
        self.connector = self._asking.connector
        self.capabilities = self._asking.capabilities

    @property
    def meter(self) -> Meter:
        """What counts its requests."""
        return self._http.meter

    async def check(self) -> None:
        """Prove that address and credentials work.

        Raises:
            ConnectionFailure: They don't.
            ContractError: The connector raised something else, or hung.
        """
        await self._asking.timely("check", self.connector.check, _CHECK_SECONDS)
        self._passed = self._clock.now()

    def vouched(self, span: timedelta) -> bool:
        """Return whether its check passed within the last `span`."""
        return self._passed is not None and timedelta() <= self._clock.now() - self._passed < span

    async def submit_results(self, batch: Batch) -> Sequence[Receipt]:
        """Send `batch`; return exactly one receipt for each of its deliveries, in their order.

        Raises:
            CutShort: The connection failed in its midst; what was answered before is there.
            ConnectionFailure: The whole connection is concerned.
            ContractError: The connector raised something else, or its receipts don't fit.
        """
        self._asking.require("submit_results")
        with self._asking.contained(self.connector, "submit_results"):
            try:
                receipts = await self._asking.apart(
                    "submit_results", lambda: self.connector.submit_results(batch), counts=True
                )
            except CutShort as cut:
                raise fitted(self._asking, batch, cut) from None
            # What a plugin returns may do anything when it's looked at.
            return fitting(self._asking, batch, receipts)

    async def lookup_users(self, query: UserQuery) -> AsyncIterator[User]:
        """Yield the users of this system that match `query`.

        Raises:
            ConnectionFailure: The system can't be asked.
            ContractError: The connector raised something else, or hung.
        """
        self._asking.require("lookup_users")
        with self._asking.contained(self.connector, "lookup_users"):
            users = aiter(self.connector.lookup_users(query))
        context = contextvars.copy_context()
        while True:
            user = await self._asking.timely("lookup_users", lambda: anext(users, _END), context=context)
            if user is _END:
                return
            yield self._asking.of("lookup_users", user, User)

    def map_identity(self, request: IdentityRequest) -> IdentityProposal | None:
        """Return which user of this system somebody is: the first answer, extensions before the connector.

        Raises:
            ContractError: An implementation raised, and none before it answered.
        """
        return self._layers.first("map_identity", lambda hook: hook(request=request), IdentityProposal)

    def read_launch(self, query: LaunchQuery) -> Launch | None:
        """Return the validated launch: the first answer, extensions before the connector.

        Raises:
            ContractError: An implementation raised, and none before it answered.
        """
        return self._layers.first("read_launch", lambda hook: hook(query=query), Launch)

    def receive_results(self, incoming: Incoming) -> Received:
        """Return what the system says that sent `incoming`, and what to answer.

        Raises:
            Unsupported: The connector receives nothing.
            ContractError: It raised something, or answered nonsense.
        """
        return self._received("receive_results", lambda asked: asked.receive_results(incoming))

    def list_courses(self, request: CourseListRequest) -> Received:
        """Return what to answer a system that pulls the list of courses.

        Raises:
            Unsupported: The connector lists none.
            ContractError: It raised something, or answered nonsense.
        """
        return self._received("list_courses", lambda asked: asked.list_courses(request))

    async def sign_in_url(self, request: SignInRequest) -> SignIn:
        """Return where one of our learners is signed in to this system.

        Raises:
            ConnectionFailure: The system doesn't give one.
            ContractError: The connector raised something else, or answered nonsense.
        """
        return await self._asking.awaited("sign_in_url", lambda asked: asked.sign_in_url(request), SignIn)

    async def start_sign_in(self, request: SignInStart) -> Departure:
        """Return where a browser signs in at the identity provider.

        Raises:
            ConnectionFailure: The provider doesn't tell how, or the connector signs nobody in.
            ContractError: The connector raised something else, or answered nonsense.
        """
        return await self._asking.awaited(
            "start_sign_in", lambda asked: asked.start_sign_in(request), Departure
        )

    async def finish_sign_in(self, request: SignInReturn) -> Assertion:
        """Return what the identity provider says by what a browser brought back.

        Raises:
            SignInRefused: It proves nothing.
            ConnectionFailure: The provider can't be asked.
            ContractError: The connector raised something else, or answered nonsense.
        """
        self._asking.require("finish_sign_in")
        said = await self._asking.timely(
            "finish_sign_in", lambda: self.connector.finish_sign_in(request), None, SignInRefused
        )
        return self._asking.of("finish_sign_in", said, Assertion)

    async def start_sign_out(self, request: SignOutStart) -> Departure | None:
        """Return where a browser signs out at the identity provider; None where it offers nothing.

        Raises:
            ConnectionFailure: The provider doesn't tell how.
            ContractError: The connector raised something else, or answered nonsense.
        """
        if "start_sign_out" not in self.capabilities:
            return None
        departure = await self._asking.timely(
            "start_sign_out", lambda: self.connector.start_sign_out(request)
        )
        return departure if departure is None else self._asking.of("start_sign_out", departure, Departure)

    async def inspect_provider(self, place: SignInPlace) -> Sequence[Observation]:
        """Return what the identity provider publishes and what we would send it.

        Raises:
            ConnectionFailure: It can't be asked.
            ContractError: The connector raised something else, or answered nonsense.
        """
        self._asking.require("inspect_provider")

        async def inspected() -> Sequence[Observation]:
            return list(await self.connector.inspect_provider(place))

        seen = await self._asking.timely("inspect_provider", inspected)
        return [self._asking.of("inspect_provider", each, Observation) for each in seen]

    def publish_metadata(self, place: SignInPlace) -> ServiceMetadata:
        """Return who we are, for the administrator of the identity provider.

        Raises:
            Unsupported: The protocol has no such thing.
            ContractError: The connector raised something, or answered nonsense.
        """
        return self._asking.answer(
            "publish_metadata", lambda asked: asked.publish_metadata(place), ServiceMetadata
        )

    def read_sample(self, sample: Sample) -> SampleReading:
        """Return what a sample of the identity provider's answer would say.

        Raises:
            Unsupported: The connector reads none.
            ContractError: It raised something, or answered nonsense.
        """
        return self._asking.answer("read_sample", lambda asked: asked.read_sample(sample), SampleReading)

    def _received(self, hook: str, ask: Callable[[Connector[Options]], object]) -> Received:
        answer = self._asking.answer(hook, ask, Received)
        if not all(isinstance(each, Result) for each in answer.results):
            raise self._asking.unfit(f"{hook} must return a Received that holds Results")
        if not all(isinstance(name, str) for pair in answer.users.items() for name in pair):
            raise self._asking.unfit(f"{hook} must return a Received whose users are texts, by texts")
        return answer

    async def aclose(self) -> None:
        """Close what the connector opened; a connector that fails or hangs at it is left to itself."""
        with suppress(ContractError, ConnectionFailure):
            await self._asking.timely("aclose", self.connector.aclose, _CLOSE_SECONDS)
        await self._http.aclose()
