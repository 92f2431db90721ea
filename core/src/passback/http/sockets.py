"""The sockets of a process: how many there may be, and those that nobody uses.

Ten thousand connections that each keep a socket need ten thousand of the process's files, of which the
operating system gives it a thousand unless it's asked for more. Whoever runs out of them can't tell it from a
system that is away, so sockets without a use are closed in time.
"""

from __future__ import annotations

import asyncio
import sys
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from typing import TypeAlias
from weakref import WeakKeyDictionary

if sys.platform != "win32":
    import resource

__all__ = ["Idle", "allow_more_sockets", "idle", "room_for_sockets"]

# Gives up the sockets that somebody keeps; returns what closes them, None where there are none.
_LetGo: TypeAlias = Callable[[], Callable[[], Coroutine[None, None, None]] | None]

# Windows counts sockets apart from files.
_FEW = 1024
_MANY = 1 << 16
_LONGEST = 30.0


def room_for_sockets() -> int:
    """Return how many sockets this process may have open: half of its files."""
    files = _FEW
    if sys.platform != "win32":
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        files = soft if 0 <= soft < _MANY else _MANY
    return max(8, files // 2)


def allow_more_sockets() -> None:
    """Let this process have as many files as the operating system lets it ask for."""
    if sys.platform != "win32":
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = hard if 0 <= hard < _MANY else _MANY
        if 0 <= soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


class Idle:
    """Those who keep sockets without using them: not too many, and none for long."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._resting: OrderedDict[_LetGo, float] = OrderedDict()
        self._closing: set[asyncio.Task[None]] = set()
        # Not the timer itself: that would keep a loop that is over.
        self._timed = False

    def begin(self, let_go: _LetGo) -> None:
        """Take note that whoever would be made to `let_go` uses their sockets."""
        self._resting.pop(let_go, None)

    def rest(self, let_go: _LetGo) -> None:
        """Take note that they use none any longer, and will `let_go` where others need the room."""
        loop = asyncio.get_running_loop()
        self._resting[let_go] = loop.time()
        self._resting.move_to_end(let_go)
        while len(self._resting) > self._most:
            self._close(self._resting.popitem(last=False)[0])
        if not self._timed:
            self._timed = True
            loop.call_later(_LONGEST, self._expire)

    def _expire(self) -> None:
        loop = asyncio.get_running_loop()
        while self._resting:
            let_go, since = next(iter(self._resting.items()))
            if since + _LONGEST > loop.time():
                loop.call_at(since + _LONGEST, self._expire)
                return
            del self._resting[let_go]
            self._close(let_go)
        self._timed = False

    def _close(self, let_go: _LetGo) -> None:
        close = let_go()
        if close is not None:
            task = asyncio.create_task(close())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)


# An event loop's sockets are closed by itself alone.
_idle: WeakKeyDictionary[asyncio.AbstractEventLoop, Idle] = WeakKeyDictionary()


def idle() -> Idle:
    """Return those who keep sockets without using them in the event loop that runs."""
    loop = asyncio.get_running_loop()
    if loop not in _idle:
        _idle[loop] = Idle(room_for_sockets() // 2)
    return _idle[loop]
