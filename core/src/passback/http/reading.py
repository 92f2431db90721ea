"""An answer that isn't as plain as most are, read by h11."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import h11

from passback.http.plain import RawHeaders
from passback.http.stream import Stream
from passback.http.wire import Cut, NoHTTP

__all__ = ["Reading"]

_MAX_HEAD = 100 * 1024
_BEGINNING = b"HTTP/"
# After so many parts of an answer others have their turn.
_TURN = 64


class Reading:
    """The answer to one request, as it comes."""

    def __init__(self, stream: Stream, request: h11.Request, arrived: bytes) -> None:
        self._stream = stream
        self._state = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MAX_HEAD)
        # What was written is the same but for the body, whose length makes no difference to the answer.
        self._state.send(request)
        self._state.send(h11.EndOfMessage())
        self._events = 0
        if arrived:
            self._state.receive_data(arrived)

    @property
    def done(self) -> bool:
        """Whether it was read to its end and nothing came along behind it, so that another may follow."""
        # What comes along behind an answer would be taken for the next one.
        return set(self._state.states.values()) == {h11.DONE} and not self._state.trailing_data[0]

    async def head(self, seconds: float, *, waits: bool) -> tuple[int, RawHeaders] | None:
        """Return status and headers; without `waits` None if that would take waiting.

        Raises:
            Failure: There is none.
        """
        while not isinstance(event := await self._event(seconds, waits=waits), h11.Response):
            if event is h11.PAUSED:
                raise NoHTTP("it speaks another protocol from here on")
            if event is h11.NEED_DATA:
                return None
        return event.status_code, event.headers.raw_items()

    async def parts(self, seconds: float) -> AsyncIterator[bytes]:
        """Yield the parts of the body, each of which comes within `seconds`.

        Raises:
            Failure: It isn't whole.
        """
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
                if not waits and not self._stream.spoken:
                    break
                data = await self._stream.receive(seconds)
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
