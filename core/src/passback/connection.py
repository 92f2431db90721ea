"""The typed face of one configured connector.

pluggy doesn't await and takes a coroutine for an answer, so the hooks aren't called through it: this class
walks the registered implementations itself, last registered first, awaits what is async, and turns
whatever an extension or a connector does wrong into one of Passback's errors.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import Any, TypeVar

import attrs
import pluggy

from passback.clock import Clock
from passback.contract import (
    PROJECT,
    Connector,
    Context,
    Extension,
    Options,
    discreet,
    hush,
    implemented,
    secret_texts,
)
from passback.errors import ConnectionFailure, ContractError, PassbackError, SignInRefused, Unsupported
from passback.foreign import contained, ended
from passback.http import HTTP, Meter, forms_of
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

Answer = TypeVar("Answer")
Asked = TypeVar("Asked")

# A person waits for a check, and so does a lane that is in doubt.
_CHECK_SECONDS = 60.0
# What asks may take several requests, each with limits of its own; for users, until the next one comes.
_ANSWER_SECONDS = 180.0
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
        self._secrets = forms_of(secret_texts(options))
        context = Context(connection=name, options=options, http=http, clock=clock)
        with self._contained(connector, "__init__"):
            self.connector = connector(context)
        self.capabilities = implemented(connector, Connector)
        self._extensions = tuple(dict.fromkeys(extensions))

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
        await self._timely("check", self.connector.check, _CHECK_SECONDS)

    async def submit_results(self, batch: Batch) -> Sequence[Receipt]:
        """Send `batch`; return exactly one receipt for each of its deliveries, in their order.

        Raises:
            CutShort: The connection failed in its midst; what was answered before is there.
            ConnectionFailure: The whole connection is concerned.
            ContractError: The connector raised something else, or its receipts don't fit.
        """
        self._require("submit_results")
        with self._contained(self.connector, "submit_results"):
            try:
                receipts = await self._apart(
                    "submit_results", lambda: self.connector.submit_results(batch), counts=True
                )
            except CutShort as cut:
                raise self._fitted(batch, cut) from None
            # What a plugin returns may do anything when it's looked at.
            return discreet(self._fitting(batch, receipts), self._secrets)

    def _fitted(self, batch: Batch, cut: CutShort) -> CutShort:
        rest = {each.id for each in batch.deliveries} - {each.delivery for each in cut.receipts}
        done = tuple(each for each in batch.deliveries if each.id not in rest)
        receipts = self._fitting(attrs.evolve(batch, deliveries=done), cut.receipts)
        hush(cut.failure, self._secrets)
        return CutShort(discreet(receipts, self._secrets), cut.failure, rest.intersection(cut.unsent))

    async def lookup_users(self, query: UserQuery) -> AsyncIterator[User]:
        """Yield the users of this system that match `query`.

        Raises:
            ConnectionFailure: The system can't be asked.
            ContractError: The connector raised something else, or hung.
        """
        self._require("lookup_users")
        with self._contained(self.connector, "lookup_users"):
            users = aiter(self.connector.lookup_users(query))
        context = contextvars.copy_context()
        while True:
            user = await self._timely("lookup_users", lambda: anext(users, _END), context=context)
            if user is _END:
                return
            yield self._of("lookup_users", user, User)

    def map_identity(self, request: IdentityRequest) -> IdentityProposal | None:
        """Return which user of this system somebody is: the first answer, extensions before the connector.

        Raises:
            ContractError: An implementation raised, and none before it answered.
        """
        return self._first("map_identity", lambda hook: hook(request=request), IdentityProposal)

    def read_launch(self, query: LaunchQuery) -> Launch | None:
        """Return the validated launch: the first answer, extensions before the connector.

        Raises:
            ContractError: An implementation raised, and none before it answered.
        """
        return self._first("read_launch", lambda hook: hook(query=query), Launch)

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
        return await self._awaited("sign_in_url", lambda asked: asked.sign_in_url(request), SignIn)

    async def start_sign_in(self, request: SignInStart) -> Departure:
        """Return where a browser signs in at the identity provider.

        Raises:
            ConnectionFailure: The provider doesn't tell how, or the connector signs nobody in.
            ContractError: The connector raised something else, or answered nonsense.
        """
        return await self._awaited("start_sign_in", lambda asked: asked.start_sign_in(request), Departure)

    async def finish_sign_in(self, request: SignInReturn) -> Assertion:
        """Return what the identity provider says by what a browser brought back.

        Raises:
            SignInRefused: It proves nothing.
            ConnectionFailure: The provider can't be asked.
            ContractError: The connector raised something else, or answered nonsense.
        """
        self._require("finish_sign_in")
        said = await self._timely(
            "finish_sign_in", lambda: self.connector.finish_sign_in(request), None, SignInRefused
        )
        return self._of("finish_sign_in", said, Assertion)

    async def start_sign_out(self, request: SignOutStart) -> Departure | None:
        """Return where a browser signs out at the identity provider; None where it offers nothing.

        Raises:
            ConnectionFailure: The provider doesn't tell how.
            ContractError: The connector raised something else, or answered nonsense.
        """
        if "start_sign_out" not in self.capabilities:
            return None
        departure = await self._timely("start_sign_out", lambda: self.connector.start_sign_out(request))
        return departure if departure is None else self._of("start_sign_out", departure, Departure)

    async def inspect_provider(self, place: SignInPlace) -> Sequence[Observation]:
        """Return what the identity provider publishes and what we would send it.

        Raises:
            ConnectionFailure: It can't be asked.
            ContractError: The connector raised something else, or answered nonsense.
        """
        self._require("inspect_provider")

        async def inspected() -> Sequence[Observation]:
            return list(await self.connector.inspect_provider(place))

        seen = await self._timely("inspect_provider", inspected)
        return [self._of("inspect_provider", each, Observation) for each in seen]

    def publish_metadata(self, place: SignInPlace) -> ServiceMetadata:
        """Return who we are, for the administrator of the identity provider.

        Raises:
            Unsupported: The protocol has no such thing.
            ContractError: The connector raised something, or answered nonsense.
        """
        return self._asked("publish_metadata", lambda asked: asked.publish_metadata(place), ServiceMetadata)

    def read_sample(self, sample: Sample) -> SampleReading:
        """Return what a sample of the identity provider's answer would say.

        Raises:
            Unsupported: The connector reads none.
            ContractError: It raised something, or answered nonsense.
        """
        return self._asked("read_sample", lambda asked: asked.read_sample(sample), SampleReading)

    async def _awaited(
        self, hook: str, ask: Callable[[Connector[Options]], Awaitable[object]], kind: type[Answer]
    ) -> Answer:
        self._require(hook)
        answer = await self._timely(hook, lambda: ask(self.connector))
        return self._of(hook, answer, kind)

    def _asked(self, hook: str, ask: Callable[[Connector[Options]], object], kind: type[Answer]) -> Answer:
        self._require(hook)
        with self._contained(self.connector, hook):
            answer = ask(self.connector)
        return self._of(hook, answer, kind)

    def _of(self, hook: str, answer: object, kind: type[Answer]) -> Answer:
        if isinstance(answer, kind):
            return answer
        raise self._unfit(f"{hook} must return {kind.__name__}, not {type(answer).__name__}")

    def _received(self, hook: str, ask: Callable[[Connector[Options]], object]) -> Received:
        answer = self._asked(hook, ask, Received)
        if not all(isinstance(each, Result) for each in answer.results):
            raise self._unfit(f"{hook} must return a Received that holds Results")
        if not all(isinstance(name, str) for pair in answer.users.items() for name in pair):
            raise self._unfit(f"{hook} must return a Received whose users are texts, by texts")
        return answer

    def _unfit(self, said: str) -> ContractError:
        return ContractError(f"connection {self.name!r}: {type(self.connector).__name__}.{said}")

    async def aclose(self) -> None:
        """Close what the connector opened; a connector that fails or hangs at it is left to itself."""
        with suppress(ContractError, ConnectionFailure):
            await self._timely("aclose", self.connector.aclose, _CLOSE_SECONDS)
        await self._http.aclose()

    @cached_property
    def _plugins(self) -> pluggy.PluginManager:
        # Built when a layered hook is first asked: it costs more than everything else of a connection.
        plugins = pluggy.PluginManager(PROJECT)
        plugins.add_hookspecs(Connector)
        plugins.register(self.connector, name=self.name)
        for extension in self._extensions:
            with self._contained(extension, "__init__"):
                plugin = extension()
            plugins.register(plugin, name=f"{extension.__module__}.{extension.__qualname__}")
        plugins.check_pending()
        return plugins

    def _first(self, hook: str, ask: Callable[[Any], object], kind: type[Answer]) -> Answer | None:
        for implementation in reversed(getattr(self._plugins.hook, hook).get_hookimpls()):
            with self._contained(implementation.plugin, hook):
                answer = ask(implementation.function)
            if answer is None:
                continue
            if not isinstance(answer, kind):
                raise ContractError(
                    f"connection {self.name!r}: {implementation.plugin_name}: {hook} answered "
                    f"{type(answer).__name__}, expected {kind.__name__} or None"
                )
            return answer
        return None

    def _require(self, hook: str) -> None:
        if hook not in self.capabilities:
            raise Unsupported(f"connection {self.name!r}: {type(self.connector).__name__} has no {hook}")

    async def _timely(
        self,
        hook: str,
        ask: Callable[[], Awaitable[Asked]],
        seconds: float | None = None,
        *expected: type[PassbackError],
        context: contextvars.Context | None = None,
    ) -> Asked:
        seconds = seconds or _ANSWER_SECONDS
        with self._contained(self.connector, hook, *expected):
            try:
                async with asyncio.timeout(seconds) as limit:
                    return await self._apart(hook, ask, *expected, context=context)
            except TimeoutError:
                if not limit.expired():
                    raise
                what = self._what(self.connector, hook)
                raise ContractError(f"{what} took longer than {seconds:g} s") from None

    async def _apart(
        self,
        hook: str,
        ask: Callable[[], Awaitable[Asked]],
        *expected: type[PassbackError],
        context: contextvars.Context | None = None,
        counts: bool = False,
    ) -> Asked:
        # In a task of its own, so that it's that one which a plugin cancels or breaks.
        answering = self._answered(hook, ask, *expected)
        task = asyncio.create_task(answering, name=self._what(self.connector, hook), context=context)
        return await ended(task, counts=counts)

    async def _answered(
        self, hook: str, ask: Callable[[], Awaitable[Asked]], *expected: type[PassbackError]
    ) -> Asked:
        try:
            with self._contained(self.connector, hook, *expected):
                return await ask()
        except GeneratorExit:
            # Of a plugin: nobody closes a task.
            raise asyncio.CancelledError from None

    @contextmanager
    def _contained(self, plugin: object, hook: str, *expected: type[PassbackError]) -> Iterator[None]:
        what = self._what(plugin, hook)
        try:
            with contained(what, *expected):
                yield
        except PassbackError as error:
            hush(error, self._secrets)
            with contained(f"{what}: {type(error).__name__}"):
                # A failure may be of a kind of the plugin's own, and is shown in many places.
                f"{error}"
            raise

    def _what(self, plugin: object, hook: str) -> str:
        kind = plugin if isinstance(plugin, type) else type(plugin)
        return f"connection {self.name!r}: {kind.__qualname__}.{hook}"

    def _fitting(self, batch: Batch, receipts: object) -> Sequence[Receipt]:
        by_delivery: dict[int, Receipt] = {}
        if isinstance(receipts, Sequence):
            by_delivery = {receipt.delivery: receipt for receipt in receipts if isinstance(receipt, Receipt)}
        wanted = [delivery.id for delivery in batch.deliveries]
        if (
            not isinstance(receipts, Sequence)
            or len(receipts) != len(wanted)
            or set(by_delivery) != set(wanted)
        ):
            raise ContractError(
                f"connection {self.name!r}: {type(self.connector).__name__}.submit_results must return one "
                f"receipt for each of the {len(wanted)} deliveries, and for no other"
            )
        return [by_delivery[delivery] for delivery in wanted]
