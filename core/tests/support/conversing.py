"""A server that converses as it's told and counts who is there, and whoever asks it."""

import asyncio
import ssl
from contextlib import asynccontextmanager

from passback import HTTP, AddressPolicy, Timeouts

LOOPBACK = AddressPolicy(allow_http=True, allow=("127.0.0.0/8",))
QUICK = Timeouts(connect=2, read=2, total=10)
EMPTY = b"HTTP/1.1 204 No Content\r\n\r\n"


class Server:
    """Converses as it's told; counts who is there."""

    def __init__(self, converse, certificate=None, host="127.0.0.1", port=0):
        self._converse, self._certificate = converse, certificate
        self._where = host, port
        self.open = self.opened = 0
        self._failures = []

    async def __aenter__(self):
        tls = None
        if self._certificate is not None:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._certificate.configure_cert(tls)
        self._server = await asyncio.start_server(self._connected, *self._where, ssl=tls)
        self.port = self._server.sockets[0].getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}/"
        return self

    async def __aexit__(self, *_):
        self._server.close()
        await self.left(0)
        assert not self._failures

    async def left(self, count):
        """Wait until no more than `count` are there."""
        async with asyncio.timeout(5):
            while self.open > count:
                await asyncio.sleep(0.01)

    async def _connected(self, reader, writer):
        self.open += 1
        self.opened += 1
        try:
            await self._converse(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass  # the client left
        except AssertionError as failure:
            self._failures.append(failure)
        finally:
            writer.close()
            self.open -= 1


async def answers(reader, writer):
    """Answer whatever comes."""
    while await reader.readuntil(b"\r\n\r\n"):
        writer.write(EMPTY)


@asynccontextmanager
async def asking(server, timeouts=QUICK):
    """Yield what asks `server` while it serves."""
    http = HTTP(LOOPBACK, timeouts)
    async with server:
        try:
            yield http
        finally:
            await http.aclose()
