"""An event loop in a thread of its own, with one open host in it, for callers that know no async."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, Future
from typing import Any, TypeVar

from passback.errors import OutboxError
from passback.host.app import Passback

__all__ = ["Portal", "PortalClosed"]

T = TypeVar("T")

# How long until it's noticed that whoever opened it lost patience.
_LOOK_SECONDS = 0.1


class PortalClosed(OutboxError):
    """The portal was closed before it could be called."""


class Portal:
    """Runs a host until it's closed, and lets other threads call it."""

    def __init__(self, make: Callable[[], Passback]) -> None:
        """Open the host that `make` returns, and wait for it.

        Raises:
            Whatever `make` or opening the host raises.
        """
        self._make = make
        self._lock = threading.Lock()
        self._idle = threading.Condition(self._lock)
        self._calls: set[Future[Any]] = set()
        self._abandoned = threading.Event()
        self._closing = False
        self._stop: Callable[[], None] = lambda: None
        opened: Future[tuple[asyncio.AbstractEventLoop, Passback]] = Future()
        # A daemon, so that a script that forgets to close it still ends.
        self._thread = threading.Thread(target=self._run, args=(opened,), name="passback", daemon=True)
        self._thread.start()
        try:
            self._loop, self._host = opened.result()
        except BaseException:
            # Whoever lost patience mustn't leave an outbox open that nobody can use.
            self._abandoned.set()
            self._thread.join()
            raise

    @property
    def is_open(self) -> bool:
        """Whether it can be called."""
        return self._thread.is_alive() and not self._closing

    @property
    def is_inside(self) -> bool:
        """Whether it's this thread that asks."""
        return threading.current_thread() is self._thread

    def call(self, work: Callable[[Passback], Coroutine[Any, Any, T]]) -> T:
        """Do `work` with the host, and return what it returns.

        Raises:
            PortalClosed: It's closed, and nothing was done.
            OutboxError: It was closed meanwhile, or it's called from inside its own loop.
        """
        if self.is_inside:
            raise OutboxError("this is the thread of the host itself: await the async face here instead")
        with self._lock:
            if self._closing:
                raise PortalClosed("this host is closed")
            future = asyncio.run_coroutine_threadsafe(work(self._host), self._loop)
            self._calls.add(future)
        future.add_done_callback(self._finished)
        try:
            return future.result()
        except CancelledError:
            raise OutboxError(
                "this host was closed during the call; a result may be accepted or not: submit it again"
            ) from None
        finally:
            future.cancel()

    def close(self, patience: float | None = None) -> None:
        """Close the host.

        Args:
            patience: How long running calls may take to end, in seconds; what is on the wire is left then,
                to be sent again. None lets both end.
        """
        with self._lock:
            self._closing = True
            self._idle.wait_for(lambda: not self._calls, patience)
            late = list(self._calls)
        for call in late:
            call.cancel()
        if patience is not None:
            self._loop.call_soon_threadsafe(self._host.cancel)
        self._loop.call_soon_threadsafe(self._stop)
        self._thread.join()

    def _finished(self, future: Future[Any]) -> None:
        with self._lock:
            self._calls.discard(future)
            self._idle.notify_all()

    def _run(self, opened: Future[tuple[asyncio.AbstractEventLoop, Passback]]) -> None:
        # Not asyncio.run: it starts a thread at its end, which an interpreter that ends refuses.
        loop = asyncio.new_event_loop()
        try:
            loop.run_until_complete(self._serve(opened))
        except BaseException as error:
            if opened.done():
                raise
            opened.set_exception(error)
        finally:
            loop.run_until_complete(_cancel_rest())
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()

    async def _serve(self, opened: Future[tuple[asyncio.AbstractEventLoop, Passback]]) -> None:
        stopping = asyncio.Event()
        self._stop = stopping.set
        opening = asyncio.ensure_future(self._make().__aenter__())
        while not opening.done():
            if self._abandoned.is_set():
                opening.cancel()
            await asyncio.wait([opening], timeout=_LOOK_SECONDS)
        host = opening.result()
        try:
            opened.set_result((asyncio.get_running_loop(), host))
            await stopping.wait()
        finally:
            await host.aclose()


async def _cancel_rest() -> None:
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
