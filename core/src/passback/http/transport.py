"""The sockets of one connection, and who uses which.

What is here opens sockets and keeps a few of them. Whatever keeps an answer from coming is told for what it
is: that decides between "can't connect" and "server error".
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Sequence
from functools import cache

import attrs
import httpx2

from passback.http.asked import Asked, Origin
from passback.http.conversation import Answer, Conversation
from passback.http.reaching import Reach
from passback.http.wire import Cut

__all__ = ["Timeouts", "Transport"]

_SOCKETS = 20
_KEPT_SECONDS = 30.0


@attrs.frozen(kw_only=True)
class Timeouts:
    """How long to wait, in seconds.

    Attributes:
        connect: For a connection to one address.
        read: For each piece of an answer.
        total: For one request from start to end.
    """

    connect: float = 10.0
    read: float = 30.0
    total: float = 60.0


@attrs.frozen
class _Kept:
    origin: Origin
    conversation: Conversation
    since: float


class Transport:
    """Sends the requests of one connection, over as many sockets as it may have at once."""

    def __init__(self, reach: Reach, timeouts: Timeouts) -> None:
        self._reach = reach
        self._timeouts = timeouts
        self._loop = asyncio.get_running_loop()
        self._free = asyncio.Semaphore(_SOCKETS)
        self._used = 0
        # The oldest first.
        self._kept: list[_Kept] = []
        self._closed = False

    @property
    def here(self) -> bool:
        """Whether its sockets are those of the event loop that runs."""
        return self._loop is asyncio.get_running_loop()

    async def ask(
        self,
        asked: Asked,
        content: bytes | None,
        *,
        fresh: bool,
        status_only: bool = False,
    ) -> Answer:
        """Send one request and return the whole answer.

        Args:
            asked: What to send.
            content: Its body; None for none.
            fresh: Whether over a socket that nobody has used.
            status_only: Whether the answer's body is left out, whatever becomes of that.

        Raises:
            Failure: There is none.
        """
        async with self._free:
            self._used += 1
            try:
                return await self._answered(asked, content, fresh=fresh, status_only=status_only)
            finally:
                self._used -= 1

    async def _answered(
        self, asked: Asked, content: bytes | None, *, fresh: bool, status_only: bool
    ) -> Answer:
        kept = None if fresh else await self._taken(asked.origin)
        conversation = kept or await self._opened(asked.origin)
        try:
            answer = await conversation.ask(asked, content, self._timeouts.read, status_only=status_only)
        except BaseException as failure:
            await _close([conversation])
            if isinstance(failure, Cut):
                failure.kept = kept is not None
            raise
        if self._closed or conversation.over or not conversation.stream.quiet:
            await _close([conversation])
        else:
            self._kept.append(_Kept(asked.origin, conversation, time.monotonic()))
        return answer

    async def aclose(self) -> None:
        """Close all sockets; those in use are closed after it."""
        self._closed = True
        await self._let_go(list(self._kept))

    async def _taken(self, origin: Origin) -> Conversation | None:
        last = time.monotonic() - _KEPT_SECONDS
        useless = [each for each in self._kept if each.since < last or each.conversation.stream.over]
        if useless:
            await self._let_go(useless)
        while found := next((each for each in reversed(self._kept) if each.origin == origin), None):
            self._kept.remove(found)
            if found.conversation.stream.quiet:
                return found.conversation
            await _close([found.conversation])
        return None

    async def _opened(self, origin: Origin) -> Conversation:
        await self._let_go(self._kept[: max(0, len(self._kept) + self._used - _SOCKETS)])
        scheme, host, port = origin
        return Conversation(await self._reach.stream(host, port, _tls() if scheme == "https" else None))

    async def _let_go(self, those: Sequence[_Kept]) -> None:
        self._kept = [each for each in self._kept if each not in those]
        await _close([each.conversation for each in those])


async def _close(conversations: Sequence[Conversation]) -> None:
    """Close sockets, without waiting for what the other side says to that."""
    if not conversations:
        return
    for each in conversations:
        each.stream.close()
    try:
        await asyncio.sleep(0)
    finally:
        for each in conversations:
            each.stream.abort()


@cache
def _tls() -> ssl.SSLContext:
    # Loading the certificate store costs tens of milliseconds, and every connection needs the same one.
    context = httpx2.create_ssl_context()
    context.set_alpn_protocols(["http/1.1"])
    return context
