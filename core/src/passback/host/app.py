"""The host's face: configuration in; results accepted, delivered and accounted for."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import attrs

from passback.clock import Clock, SystemClock
from passback.connection import Connection
from passback.delivery import (
    Acceptance,
    Committer,
    ConnectionState,
    DeliveryState,
    Dispatcher,
    DispatcherLock,
    Outbox,
    Overview,
    Repair,
    Selection,
    Store,
    Submission,
    Surroundings,
    Totals,
)
from passback.errors import (
    ConfigError,
    ConnectionNotReady,
    ContentConflict,
    InvalidResult,
    OutboxError,
    PassbackError,
)
from passback.host.config import Config, read_config
from passback.host.observers import load_observers
from passback.host.roster import ConfiguredRoster
from passback.host.watching import watch
from passback.http import HTTP, Exchange
from passback.model import Result
from passback.plugins import LoadReport

__all__ = ["CheckOutcome", "Passback"]

log = logging.getLogger("passback.host")

# Enough for one transaction to be worth it, few enough for other writers to get their turn.
_CHUNK = 500
_DRAIN_POLL = 0.1


@attrs.frozen(kw_only=True)
class CheckOutcome:
    """What a connection's test button found.

    Attributes:
        connection: Its name.
        tried: The requests that were made, in order.
        error: What is wrong; None if nothing is.
    """

    connection: str
    tried: Sequence[Exchange]
    error: PassbackError | None


class Passback:
    """Accepts learning results, and delivers them to the configured connections.

    Use it as an async context manager::

        async with Passback.from_file("passback.toml") as pb:
            await pb.submit(result)
    """

    def __init__(
        self, config: Config, *, strict: bool = True, deliver: bool = True, clock: Clock | None = None
    ) -> None:
        """Prepare a host.

        Args:
            config: What to connect to.
            strict: Whether a connection that can't serve is an error when this is entered; otherwise it's
                shown as misconfigured, and its results wait.
            deliver: Whether to deliver in this process; otherwise results are accepted here, and another
                process (``passback work``) delivers them.
            clock: What tells the time.
        """
        self._config = config
        self._path: Path | None = None
        self._strict = strict
        self._deliver = deliver
        self._clock: Clock = clock or SystemClock()
        self._store = Store(config.store)
        self._outbox = Outbox(self._store)
        self._overview = Overview(self._store)
        self._roster = ConfiguredRoster(config, self._clock)
        self._routes: tuple[Mapping[str, list[str]], list[str]] = self._roster.routes()
        self._dispatcher: Dispatcher | None = None
        self._delivering: asyncio.Task[None] | None = None
        self._committer: Committer | None = None
        self._changing = asyncio.Lock()
        self._closing = False
        self._stack = AsyncExitStack()

    @classmethod
    def from_file(cls, path: str | Path, *, strict: bool = True, deliver: bool = True) -> Self:
        """Return a host for the configuration file at `path`.

        Raises:
            ExceptionGroup: Of `ConfigError`: everything that is wrong with the file.
        """
        host = cls(read_config(Path(path)), strict=strict, deliver=deliver)
        host._path = Path(path)
        return host

    async def __aenter__(self) -> Self:
        try:
            await self._enter()
        except BaseException:
            await self.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    @property
    def connectors(self) -> LoadReport:
        """What became of every connector that is installed or configured."""
        return self._roster.connectors

    @property
    def connection_names(self) -> list[str]:
        """The names of all configured connections."""
        return sorted({*self._config.connections, *self._config.broken})

    def connection(self, name: str) -> Connection:
        """Return the connection called `name`, to ask it what its connector can.

        Raises:
            ConnectionNotReady: It can't serve; says why.
        """
        return self._roster.connection(name)

    async def submit(self, result: Result) -> Acceptance:
        """Accept `result`: when this returns it's on disk, and will be delivered.

        Raises:
            InvalidResult: It holds something that can't be kept.
            ContentConflict: Its id is known with other content.
            OutboxError: The store can't take it.
        """
        (answer,) = await self.submit_many([result])
        if isinstance(answer, PassbackError):
            raise answer
        return answer

    async def submit_many(
        self, results: Iterable[Result]
    ) -> list[Acceptance | ContentConflict | InvalidResult]:
        """Accept many results; return for each its acceptance, or why it isn't accepted.

        Raises:
            OutboxError: The store can't take them; those of the chunks before are accepted.
        """
        answers: list[Acceptance | ContentConflict | InvalidResult] = []
        for chunk in _chunks(results):
            answers += await self._put(chunk)
        return answers

    async def drain(self, seconds: float | None = None) -> bool:
        """Wait until nothing is pending; return whether that came within `seconds` (None: however long)."""
        try:
            async with asyncio.timeout(seconds):
                # Another process may deliver, so there is no event to wait for.
                while await self._overview.pending():  # noqa: ASYNC110
                    await asyncio.sleep(_DRAIN_POLL)
        except TimeoutError:
            return False
        return True

    async def totals(self) -> Totals:
        """Return the whole outbox in numbers, each connection with its health."""
        totals = await self._overview.totals()
        known = {each.name for each in totals.connections}
        untouched = [
            ConnectionState.untouched(name, self._config.broken.get(name))
            for name in self.connection_names
            if name not in known
        ]
        connections = [*totals.connections, *untouched]
        return attrs.evolve(totals, connections=sorted(connections, key=lambda each: each.name))

    async def deliveries(self, selection: Selection | None = None, limit: int = 100) -> list[DeliveryState]:
        """Return deliveries as they stand, the newest change first."""
        return await self._overview.deliveries(selection or Selection(), limit, self._clock.now())

    async def replay(self, selection: Selection) -> int:
        """Send what `selection` chooses of the waiting and the rejected once more; return how many."""
        return await Repair(self._store).replay(selection, self._clock.now())

    async def check(self, name: str) -> CheckOutcome:
        """Press the test button of the connection called `name`."""
        with HTTP.recording() as tried:
            try:
                await self._roster.connection(name).check()
            except PassbackError as error:
                return CheckOutcome(connection=name, tried=tried, error=error)
        return CheckOutcome(connection=name, tried=tried, error=None)

    async def aclose(self) -> None:
        """Stop delivering and close what is open; leaving the ``async with`` does it."""
        self._closing = True
        await self._stack.aclose()
        await self._roster.aclose()

    async def reload(self) -> None:
        """Serve by the configuration file as it is now.

        It's read again by itself when it changes; call this where only a secret that it refers to did. What
        is on the wire arrives first.

        Raises:
            ExceptionGroup: Of `ConfigError`: it can't be used, and everything stays as it was.
        """
        if self._path is None:
            raise ConfigError("this host wasn't made from a file, so there is none to read again")
        async with self._changing:
            config = read_config(self._path)
            before = self._roster
            await self._stop_delivering()
            self._config = config.model_copy(update={"store": self._config.store})
            self._roster = ConfiguredRoster(self._config, self._clock)
            self._routes = self._roster.routes()
            if self._deliver and not self._closing:
                self._start_delivering()
            await before.aclose()
        log.info("the configuration is read again")

    def cancel(self) -> None:
        """Leave what is on the wire, for those who can't wait; it's sent again by whoever delivers next."""
        if self._dispatcher is not None:
            self._dispatcher.cancel()

    async def _enter(self) -> None:
        if self._strict:
            self._require_ready()
        if self._deliver:
            lock = DispatcherLock(self._config.store)
            lock.acquire()
            self._stack.callback(lock.release)
        await self._store.open()
        self._stack.push_async_callback(self._store.close)
        if self._deliver:
            self._stack.push_async_callback(self._stop_delivering)
            await self._start_delivering().start()
        self._committer = Committer(self._outbox, self._clock, self._wake if self._deliver else None)
        self._stack.push_async_callback(self._committer.finish)
        if self._path is not None:
            watching = asyncio.create_task(watch(self._path, self.reload), name="passback configuration")
            self._stack.callback(watching.cancel)

    def _start_delivering(self) -> Dispatcher:
        around = Surroundings(
            outbox=self._outbox,
            clock=self._clock,
            rng=random.Random(),  # noqa: S311 - it spreads probes, no secret
            observers=load_observers(self._config),
        )
        self._dispatcher = Dispatcher(self._roster, around)
        self._delivering = asyncio.create_task(self._dispatcher.run(), name="passback dispatcher")
        return self._dispatcher

    async def _stop_delivering(self) -> None:
        if self._dispatcher is not None and self._delivering is not None:
            self._dispatcher.stop()
            await self._delivering

    def _wake(self, name: str) -> None:
        if self._dispatcher is not None:
            self._dispatcher.wake(name)

    def _require_ready(self) -> None:
        reasons = self._roster.not_ready() if self._deliver else self._config.broken
        if reasons:
            problems = [ConnectionNotReady(name, reason) for name, reason in sorted(reasons.items())]
            raise ExceptionGroup("connections that can't serve", problems)

    def _attached(self, activity: str) -> list[str]:
        attached, everywhere = self._routes
        return list(dict.fromkeys([*attached.get(activity, ()), *everywhere]))

    async def _put(self, results: Sequence[Result]) -> list[Acceptance | ContentConflict | InvalidResult]:
        if self._committer is None:
            raise OutboxError("open the host first: async with Passback.from_file(…) as pb")
        prepared = [self._prepared(result) for result in results]
        submissions = [each for each in prepared if isinstance(each, Submission)]
        accepted = iter(await self._committer.put(submissions) if submissions else ())
        return [each if isinstance(each, InvalidResult) else next(accepted) for each in prepared]

    def _prepared(self, result: Result) -> Submission | InvalidResult:
        try:
            return Submission.of(result, self._attached(result.activity.id))
        except InvalidResult as error:
            return error


def _chunks(results: Iterable[Result]) -> Iterator[list[Result]]:
    chunk: list[Result] = []
    for result in results:
        chunk.append(result)
        if len(chunk) == _CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
