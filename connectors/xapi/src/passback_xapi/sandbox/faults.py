"""What can go wrong between a client and a store, for the next few requests."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

TRANSPORT = "passback.transport"
"""The ASGI extension by which a server hands the application the transport to cut."""


@dataclass(frozen=True)
class Exchange:
    """One request and the way its answer goes."""

    app: ASGIApp
    scope: Scope
    receive: Receive
    send: Send


Play = Callable[[Exchange], Awaitable[None]]


@dataclass
class _Fault:
    play: Play
    times: int
    on: str | None


class Faults:
    """The faults to play, in the order they were asked for; safe to fill from another thread."""

    def __init__(self) -> None:
        self._waiting: list[_Fault] = []
        self._lock = threading.Lock()

    def add(self, play: Play, times: int, on: str | None) -> None:
        """Play a fault for the next requests, of one method or of any."""
        with self._lock:
            self._waiting.append(_Fault(play, times, on))

    def take(self, method: str) -> Play | None:
        """Return the fault for a request of a method, and count it as played."""
        with self._lock:
            for fault in self._waiting:
                if fault.times > 0 and fault.on in {None, method}:
                    fault.times -= 1
                    return fault.play
        return None


def answer(response: ASGIApp) -> Play:
    """Answer in the store's place."""

    async def play(exchange: Exchange) -> None:
        await response(exchange.scope, exchange.receive, exchange.send)

    return play


def slow(seconds: float) -> Play:
    """Let the request through after a while."""

    async def play(exchange: Exchange) -> None:
        await asyncio.sleep(seconds)
        await exchange.app(exchange.scope, exchange.receive, exchange.send)

    return play


async def drop_before_commit(exchange: Exchange) -> None:
    """Cut the connection before the store sees the request."""
    await _cut(exchange)


async def drop_after_commit(exchange: Exchange) -> None:
    """Let the store do its work, and cut the connection without an answer."""
    await exchange.app(exchange.scope, exchange.receive, _ignore)
    await _cut(exchange)


async def truncate(exchange: Exchange) -> None:
    """Let the store do its work, and cut the connection in the middle of the answer's body."""

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            content = message.get("body", b"")
            message = {**message, "body": content[: len(content) // 2], "more_body": True}
        await exchange.send(message)

    await exchange.app(exchange.scope, exchange.receive, send)
    _transport(exchange).close()
    await _gone(exchange)


async def _ignore(message: Message) -> None:
    """Swallow what the store answers."""


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
