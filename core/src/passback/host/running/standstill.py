"""Tells of a standstill, or ends it: a plugin that waits without ``await`` stops everybody.

``time.sleep`` or a client library without async in a hook holds up the event loop, and with it the results
of every other connection, and no timeout ends it. A thread notices that the loop stands still and says
whose code it stands in. Where the process's signals are ours, one raises an error at that place later, so
that it ends as any other failure of that plugin does.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from passback import connection, errors
from passback.connection.asking import Asking
from passback.delivery.outbox import telling
from passback.errors import ContractError

__all__ = ["standstills_ended", "standstills_told"]

log = logging.getLogger("passback.plugins")

_OURS = Path(errors.__file__).parent
_ASKS = Path(connection.__file__).parent
_SHOWN = 8
_NOTICED = 5.0
# The loops whose standstills are ended: that tells of them, too.
_ending: set[asyncio.AbstractEventLoop] = set()


@contextmanager
def standstills_told(noticed: float = _NOTICED) -> Iterator[None]:
    """Say whose code it is when a plugin's stands still in the event loop that runs.

    Args:
        noticed: After how many seconds.
    """
    loop = asyncio.get_running_loop()
    if loop in _ending:
        yield
        return
    with _watched(_Watch(loop, noticed, None)):
        yield


@contextmanager
def standstills_ended(noticed: float = _NOTICED, ended: float = 20.0) -> Iterator[None]:
    """Say what the event loop that runs stands still in, and end it; it must be the main thread's.

    Args:
        noticed: After how many seconds of standing still that is said.
        ended: After how many it's ended, where a plugin's code is to blame; less than the time after which
            other workers take this one's connections over. Windows has no such signal: it's only said there.
    """
    loop = asyncio.get_running_loop()
    watch = _Watch(loop, noticed, ended)
    before = None if sys.platform == "win32" else signal.signal(signal.SIGALRM, watch.interrupt)
    _ending.add(loop)
    try:
        with _watched(watch):
            yield
    finally:
        _ending.discard(loop)
        if sys.platform != "win32":
            signal.signal(signal.SIGALRM, before or signal.SIG_DFL)


@contextmanager
def _watched(watch: _Watch) -> Iterator[None]:
    watch.start()
    try:
        yield
    finally:
        watch.over.set()
        watch.join()


class _Watch(threading.Thread):
    def __init__(self, loop: asyncio.AbstractEventLoop, noticed: float, ended: float | None) -> None:
        super().__init__(name="passback standstill", daemon=True)
        self.over = threading.Event()
        self._loop = loop
        self._watched = threading.get_ident()
        self._noticed, self._ended = noticed, ended
        self._pause = noticed / 5
        self._beats = 0
        self._hung: int | None = None
        self._beat()

    def _beat(self) -> None:
        self._beats += 1
        if not self.over.is_set():
            self._loop.call_later(self._pause / 2, self._beat)

    def run(self) -> None:
        beats, still, said = -1, 0.0, False
        # It counts its own turns: a machine that slept isn't a plugin that hangs.
        while not self.over.wait(self._pause):
            if self._beats != beats:
                beats, still, said = self._beats, 0.0, False
                continue
            still += self._pause
            if still >= self._noticed and not said:
                self._say(still)
                said = True
            if self._ended is not None and still >= self._ended and sys.platform != "win32":
                if self._hung != beats:
                    self._say_what_follows()
                self._hung = beats
                signal.pthread_kill(self._watched, signal.SIGALRM)

    def _say(self, still: float) -> None:
        frame = self._frame()
        who = _blamed(frame)
        if who is None and self._ended is None:
            return  # whatever else holds up a host's loop is the host's own business
        who = who or "the event loop"
        frames = "".join(traceback.format_stack(frame)[-_SHOWN:])
        log.warning("%s has stood still for %.0f s, and everything with it\n%s", who, still, frames)

    def _say_what_follows(self) -> None:
        if who := _blamed(self._frame()):
            log.warning("%s is interrupted now", who)
        else:
            log.warning(
                "what stands still isn't a plugin's code at this moment, and nothing else is interrupted; "
                "if it goes on, please report it as a defect of Passback, with what stands above"
            )

    def _frame(self) -> FrameType | None:
        return sys._current_frames().get(self._watched)  # noqa: SLF001 - the only way to see another thread's

    def interrupt(self, _number: int, frame: FrameType | None) -> None:
        """Raise an error in the plugin that the loop stands in, if it still does."""
        if self._beats == self._hung and (who := _blamed(frame)):
            raise ContractError(
                f"{who} held everything up for {self._ended:g} s: it waits without await; "
                "this is a defect of the plugin"
            )


def _blamed(frame: FrameType | None) -> str | None:
    """Return whose code `frame` is in, None if it isn't a plugin's, or is ours that a plugin called."""
    called = frame
    while frame is not None:
        file = Path(frame.f_code.co_filename)
        if file.parent == _ASKS:
            owner = frame.f_locals.get("self")
            if isinstance(owner, Asking) and called is not None:
                return f"connection {owner.name!r}: {called.f_code.co_qualname}"
        elif file == Path(telling.__file__) and called is not None:
            return f"observer {called.f_code.co_qualname}"
        elif file.is_relative_to(_OURS):
            return None
        else:
            called = frame
        frame = frame.f_back
    return None
