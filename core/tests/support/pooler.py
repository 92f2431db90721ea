"""A pooler in transaction mode: each transaction is served by the next of a few sessions, whoever asks."""

import asyncio
import itertools
import os
import socket
import struct
from contextlib import asynccontextmanager, suppress

import psycopg

_NEGOTIATIONS = (80877103, 80877104)


class Pooler:
    """Serves transactions by sessions that others used, and left settings in."""

    def __init__(self, url, left):
        # They know the password, and their sockets are ready for what is asked.
        self._sessions = [psycopg.connect(url, autocommit=True) for _ in range(3)]
        for each in self._sessions:
            each.execute(left)
        self._streams = asyncio.Queue()
        self.port = 0

    async def start(self):
        for each in self._sessions:
            raw = socket.socket(fileno=os.dup(each.fileno()))
            self._streams.put_nowait(await asyncio.open_connection(sock=raw))

    def close(self):
        while not self._streams.empty():
            self._streams.get_nowait()[1].close()
        for each in self._sessions:
            each.close()

    async def serve(self, reader, writer):
        with suppress(OSError, asyncio.IncompleteReadError):
            await self._greet(reader, writer)
            while asked := await reader.read(65536):
                await self._transact(asked, reader, writer)
        writer.close()

    async def _greet(self, reader, writer):
        while True:
            length, code = struct.unpack("!ii", await reader.readexactly(8))
            await reader.readexactly(length - 8)
            if code not in _NEGOTIATIONS:
                break
            writer.write(b"N")
        told = {
            b"server_version": b"18.0",
            b"client_encoding": b"UTF8",
            b"standard_conforming_strings": b"on",
        }
        writer.write(_message(b"R", struct.pack("!i", 0)))
        for name, value in told.items():
            writer.write(_message(b"S", b"%b\0%b\0" % (name, value)))
        writer.write(_message(b"K", struct.pack("!ii", next(_keys), 1)) + _message(b"Z", b"I"))

    async def _transact(self, asked, reader, writer):
        """Pass on what is said until the session has no transaction, and what is `asked` first."""
        near, far = stream = await self._streams.get()
        try:
            while asked and asked[:1] != b"X":
                far.write(asked)
                state = await _answered(near, writer)
                if state == b"I":
                    return
                asked = await reader.read(65536)
        finally:
            self._streams.put_nowait(stream)


async def _answered(near, writer):
    """Pass on an answer; return whether its session is in a transaction."""
    while True:
        kind, length = struct.unpack("!ci", await near.readexactly(5))
        body = await near.readexactly(length - 4)
        writer.write(_message(kind, body))
        if kind == b"Z":
            return body


def _message(kind, body):
    return struct.pack("!ci", kind, len(body) + 4) + body


# No process has such a number.
_keys = itertools.count(2**30)


@asynccontextmanager
async def pooled(url, left):
    """Pool what is at `url`, in sessions in which somebody said what is in `left`; yield it."""
    pooler = Pooler(url, left)
    await pooler.start()
    serving = await asyncio.start_server(pooler.serve, "127.0.0.1", 0)
    pooler.port = serving.sockets[0].getsockname()[1]
    async with serving:
        yield pooler
    pooler.close()
