"""The proxy: it listens, sees, forwards, and plays what its record says."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import attrs
import h11

from passback.testing.proxy.messages import (
    Answer,
    Asked,
    Cut,
    read_answer,
    read_request,
    write_answer,
    write_request,
)
from passback.testing.proxy.record import Record

__all__ = ["Proxy"]

_HOST = "127.0.0.1"
_PAUSE = 0.01
_FAILURES = (OSError, Cut, h11.ProtocolError, asyncio.IncompleteReadError)


class Proxy:
    """Two listeners: one in front of the sandbox, and one that nobody configured.

    Attributes:
        url: Where the sandbox is reached.
        elsewhere: Where nothing should ever be sent.
    """

    def __init__(self) -> None:
        self.url = ""
        self.elsewhere = ""
        self._record = Record(("", 0))
        self._servers: list[asyncio.Server] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen."""
        for strange in (False, True):
            server = await asyncio.start_server(self._stranger if strange else self._client, _HOST, 0)
            self._servers.append(server)
        self.url, self.elsewhere = (
            f"http://{_HOST}:{each.sockets[0].getsockname()[1]}" for each in self._servers
        )

    async def begin(self, record: Record) -> None:
        """Take down what happens in `record` from now on; connections of before are cut."""
        self._record = record
        await self._drop()

    async def stop(self) -> None:
        """Listen no more."""
        for server in self._servers:
            server.close()
        await self._drop()
        await asyncio.sleep(_PAUSE)  # until the sockets of what was cut are closed

    async def _drop(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._begin(reader, writer, strange=False)

    def _stranger(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._begin(reader, writer, strange=True)

    def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, strange: bool) -> None:
        # A task of our own: of one that it made itself, asyncio would report that it was cancelled.
        task = asyncio.create_task(_serve(self._record, reader, writer, strange=strange))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _serve(
    record: Record, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, strange: bool
) -> None:
    record.connections += 1
    try:
        await _converse(record, reader, writer, strange=strange)
    except _FAILURES:
        writer.transport.abort()
    finally:
        record.connections -= 1
        writer.close()


async def _converse(
    record: Record, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, strange: bool
) -> None:
    connection = h11.Connection(h11.SERVER)
    while (asked := await read_request(connection, reader)) is not None:
        if strange:
            record.elsewhere.append(asked)
            answer = Answer(headers=(("content-type", "application/json"),), body=b"{}")
        else:
            answer = await _answer(record, asked)
        if asked.method == "HEAD":
            answer = attrs.evolve(answer, body=b"", sent=None, repeated=1)
        asked.status, asked.answer = answer.status, answer.body
        await write_answer(connection, writer, asked, answer)
        if connection.our_state is not h11.DONE or connection.their_state is not h11.DONE:
            return
        connection.start_next_cycle()


async def _answer(record: Record, asked: Asked) -> Answer:
    async def forward() -> Answer:
        return await _forwarded(record.upstream, asked)

    fault = record.taken(asked)
    return await (forward() if fault is None else fault(asked, forward))


async def _forwarded(upstream: tuple[str, int], asked: Asked) -> Answer:
    reader, writer = await asyncio.open_connection(*upstream)
    try:
        connection = h11.Connection(h11.CLIENT)
        await write_request(connection, writer, asked)
        return await read_answer(connection, reader)
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
