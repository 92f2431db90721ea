"""A minimal LRS to measure against: parses each POST and answers with its ids, and says how many came."""

from __future__ import annotations

import asyncio
import sys

import msgspec

_ABOUT = b'{"version":["1.0.3"]}'


class Identified(msgspec.Struct):
    """As much of a statement as the answer needs."""

    id: str


class Sink:
    """Counts what it's sent, and keeps nothing."""

    def __init__(self) -> None:
        self._decoder = msgspec.json.Decoder(list[Identified])
        self._count = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one client until it leaves."""
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = 0
                if (place := head.find(b"content-length:")) >= 0:
                    length = int(head[place + 15 :].split(b"\r\n", 1)[0])
                answer = self._answer(head, await reader.readexactly(length))
                writer.write(
                    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s"
                    % (len(answer), answer)
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def _answer(self, head: bytes, body: bytes) -> bytes:
        if head.startswith(b"get /count"):
            return b"%d" % self._count
        if not body:
            return _ABOUT
        ids = [each.id for each in self._decoder.decode(body)]
        self._count += len(ids)
        return msgspec.json.encode(ids)


async def main() -> None:
    """Print the port, then serve until killed."""
    server = await asyncio.start_server(Sink().serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
