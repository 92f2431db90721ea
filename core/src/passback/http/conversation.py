"""Requests and answers over one socket, one after another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import suppress
from typing import TypeAlias

import attrs
import h11

from passback.http.compression import codings_of, unpacked
from passback.http.stream import Stream
from passback.http.wire import Cut, Failure, NoHTTP, TooLarge, Unsendable

__all__ = ["MAX_BODY", "Answer", "Conversation"]

MAX_BODY = 16 * 1024 * 1024
_MAX_HEAD = 100 * 1024
# For a body that nobody reads, in seconds.
_PATIENCE = 5.0
_BEGINNING = b"HTTP/"
# After so many parts of an answer others have their turn.
_TURN = 64
_Headers: TypeAlias = list[tuple[bytes, bytes]]


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
    """

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self._state = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MAX_HEAD)
        self._events = 0

    @property
    def goes_on(self) -> bool:
        """Whether another request may follow."""
        return self._state.our_state is h11.IDLE and self.stream.quiet

    async def ask(
        self,
        method: bytes,
        target: bytes,
        headers: _Headers,
        content: bytes,
        seconds: float,
        *,
        status_only: bool = False,
    ) -> Answer:
        """Send one request and return the whole answer, each part of which comes within `seconds`.

        With `status_only` it has no body, and is one whatever becomes of that.

        Raises:
            Failure: There is none.
        """
        status, raw = await self._answered(self._written(method, target, headers, content), seconds)
        body = b""
        if status_only:
            await self._skip(seconds)
        else:
            parts = _bounded(self._parts(seconds))
            if codings := codings_of(raw):
                parts = _bounded(unpacked(codings, parts))
            body = b"".join([part async for part in parts])
        # What comes along behind an answer would be taken for the next one.
        if set(self._state.states.values()) == {h11.DONE} and not self._state.trailing_data[0]:
            self._state.start_next_cycle()
        return Answer(status=status, headers=_folded(raw), body=body)

    async def _skip(self, seconds: float) -> None:
        # Some end what they are at as soon as nobody listens any more.
        with suppress(Failure, TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                async for _ in _bounded(self._parts(seconds)):
                    pass

    def _written(self, method: bytes, target: bytes, headers: _Headers, content: bytes) -> bytes:
        try:
            request = h11.Request(method=method, target=target, headers=headers)
            parts = [self._state.send(request), self._state.send(h11.Data(content))]
            parts.append(self._state.send(h11.EndOfMessage()))
        except h11.LocalProtocolError as error:
            raise Unsendable(str(error)) from None
        return b"".join(part for part in parts if part)

    async def _answered(self, request: bytes, seconds: float) -> tuple[int, _Headers]:
        left, head = memoryview(request), None
        while head is None:
            left = await self.stream.send(left, seconds)
            # What comes while there is more to send may be no more than a sign of life (RFC 9110 §15.2).
            head = await self._head(seconds, waits=not left)
        if left:
            self.stream.break_off()
        return head.status_code, head.headers.raw_items()

    async def _head(self, seconds: float, *, waits: bool) -> h11.Response | None:
        while not isinstance(event := await self._event(seconds, waits=waits), h11.Response):
            if event is h11.PAUSED:
                raise NoHTTP("it speaks another protocol from here on")
            if event is h11.NEED_DATA:
                return None
        return event

    async def _parts(self, seconds: float) -> AsyncIterator[bytes]:
        while isinstance(event := await self._event(seconds), h11.Data):
            yield bytes(event.data)

    async def _event(self, seconds: float, *, waits: bool = True) -> object:
        # What arrived at once may be ten thousand chunks of a byte, or as many heads before the answer's own.
        self._events += 1
        if self._events % _TURN == 0:
            await asyncio.sleep(0)
        data = None
        try:
            while (event := self._state.next_event()) is h11.NEED_DATA:
                self._require_http()
                if not waits and not self.stream.spoken:
                    break
                data = await self.stream.receive(seconds)
                if not data and self._state.their_state is h11.SEND_RESPONSE:
                    raise Cut("before it answered")
                self._state.receive_data(data)
        except h11.RemoteProtocolError as error:
            # Where the end breaks the rules it came too early; anything else should never have been said.
            raise (Cut if data == b"" else NoHTTP)(str(error)) from None
        return event

    def _require_http(self) -> None:
        # h11 waits for the end of a head, which a mail server's greeting, or a page without one, never has.
        begun = self._state.trailing_data[0][: len(_BEGINNING)]
        if self._state.their_state is h11.SEND_RESPONSE and not _BEGINNING.startswith(begun):
            raise NoHTTP("it doesn't begin as an answer does")


async def _bounded(parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    size = 0
    async for part in parts:
        size += len(part)
        if size > MAX_BODY:
            raise TooLarge
        yield part


def _folded(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
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
