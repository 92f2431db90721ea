"""A minimal LRS to measure against: answers about, and every POST of statements with their ids."""

from __future__ import annotations

import asyncio
import sys

import msgspec

_ABOUT = b'{"version":["1.0.3"]}'


class Identified(msgspec.Struct):
    """As much of a statement as the answer needs."""

    id: str


_decoder = msgspec.json.Decoder(list[Identified])


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one client until it leaves."""
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = 0
            if (place := head.find(b"content-length:")) >= 0:
                length = int(head[place + 15 :].split(b"\r\n", 1)[0])
            body = await reader.readexactly(length)
            answer = msgspec.json.encode([each.id for each in _decoder.decode(body)]) if body else _ABOUT
            writer.write(
                b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s"
                % (len(answer), answer)
            )
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def main() -> None:
    """Print the port, then serve until killed."""
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
