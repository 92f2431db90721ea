"""Watching what a connector does besides what it's asked: connections, waits, words."""

from __future__ import annotations

import asyncio
import io
import logging
import sys
import threading
import time
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, redirect_stderr, redirect_stdout
from typing import Any

from passback.http.names import THREAD

__all__ = ["Said", "calls", "lags", "said"]

_WATCHED = ("socket.connect", "socket.getaddrinfo", "subprocess.Popen", "time.sleep")
_PAUSE = 0.01


class _Calls:
    """What the interpreter reports of calls to the world outside; its hook can't be taken off again."""

    def __init__(self) -> None:
        self.noted: list[str] | None = None
        self._installed = False

    def watch(self, noted: list[str] | None) -> None:
        if not self._installed:
            self._installed = True
            sys.addaudithook(self._hook)
        self.noted = noted

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.noted is None or event not in _WATCHED:
            return
        thread = threading.current_thread()
        # A connector's own thread, and those that blocking calls are run in.
        if thread is threading.main_thread() or thread.name.startswith(("asyncio_", THREAD)):
            self.noted.append(_named(event, arguments))


def _named(event: str, arguments: tuple[Any, ...]) -> str:
    if event == "socket.connect":
        address = arguments[1]
        return f"connect {address[0]}:{address[1]}" if isinstance(address, tuple) else f"connect {address!r}"
    if event == "socket.getaddrinfo":
        return f"look up {arguments[0]}"
    return event


_calls = _Calls()


@contextmanager
def calls() -> Iterator[list[str]]:
    """Collect the connections, look-ups of names, processes and sleeps inside the ``with``."""
    noted: list[str] = []
    _calls.watch(noted)
    try:
        yield noted
    finally:
        _calls.watch(None)


class Said(logging.Handler):
    """Everything that was logged or printed."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self._printed = io.StringIO()
        self._lines: list[str] = []

    @property
    def text(self) -> str:
        """What it was."""
        return "\n".join([*self._lines, self._printed.getvalue()])

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one record, as a formatter would write it, and what it carries besides."""
        formatter = logging.Formatter("%(name)s: %(message)s")
        more = {name: value for name, value in vars(record).items() if name not in _USUAL}
        self._lines.append(f"{formatter.format(record)} {more}")

    @contextmanager
    def listening(self) -> Iterator[Said]:
        """Listen, to every logger at every level."""
        root, level = logging.getLogger(), logging.getLogger().level
        root.addHandler(self)
        root.setLevel(logging.NOTSET + 1)
        try:
            with (
                redirect_stdout(self._printed),
                redirect_stderr(self._printed),
                warnings.catch_warnings(record=True) as warned,
            ):
                warnings.simplefilter("always")
                yield self
            self._lines += [str(each.message) for each in warned]
        finally:
            root.removeHandler(self)
            root.setLevel(level)


_USUAL = frozenset(vars(logging.makeLogRecord({})))


def said() -> Said:
    """Return what will have been said, once it has listened."""
    return Said()


@asynccontextmanager
async def lags() -> AsyncIterator[list[float]]:
    """Collect by how many seconds the event loop came late inside the ``with``."""
    late: list[float] = []

    async def beat() -> None:
        while True:
            before = time.monotonic()
            await asyncio.sleep(_PAUSE)
            late.append(time.monotonic() - before - _PAUSE)

    task = asyncio.create_task(beat())
    await asyncio.sleep(0)
    try:
        yield late
    finally:
        await asyncio.sleep(_PAUSE)
        task.cancel()
