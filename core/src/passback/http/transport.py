"""The sockets of one connection, and who uses which.

h11 speaks HTTP; what is here opens sockets to permitted addresses and keeps a few of them. Whatever keeps an
answer from coming is told for what it is: that decides between "can't connect" and "server error".
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Mapping
from functools import cache
from typing import TypeAlias

import attrs
import httpx2

from passback.http.address import AddressPolicy, addressed
from passback.http.conversation import Answer, Conversation
from passback.http.stream import Stream, opened, said
from passback.http.wire import Cut, Late, NotReached

__all__ = ["Timeouts", "Transport"]

_Origin: TypeAlias = tuple[str, str, int]
_SOCKETS = 20
_KEPT_SECONDS = 30.0
_PORTS = {"http": 80, "https": 443}


@attrs.frozen(kw_only=True)
class Timeouts:
    """How long to wait, in seconds.

    Attributes:
        connect: For a connection.
        read: For each piece of an answer.
        total: For one request from start to end.
    """

    connect: float = 10.0
    read: float = 30.0
    total: float = 60.0


class Transport:
    """Sends the requests of one connection."""

    def __init__(self, policy: AddressPolicy, timeouts: Timeouts) -> None:
        self._policy = policy
        self._timeouts = timeouts
        self._free = asyncio.Semaphore(_SOCKETS)
        self._kept: dict[_Origin, list[tuple[Conversation, float]]] = {}
        self._closed = False

    async def ask(
        self, method: str, url: httpx2.URL, headers: Mapping[str, str], content: bytes | None
    ) -> Answer:
        """Send one request and return the whole answer.

        Raises:
            Failure: There is none.
        """
        sent = [(b"Host", url.netloc), *((name.encode(), value.encode()) for name, value in headers.items())]
        if content is not None or method in ("POST", "PUT", "PATCH"):
            sent.append((b"Content-Length", b"%d" % len(content or b"")))
        origin = (url.scheme, url.raw_host.decode(), url.port or _PORTS[url.scheme])
        async with self._free:
            kept = await self._taken(origin)
            conversation = kept or Conversation(await self._opened(*origin))
            try:
                answer = await conversation.ask(
                    method.encode(), url.raw_path, sent, content or b"", self._timeouts.read
                )
            except BaseException as failure:
                await conversation.aclose()
                if isinstance(failure, Cut):
                    failure.kept = kept is not None
                raise
            await self._keep(origin, conversation)
            return answer

    async def aclose(self) -> None:
        """Close all sockets; those in use are closed after it."""
        self._closed = True
        kept, self._kept = self._kept, {}
        for conversations in kept.values():
            for conversation, _ in conversations:
                await conversation.aclose()

    async def _taken(self, origin: _Origin) -> Conversation | None:
        kept = self._kept.get(origin, [])
        while kept:
            conversation, since = kept.pop()
            if conversation.goes_on and time.monotonic() - since < _KEPT_SECONDS:
                return conversation
            await conversation.aclose()
        return None

    async def _keep(self, origin: _Origin, conversation: Conversation) -> None:
        if self._closed or not conversation.goes_on:
            await conversation.aclose()
        else:
            self._kept.setdefault(origin, []).append((conversation, time.monotonic()))

    async def _opened(self, scheme: str, host: str, port: int) -> Stream:
        stream = await self._reached(host, port)
        if scheme == "https":
            try:
                await stream.encrypt(_tls(), host.rstrip("."), self._timeouts.connect)
            except BaseException:
                await stream.aclose()
                raise
        return stream

    async def _reached(self, host: str, port: int) -> Stream:
        failure: Exception = NotReached(f"{host} has no address")
        for address in await addressed(self._policy, host, port, self._timeouts.connect):
            try:
                async with asyncio.timeout(self._timeouts.connect):
                    return await opened(address, port)
            except TimeoutError:
                failure = Late()
            except OSError as error:
                failure = NotReached(said(error))
        raise failure


@cache
def _tls() -> ssl.SSLContext:
    # Loading the certificate store costs tens of milliseconds, and every connection needs the same one.
    context = httpx2.create_ssl_context()
    context.set_alpn_protocols(["http/1.1"])
    return context
