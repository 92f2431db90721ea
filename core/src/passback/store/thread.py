"""One thread that does one thing after another, for those who await it.

Not an executor: those stop working before what is registered to run at exit runs, and cost twice as much for
each piece of work.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from typing import TypeAlias, TypeVar

__all__ = ["WorkThread"]

T = TypeVar("T")
_Piece: TypeAlias = Callable[[], None]


class WorkThread:
    """A thread that is started when first needed, and ends with the process or when it's told to."""

    def __init__(self, name: str) -> None:
        self._name = name
        # What is put there says only that there is something to do.
        self._queue: SimpleQueue[None] = SimpleQueue()
        self._ahead: deque[_Piece] = deque()
        self._others: deque[_Piece | None] = deque()
        self._thread: threading.Thread | None = None
        self._began: float | None = None

    @property
    def busy(self) -> float:
        """For how many seconds it has been doing what it does; 0 if it does nothing."""
        began = self._began
        return 0.0 if began is None else time.monotonic() - began

    async def run(self, work: Callable[[], T], *, ahead: bool = False) -> T:
        """Do `work` there, and return what it returns; done also if who waits for it is cancelled.

        Args:
            work: What to do.
            ahead: Whether before all that waits; otherwise after all that was asked before.
        """
        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, name=self._name, daemon=True)
            self._thread.start()
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()

        def piece() -> None:
            try:
                value = work()
            except BaseException as error:  # noqa: BLE001 - it's raised again, where it's awaited
                _tell(loop, partial(_fail, done, error))
            else:
                _tell(loop, partial(_set, done, value))

        (self._ahead if ahead else self._others).append(piece)
        self._queue.put(None)
        return await done

    async def end(self) -> None:
        """Do what was asked before, then end."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._others.append(None)
            self._queue.put(None)
            while thread.is_alive():  # noqa: ASYNC110 - a thread can't set an event of a loop that may be gone
                await asyncio.sleep(0.001)

    def _serve(self) -> None:
        while (piece := self._next()) is not None:
            self._began = time.monotonic()
            piece()
            self._began = None

    def _next(self) -> _Piece | None:
        self._queue.get()
        return self._ahead.popleft() if self._ahead else self._others.popleft()


def _tell(loop: asyncio.AbstractEventLoop, settle: Callable[[], None]) -> None:
    with suppress(RuntimeError):  # the loop is closed, and nobody waits any longer
        loop.call_soon_threadsafe(settle)


def _set(done: asyncio.Future[T], value: T) -> None:
    if not done.done():
        done.set_result(value)


def _fail(done: asyncio.Future[T], error: BaseException) -> None:
    if not done.done():
        done.set_exception(error)
