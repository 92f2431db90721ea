"""The host's face without async: for Django, Flask, Celery and scripts."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from passback.alerts import Notice
from passback.contract import Observer
from passback.delivery import Acceptance, Attached, DeliveryState, Exported, Kept, Selection, Step, Totals
from passback.errors import OutboxError
from passback.host.app import Passback
from passback.host.blocking.keeping import Keeper
from passback.host.blocking.portal import PortalClosed
from passback.host.blocking.waiting import BlockingAccounts, BlockingLaunching, BlockingSigningIn
from passback.host.checking import CheckOutcome
from passback.host.config import Config, ConnectionConfig, read_config
from passback.host.intake import Answer, chunks
from passback.model import DEFAULT_ORGANISATION, Learner, Result, Standing, User

__all__ = ["BlockingPassback"]

T = TypeVar("T")
log = logging.getLogger("passback.host")

_AT_ONCE = 100
_DRAIN_POLL = 0.1


class BlockingPassback:
    """`Passback` for code without async: the same methods, each done when it returns.

    Make one for the whole process and share it between threads::

        pb = BlockingPassback.from_file("passback.toml", deliver=False)

        def finish(request):
            pb.submit(result)

    It opens itself when it's first used, in each process anew, so that it may be made before a server forks.
    It closes when the process ends, or at the end of a ``with`` block. In a process that was forked from one
    that delivers, it only accepts.

    Attributes:
        accounts: Which user of each system a learner is.
        launching: Content that is opened from an LMS, and who came.
        signing_in: Who signs in by an identity provider.
    """

    def __init__(self, config: Config, *, strict: bool = True, deliver: bool = True) -> None:
        """Prepare a host; the arguments are those of `Passback`."""
        self._keeper = Keeper(config, strict=strict, deliver=deliver)
        self.accounts = BlockingAccounts(self._call)
        self.launching = BlockingLaunching(self._call)
        self.signing_in = BlockingSigningIn(self._call)

    @classmethod
    def from_file(
        cls,
        path: str | Path,
        *,
        strict: bool = True,
        deliver: bool = True,
        connections: Mapping[str, ConnectionConfig] | None = None,
        observers: Iterable[Observer] = (),
    ) -> Self:
        """Return a host for the configuration file at `path`; see `Passback.from_file`.

        Raises:
            ExceptionGroup: Of `ConfigError`: everything that is wrong with the file.
        """
        config = read_config(Path(path), connections=connections, observers=observers)
        return cls(config, strict=strict, deliver=deliver)

    def __enter__(self) -> Self:
        self._keeper.opened()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def submit(self, result: Result) -> Acceptance:
        """Accept `result`; see `Passback.submit`."""
        return self._call(lambda host: host.submit(result))

    def submit_many(self, results: Iterable[Result]) -> list[Answer]:
        """Accept many results; see `Passback.submit_many`."""
        answers: list[Answer] = []
        # Read here: what the caller iterates may be bound to this thread, or wait for something.
        for chunk in chunks(results):
            answers += self._call(lambda host, chunk=chunk: host.submit_many(chunk))  # type: ignore[misc]
        return answers

    def drain(self, seconds: float | None = None) -> bool:
        """Wait until nothing is pending; see `Passback.drain`."""
        until = None if seconds is None else time.monotonic() + seconds
        # Asked again and again, so that nobody who forks must wait for it.
        while self._call(lambda host: host.pending()):
            if until is not None and time.monotonic() >= until:
                return False
            time.sleep(_DRAIN_POLL)
        return True

    def totals(self) -> Totals:
        """Return the whole outbox in numbers; see `Passback.totals`."""
        return self._call(lambda host: host.totals())

    def deliveries(self, selection: Selection | None = None, limit: int = 100) -> list[DeliveryState]:
        """Return deliveries as they stand; see `Passback.deliveries`."""
        return self._call(lambda host: host.deliveries(selection, limit))

    def steps(self, delivery: int) -> list[Step]:
        """Return what happened to a delivery; see `Passback.steps`."""
        return self._call(lambda host: host.steps(delivery))

    def results(self, learner: str | Learner, organisation: str = DEFAULT_ORGANISATION) -> list[Standing]:
        """Return where `learner` stands in every activity; see `Passback.results`."""
        return self._call(lambda host: host.results(learner, organisation))

    def export(self, selection: Selection | None = None) -> Iterator[Exported]:
        """Yield results with their deliveries; see `Passback.export`."""
        return self._stream(lambda host: host.export(selection))

    def users(
        self,
        connection: str,
        *,
        email: str | None = None,
        username: str | None = None,
        external_id: str | None = None,
    ) -> Iterator[User]:
        """Yield the users of `connection` that match; see `Passback.users`."""
        return self._stream(
            lambda host: host.users(connection, email=email, username=username, external_id=external_id)
        )

    def attach(self, activity: str, connection: str) -> None:
        """Send the results of `activity` to `connection`; see `Passback.attach`."""
        self._call(lambda host: host.attach(activity, connection))

    def detach(self, activity: str, connection: str) -> bool:
        """Send no further results of `activity` to `connection`; see `Passback.detach`."""
        return self._call(lambda host: host.detach(activity, connection))

    def attachments(self) -> list[Attached]:
        """Return which activities are attached to which connections; see `Passback.attachments`."""
        return self._call(lambda host: host.attachments())

    def replay(self, selection: Selection) -> int:
        """Send what is waiting, rejected or put off once more; see `Passback.replay`."""
        return self._call(lambda host: host.replay(selection))

    def replayable(self, selection: Selection) -> int:
        """Return how many deliveries `replay` would send once more."""
        return self._call(lambda host: host.replayable(selection))

    def kept(self, learner: str | Learner, organisation: str = DEFAULT_ORGANISATION) -> Kept:
        """Return how much is kept of `learner`; see `Passback.kept`."""
        return self._call(lambda host: host.kept(learner, organisation))

    def erase(self, learner: str | Learner, organisation: str = DEFAULT_ORGANISATION) -> int:
        """Remove everything that is known of `learner`; see `Passback.erase`."""
        return self._call(lambda host: host.erase(learner, organisation))

    def notices(self, limit: int = 100) -> list[Notice]:
        """Return the latest mails and webhooks; see `Passback.notices`."""
        return self._call(lambda host: host.notices(limit))

    def try_alerts(self, connection: str) -> Mapping[str, str]:
        """Send a test to whoever is told of a connection; see `Passback.try_alerts`."""
        return self._call(lambda host: host.try_alerts(connection))

    def check(self, name: str) -> CheckOutcome:
        """Press the test button of a connection; see `Passback.check`."""
        return self._call(lambda host: host.check(name))

    def reload(self) -> None:
        """Serve by the configuration file as it is now; see `Passback.reload`."""
        self._call(lambda host: host.reload())

    def close(self) -> None:
        """Let what is on the wire arrive, and close; after that it can't be used any longer."""
        self._keeper.close()

    def _call(self, work: Callable[[Passback], Coroutine[Any, Any, T]]) -> T:
        while True:
            try:
                return self._keeper.opened().call(work)
            except PortalClosed:  # by a fork, at this very moment: there will be another
                continue

    def _stream(self, begin: Callable[[Passback], AsyncIterator[T]]) -> Iterator[T]:
        portal = self._keeper.opened()

        async def start(host: Passback) -> AsyncIterator[T]:
            return begin(host)

        items = portal.call(start)
        try:
            while chunk := portal.call(lambda _: _some(items)):
                yield from chunk
        except PortalClosed:
            raise OutboxError("this process forked while that was read; read it again") from None
        finally:
            with suppress(PortalClosed):
                portal.call(lambda _: _end(items))


async def _some(items: AsyncIterator[T]) -> list[T]:
    some: list[T] = []
    async for item in items:
        some.append(item)
        if len(some) == _AT_ONCE:
            break
    return some


async def _end(items: AsyncIterator[object]) -> None:
    close = getattr(items, "aclose", None)
    if close is not None:
        await close()
