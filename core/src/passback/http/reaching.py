"""Connections to hosts that have several addresses, of which some may be dead.

What is sent to a dead address comes back with nothing, not even a refusal: IPv6 that leads nowhere, or a
server that left and still has its name. Whoever waits for one before the next is tried waits with each new
socket. So the next is tried a moment later, while those before go on (RFC 8305); the first that answers is
taken, and tried first from then on.

TCP alone is raced, as it's one turn to and fro. TLS needs two or three more, so that a server that is far
away would have to shake hands twice for each socket. Where TLS fails at the address that answered, those that
are left are tried.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import deque
from collections.abc import Sequence
from itertools import zip_longest

from passback.http.address import AddressPolicy, addressed
from passback.http.stream import Stream, opened, said
from passback.http.wire import Failure, Late, NotReached

__all__ = ["Reach"]

# RFC 8305 §5 recommends it.
_MOMENT = 0.25
# Each is a file of the process; a name may have hundreds of addresses.
_AT_ONCE = 4
_REMEMBERED = 100


class Reach:
    """Opens streams to hosts, as far as one connection may reach.

    It remembers which address of a host answered; whether that is permitted is looked at each time.
    """

    def __init__(self, policy: AddressPolicy, seconds: float) -> None:
        self._policy = policy
        self._seconds = seconds
        self._answered: dict[str, str] = {}

    async def stream(self, host: str, port: int, tls: ssl.SSLContext | None) -> Stream:
        """Return a stream to `host`; with `tls`, to who proves to be that.

        Raises:
            NotReached: Nobody answers there, or somebody else.
            Late: Nobody does in time.
        """
        failure: Failure | None = None
        left = self._ordered(host, await addressed(self._policy, host, port, self._seconds))
        while left:
            try:
                address, connected = await _first(left, port, self._seconds)
            except Failure as unreached:
                # Whoever answers and isn't trusted says more than those who don't answer.
                raise failure or unreached from None
            left.remove(address)
            try:
                async with asyncio.timeout(self._seconds):
                    stream = await opened(connected, tls, host.rstrip("."))
            except OSError as error:
                failure = _told(error)
            else:
                self._remember(host, address)
                return stream
        raise failure or NotReached(f"{host} has no address")

    def _ordered(self, host: str, addresses: list[str]) -> list[str]:
        # IPv6 and IPv4 in turns, beginning with what the system would have tried first (RFC 8305 §4).
        first = [each for each in addresses if (":" in each) == (":" in addresses[0])]
        others = [each for each in addresses if each not in first]
        mixed = [each for pair in zip_longest(first, others) for each in pair if each]
        return sorted(mixed, key=lambda each: each != self._answered.get(host))

    def _remember(self, host: str, address: str) -> None:
        self._answered.pop(host, None)
        self._answered[host] = address
        if len(self._answered) > _REMEMBERED:
            del self._answered[next(iter(self._answered))]


async def _first(addresses: Sequence[str], port: int, seconds: float) -> tuple[str, socket.socket]:
    """Return which of `addresses` was the first to answer, and the socket to it.

    Raises:
        Failure: None answers; says why the one that was tried first doesn't.
    """
    failures: dict[str, Failure] = {}
    under_way: dict[asyncio.Task[socket.socket], str] = {}
    waiting = deque(addresses)
    try:
        while waiting or under_way:
            if waiting and len(under_way) == _AT_ONCE:
                oldest = next(iter(under_way))
                failures[under_way.pop(oldest)] = Late()
                _drop(oldest)
            if waiting:
                address = waiting.popleft()
                under_way[asyncio.create_task(_connected(address, port, seconds))] = address
            pause = _MOMENT if waiting else None
            await asyncio.wait(under_way, timeout=pause, return_when=asyncio.FIRST_COMPLETED)
            for task in [each for each in under_way if each.done()]:
                address = under_way.pop(task)
                if (error := task.exception()) is None:
                    return address, task.result()
                failures[address] = _told(error)
    finally:
        for task in under_way:
            _drop(task)
    raise failures[addresses[0]]


async def _connected(address: str, port: int, seconds: float) -> socket.socket:
    connecting = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    try:
        connecting.settimeout(0)
        async with asyncio.timeout(seconds):
            await asyncio.get_running_loop().sock_connect(connecting, (address, port))
    except BaseException:
        connecting.close()
        raise
    return connecting


def _drop(task: asyncio.Task[socket.socket]) -> None:
    """End a try that nobody needs, and close its socket if it came about meanwhile."""
    task.cancel()
    task.add_done_callback(_closed)


def _closed(task: asyncio.Task[socket.socket]) -> None:
    if not task.cancelled() and task.exception() is None:
        task.result().close()


def _told(error: BaseException) -> Failure:
    if isinstance(error, TimeoutError):
        return Late()
    if isinstance(error, OSError):
        return NotReached(said(error))
    raise error
