"""A socket to a server, which tells whether something came that nobody asked for."""

from __future__ import annotations

import asyncio
import os
import select
import socket
import ssl
from collections import deque
from functools import partial
from typing import cast

from passback.http.wire import Cut, Late, words

__all__ = ["Stream", "opened", "said"]

# More than this isn't taken from a server that nobody listens to, nor handed over to one that may not listen.
_MOST = 1 << 18
# What is handed on at once: others have their turn after it.
_PIECE = 1 << 16


async def opened(connected: socket.socket, tls: ssl.SSLContext | None, name: str) -> Stream:
    """Return a stream over `connected`; with `tls`, to who proves there to be `name`.

    Raises:
        OSError: Nobody does.
    """
    try:
        _, stream = await asyncio.get_running_loop().create_connection(
            partial(Stream, encrypted=tls is not None),
            sock=connected,
            ssl=tls,
            server_hostname=name if tls else None,
        )
    except ConnectionResetError as error:
        # What asyncio raises by itself, where the other side leaves without a word, says nothing.
        raise error if error.errno else ConnectionResetError("it ended the TLS handshake") from None
    return stream


def said(error: OSError) -> str:
    """Return what the operating system, or TLS, says in `error`."""
    if isinstance(error, ssl.SSLError) or not error.errno:
        return words(error)
    return os.strerror(error.errno).lower()


class Stream(asyncio.Protocol):
    """A connection to a server."""

    _transport: asyncio.Transport

    def __init__(self, *, encrypted: bool) -> None:
        self._loop = asyncio.get_running_loop()
        self._encrypted = encrypted
        self._arrived: deque[bytes] = deque()
        self._size = 0
        self._full = self._ended = self._broken_off = False
        self._failure: Exception | None = None
        self._news: asyncio.Future[None] | None = None

    @property
    def over(self) -> bool:
        """Whether it's known to be of no use for another request."""
        return bool(self._arrived) or self._ended or self._broken_off or self._transport.is_closing()

    @property
    def quiet(self) -> bool:
        """Whether nothing is under way on it, in either direction."""
        if self.over or self._transport.get_write_buffer_size():
            return False
        # Something may have come that the loop hasn't looked at yet, if only the end.
        return not _readable(self._transport.get_extra_info("socket").fileno())

    @property
    def spoken(self) -> bool:
        """Whether something came that nobody received yet."""
        return bool(self._arrived)

    async def send(self, data: memoryview, seconds: float) -> memoryview:
        """Send `data`, until something comes; return what is left. After the end that's nobody's business.

        Raises:
            Late: The other side takes none of it for `seconds`.
        """
        for start in range(0, len(data), _MOST):
            while self._full and not self.over:
                await self._something(seconds)
            if self._ended or self._transport.is_closing():
                self.break_off()
                break
            if self._arrived:
                return data[start:]
            self._transport.write(data[start : start + _MOST])
        return data[:0]

    def break_off(self) -> None:
        """Take note that what was to be sent isn't, so that nothing else can follow it."""
        self._broken_off = True

    async def receive(self, seconds: float) -> bytes:
        """Return what comes next; nothing at the end.

        Raises:
            Late: Nothing comes for `seconds`.
            Cut: The connection was reset.
        """
        if self._arrived:
            await asyncio.sleep(0)
        while not self._arrived and not self._ended:
            await self._something(seconds)
        if self._arrived:
            return self._next()
        if self._failure is not None:
            raise Cut(said(self._failure) if isinstance(self._failure, OSError) else str(self._failure))
        return b""

    def close(self) -> None:
        """Begin to close it."""
        self._transport.close()

    def abort(self) -> None:
        """Close it at once, whatever was still to be sent."""
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)

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

    def pause_writing(self) -> None:
        """Take note that the other side is slow."""
        self._full = True

    def resume_writing(self) -> None:
        """Take note that it has caught up."""
        self._full = False
        self._wake()

    async def _something(self, seconds: float) -> None:
        self._news = news = self._loop.create_future()
        # asyncio.timeout can end more than a future, and costs several times as much.
        limit = self._loop.call_later(seconds, _expire, news)
        try:
            await news
        finally:
            limit.cancel()
            self._news = None
            # What it failed with holds this frame, and that all that was to be sent.
            del news

    def _wake(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    def _next(self) -> bytes:
        data = self._arrived.popleft()
        if len(data) > _PIECE:
            self._arrived.appendleft(data[_PIECE:])
            data = data[:_PIECE]
        if self._size > _MOST >= self._size - len(data):
            self._transport.resume_reading()
        self._size -= len(data)
        return data


def _expire(news: asyncio.Future[None]) -> None:
    if not news.done():
        news.set_exception(Late())


def _readable(descriptor: int) -> bool:
    if hasattr(select, "poll"):
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        return bool(poll.poll(0))
    return bool(select.select([descriptor], [], [], 0)[0])
