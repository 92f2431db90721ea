"""A socket to a server, which tells whether something came that nobody asked for."""

from __future__ import annotations

import asyncio
import os
import select
import ssl
from collections import deque

from passback.http.wire import Cut, Late, NotReached

__all__ = ["Stream", "opened", "said"]

# More than this isn't taken from a server that nobody listens to.
_MOST = 1 << 18


async def opened(address: str, port: int) -> Stream:
    """Return a stream to `address`, a literal IP.

    Raises:
        OSError: Nobody answers there.
    """
    return (await asyncio.get_running_loop().create_connection(Stream, address, port))[1]


def said(error: OSError) -> str:
    """Return what the operating system, or TLS, says in `error`."""
    if isinstance(error, ssl.SSLError) or not error.errno:
        return str(error)
    return os.strerror(error.errno).lower()


class Stream(asyncio.Protocol):
    """A connection to a server."""

    _transport: asyncio.Transport

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._arrived: deque[bytes] = deque()
        self._size = 0
        self._ended = False
        self._failure: Exception | None = None
        self._news: asyncio.Future[None] | None = None
        self._room: asyncio.Future[None] | None = None
        self._encrypted = False

    @property
    def spoke(self) -> bool:
        """Whether something came that wasn't received, if only the end."""
        if self._arrived or self._ended or self._transport.is_closing():
            return True
        # Or is about to: the loop hasn't looked yet.
        return _readable(self._transport.get_extra_info("socket").fileno())

    async def encrypt(self, tls: ssl.SSLContext, name: str, seconds: float) -> None:
        """Speak TLS from now on, with who proves to be `name`.

        Raises:
            NotReached: They don't, or don't speak it.
            Late: They say nothing.
        """
        try:
            async with asyncio.timeout(seconds):
                encrypted = await self._loop.start_tls(self._transport, self, tls, server_hostname=name)
        except TimeoutError:
            raise Late from None
        except OSError as error:
            raise NotReached(said(error)) from None
        if encrypted is None:
            raise NotReached("it was closed meanwhile")
        self._transport, self._encrypted = encrypted, True

    async def send(self, data: bytes, seconds: float) -> None:
        """Send `data`; where the connection has ended, whoever receives is told.

        Raises:
            Late: The other side doesn't take it.
        """
        self._transport.write(data)
        if self._room is None:
            return
        try:
            async with asyncio.timeout(seconds):
                await self._room
        except TimeoutError:
            raise Late from None

    async def receive(self, seconds: float) -> bytes:
        """Return what comes next; nothing at the end.

        Raises:
            Late: Nothing comes.
            Cut: The connection was reset.
        """
        if not self._arrived and not self._ended:
            self._news = self._loop.create_future()
            try:
                async with asyncio.timeout(seconds):
                    await self._news
            except TimeoutError:
                raise Late from None
            finally:
                self._news = None
        if self._arrived:
            return self._next()
        if self._failure is not None:
            raise Cut(said(self._failure) if isinstance(self._failure, OSError) else str(self._failure))
        return b""

    async def aclose(self) -> None:
        """Close it, without waiting for what the other side says to that."""
        self._transport.close()
        await asyncio.sleep(0)
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - it's what TCP gives
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Keep `data` until it's asked for."""
        self._arrived.append(data)
        self._size += len(data)
        if self._size > _MOST:
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> bool:
        """Take note that nothing follows."""
        self._ended = True
        self._wake()
        # What is still being sent may be sent to its end; TLS knows no such thing.
        return not self._encrypted

    def connection_lost(self, exc: Exception | None) -> None:
        """Take note that it's over."""
        self._ended, self._failure = True, exc
        self._wake()
        self.resume_writing()

    def pause_writing(self) -> None:
        """Take note that the other side is slow."""
        self._room = self._loop.create_future()

    def resume_writing(self) -> None:
        """Take note that it has caught up."""
        room, self._room = self._room, None
        if room is not None and not room.done():
            room.set_result(None)

    def _wake(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    def _next(self) -> bytes:
        data = self._arrived.popleft()
        if self._size > _MOST >= self._size - len(data):
            self._transport.resume_reading()
        self._size -= len(data)
        return data


def _readable(descriptor: int) -> bool:
    if hasattr(select, "poll"):
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        return bool(poll.poll(0))
    return bool(select.select([descriptor], [], [], 0)[0])
