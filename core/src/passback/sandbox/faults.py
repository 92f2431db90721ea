"""What goes wrong on the way, for the next requests."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["TRANSPORT", "Exchange", "Faults", "Play", "answer", "cut_after", "cut_before", "slow", "truncate"]

TRANSPORT = "passback.transport"
"""The ASGI extension by which a server hands the application the transport to cut."""


@dataclass(frozen=True)
class Exchange:
    """One request, and the way its answer goes."""

    app: ASGIApp
    scope: Scope
    receive: Receive
    send: Send


Play = Callable[[Exchange], Awaitable[None]]


@dataclass
class _Fault:
    play: Play
    times: int
    on: str
    after: int


class Faults:
    """The faults to play, in the order in which they were asked for; another thread may ask."""

    def __init__(self) -> None:
        self._waiting: list[_Fault] = []
        self._lock = threading.Lock()

    def add(self, play: Play, times: int, on: str | None, after: int = 0) -> None:
        """Play a fault for the next requests whose method and path begin with `on`.

        Args:
            play: What happens.
            times: To how many of them.
            on: A method (``POST``), the beginning of a path (``/users``), or both (``POST /users``); None for
                every request.
            after: How many of them pass before.
        """
        with self._lock:
            self._waiting.append(_Fault(play, times, on or "", after))

    def take(self, method: str, path: str) -> Play | None:
        """Return the fault for a request, which counts as played."""
        with self._lock:
            for fault in self._waiting:
                if fault.times <= 0 or not _meant(fault.on, method, path):
                    continue
                if fault.after > 0:
                    fault.after -= 1
                    continue
                fault.times -= 1
                return fault.play
        return None


def _meant(on: str, method: str, path: str) -> bool:
    if on.startswith("/"):
        return path.startswith(on)
    asked, _, below = on.partition(" ")
    return asked in ("", method) and path.startswith(below)


def answer(response: ASGIApp) -> Play:
    """Answer in the system's place."""

    async def play(exchange: Exchange) -> None:
        await response(exchange.scope, exchange.receive, exchange.send)

    return play


def slow(seconds: float) -> Play:
    """Let the request through after a while."""

    async def play(exchange: Exchange) -> None:
        await asyncio.sleep(seconds)
        await exchange.app(exchange.scope, exchange.receive, exchange.send)

    return play


async def cut_before(exchange: Exchange) -> None:
    """Cut the connection before the system sees the request."""
    await _cut(exchange)


async def cut_after(exchange: Exchange) -> None:
    """Let the system do its work, and cut the connection instead of answering."""

    async def silent(_: Message) -> None:
        return

    await exchange.app(exchange.scope, exchange.receive, silent)
    await _cut(exchange)


async def truncate(exchange: Exchange) -> None:
    """Let the system do its work, and cut the connection in the middle of the answer's body."""

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            content = message.get("body", b"")
            message = {**message, "body": content[: len(content) // 2], "more_body": True}
        await exchange.send(message)

    await exchange.app(exchange.scope, exchange.receive, send)
    _transport(exchange).close()
    await _gone(exchange)


async def _cut(exchange: Exchange) -> None:
    _transport(exchange).abort()
    await _gone(exchange)


async def _gone(exchange: Exchange) -> None:
    # A server answers 500 for an application that returns without an answer, unless the client is gone.
    while (await exchange.receive())["type"] != "http.disconnect":
        continue


def _transport(exchange: Exchange) -> asyncio.Transport:
    transport: asyncio.Transport = exchange.scope["extensions"][TRANSPORT]
    return transport
