"""Requests and answers over one socket, one after another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress

import attrs

from passback.http.asked import Asked
from passback.http.compression import codings_of, unpacked
from passback.http.plain import Head, RawHeaders, plain
from passback.http.reading import Reading
from passback.http.stream import Stream
from passback.http.wire import Cut, Failure, TooLarge

__all__ = ["MAX_BODY", "Answer", "Conversation"]

MAX_BODY = 16 * 1024 * 1024
# For a body that nobody reads, in seconds.
_PATIENCE = 5.0


@attrs.frozen(kw_only=True)
class Answer:
    """A whole answer.

    Attributes:
        status: Its status code.
        headers: Its headers, names in lower case.
        body: Its content, decompressed.
    """

    status: int
    headers: Mapping[str, str] = attrs.field(repr=False)
    body: bytes = attrs.field(repr=False)


class Conversation:
    """HTTP/1.1 over one socket.

    Attributes:
        stream: The socket.
        over: Whether no other request may follow.
    """

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.over = False

    async def ask(
        self, asked: Asked, content: bytes | None, seconds: float, *, status_only: bool = False
    ) -> Answer:
        """Send one request and return the whole answer, each part of which comes within `seconds`.

        With `status_only` it has no body, and is one whatever becomes of that.

        Raises:
            Failure: There is none.
        """
        self.over = True
        left = await self.stream.send(memoryview(asked.written(content)), seconds)
        arrived = b""
        if asked.plain and not left and not status_only:
            arrived = await self.stream.receive(seconds)
            if head := plain(arrived):
                return await self._plainly(head, arrived, seconds)
        reading = Reading(self.stream, asked.request, arrived)
        return await self._carefully(reading, left, seconds, status_only=status_only)

    async def _plainly(self, head: Head, arrived: bytes, seconds: float) -> Answer:
        if head.end - head.begin > MAX_BODY:
            raise TooLarge
        parts, size = [arrived], len(arrived)
        while size < head.end:
            part = await self.stream.receive(seconds)
            if not part:
                raise Cut(f"after {size - head.begin} of {head.end - head.begin} bytes of its answer")
            parts.append(part)
            size += len(part)
        # What comes along behind an answer would be taken for the next one.
        self.over = size > head.end
        body = b"".join(parts)[head.begin : head.end]
        return Answer(status=head.status, headers=_folded(head.headers), body=body)

    async def _carefully(
        self, reading: Reading, left: memoryview, seconds: float, *, status_only: bool
    ) -> Answer:
        # What comes while there is more to send may be no more than a sign of life (RFC 9110 §15.2).
        while (head := await reading.head(seconds, waits=not left)) is None:
            left = await self.stream.send(left, seconds)
        if left:
            self.stream.break_off()
        status, headers = head
        body = b""
        if status_only:
            await _skip(reading.parts(seconds))
        else:
            parts = _bounded(reading.parts(seconds))
            if codings := codings_of(headers):
                parts = _bounded(unpacked(codings, parts))
            body = b"".join([part async for part in parts])
        self.over = not reading.done
        return Answer(status=status, headers=_folded(headers), body=body)


async def _skip(parts: AsyncIterator[bytes]) -> None:
    # Some end what they are at as soon as nobody listens any more.
    with suppress(Failure, TimeoutError):
        async with asyncio.timeout(_PATIENCE):
            async for _ in _bounded(parts):
                pass


async def _bounded(parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    size = 0
    async for part in parts:
        size += len(part)
        if size > MAX_BODY:
            raise TooLarge
        yield part


def _folded(headers: RawHeaders) -> dict[str, str]:
    # Those of one name are one (RFC 9110 §5.3).
    found: dict[str, str] = {}
    for raw, text in headers:
        name, value = raw.decode("ascii").lower(), _text(text)
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
