"""Requests and answers over HTTP/1.1, read and written through h11."""

from __future__ import annotations

import asyncio

import attrs
import h11

__all__ = ["Answer", "Asked", "Cut", "read_answer", "read_request", "write_answer", "write_request"]

_PIECE = 64 * 1024
# Between two machines only: each leg of the way has its own.
_HOP = frozenset({"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"})


class Cut(Exception):
    """The connection is to be reset."""


@attrs.define(kw_only=True)
class Asked:
    """A request that the proxy saw.

    Attributes:
        method: Its method.
        target: Path and query as they were sent.
        headers: Lower-case names and values in their order.
        body: Its body.
        status: The status of the answer that was written; None where there was none.
        answer: The body of that answer.
        written: How many bytes of it the client took.
    """

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = attrs.field(repr=False)
    body: bytes = attrs.field(repr=False)
    status: int | None = None
    answer: bytes = attrs.field(default=b"", repr=False)
    written: int = 0

    @property
    def path(self) -> str:
        """The path without the query."""
        return self.target.partition("?")[0]

    def header(self, name: str) -> str:
        """Return the value of a header, empty where there is none."""
        return next((value for each, value in self.headers if each == name), "")


@attrs.frozen(kw_only=True)
class Answer:
    """What is answered.

    Attributes:
        status: The status.
        headers: Names and values; the length is added.
        body: The body.
        sent: How much of the body is sent before the connection is closed; None for all of it.
        repeated: How many times the body is sent, as one that never seems to end.
    """

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    sent: int | None = None
    repeated: int = 1


async def read_request(connection: h11.Connection, reader: asyncio.StreamReader) -> Asked | None:
    """Return the next request; None where the client has left."""
    found = await _next(connection, reader)
    if not isinstance(found, h11.Request):
        return None
    body = await _body(connection, reader)
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in found.headers)
    return Asked(
        method=found.method.decode("ascii"),
        target=found.target.decode("latin-1"),
        headers=headers,
        body=body,
    )


async def read_answer(connection: h11.Connection, reader: asyncio.StreamReader) -> Answer:
    """Return the answer to the request that was written."""
    found = await _next(connection, reader)
    while isinstance(found, h11.InformationalResponse):
        found = await _next(connection, reader)
    if not isinstance(found, h11.Response):
        raise Cut
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in found.headers)
    return Answer(status=found.status_code, headers=headers, body=await _body(connection, reader))


async def write_request(connection: h11.Connection, writer: asyncio.StreamWriter, asked: Asked) -> None:
    """Write `asked` as the last request of its connection."""
    headers = [*_own(asked.headers), ("content-length", str(len(asked.body))), ("connection", "close")]
    _send(connection, writer, h11.Request(method=asked.method, target=asked.target, headers=headers))
    _send(connection, writer, h11.Data(data=asked.body))
    _send(connection, writer, h11.EndOfMessage())
    await writer.drain()


async def write_answer(
    connection: h11.Connection, writer: asyncio.StreamWriter, asked: Asked, answer: Answer
) -> None:
    """Write `answer` to `asked`; a body that is to be cut leaves the connection unusable.

    Raises:
        Cut: The connection is to be closed.
    """
    length = len(answer.body) * answer.repeated
    headers = [*_own(answer.headers), ("content-length", str(length))]
    _send(connection, writer, h11.Response(status_code=answer.status, headers=headers, reason=b""))
    if answer.sent is not None:
        _send(connection, writer, h11.Data(data=answer.body[: answer.sent]))
        await writer.drain()
        raise Cut
    for _ in range(answer.repeated):
        _send(connection, writer, h11.Data(data=answer.body))
        await writer.drain()
        asked.written += len(answer.body)
    _send(connection, writer, h11.EndOfMessage())
    await writer.drain()


def _own(headers: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in headers if name.lower() not in {*_HOP, "content-length"}]


def _send(connection: h11.Connection, writer: asyncio.StreamWriter, event: h11.Event) -> None:
    data = connection.send(event)
    if data:
        writer.write(data)


async def _body(connection: h11.Connection, reader: asyncio.StreamReader) -> bytes:
    parts = bytearray()
    while isinstance(found := await _next(connection, reader), h11.Data):
        parts += found.data
    return bytes(parts)


async def _next(connection: h11.Connection, reader: asyncio.StreamReader) -> object:
    while (found := connection.next_event()) is h11.NEED_DATA:
        connection.receive_data(await reader.read(_PIECE))
    return found
