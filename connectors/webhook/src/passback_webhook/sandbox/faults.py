"""What goes wrong on the way, for the next requests."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

TRANSPORT = "passback.transport"
"""The ASGI extension by which a server hands over the transport to cut."""

Play = Callable[[ASGIApp, Scope, Receive, Send], Awaitable[None]]


@dataclass
class _Fault:
    play: Play
    times: int
    path: str


class Faults:
    """The faults to play, in the order they were asked for; another thread may ask."""

    def __init__(self) -> None:
        self._waiting: list[_Fault] = []
        self._lock = threading.Lock()

    def add(self, play: Play, times: int, path: str) -> None:
        """Play a fault for the next requests of paths that begin so."""
        with self._lock:
            self._waiting.append(_Fault(play, times, path))

    def take(self, path: str) -> Play | None:
        """Return the fault to play for a request, which counts as played."""
        with self._lock:
            for fault in self._waiting:
                if fault.times and path.startswith(fault.path):
                    fault.times -= 1
                    return fault.play
        return None


def answering(response: ASGIApp) -> Play:
    """Answer without asking the application."""

    async def play(_: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        await response(scope, receive, send)

    return play


def waiting(seconds: float) -> Play:
    """Let the request through after a while."""

    async def play(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(seconds)
        await app(scope, receive, send)

    return play


async def cut_before(_: ASGIApp, scope: Scope, receive: Receive, _send: Send) -> None:
    """Cut the connection before anything happens."""
    await _cut(scope, receive)


async def cut_after(app: ASGIApp, scope: Scope, receive: Receive, _send: Send) -> None:
    """Let it happen, and cut the connection instead of answering."""

    async def silent(_message: Message) -> None:
        return

    await app(scope, receive, silent)
    await _cut(scope, receive)


async def _cut(scope: Scope, receive: Receive) -> None:
    scope["extensions"][TRANSPORT].abort()
    # A server answers 500 for an application that returns in silence, unless the client has gone.
    while (await receive())["type"] != "http.disconnect":
        pass
