"""What lies between a client and a server, and may forget that they talk."""

import asyncio
from contextlib import asynccontextmanager, suppress


class Relay:
    """Passes on what both sides say, until it's silent; new connections are passed on again."""

    def __init__(self, port):
        self._port = port
        self._era = 0
        self.port = 0
        # How long it takes to pass something on, in seconds.
        self.delay = 0.0

    def of(self, url):
        return url.replace(f":{self._port}/", f":{self.port}/")

    def silence(self):
        self._era += 1

    async def serve(self, reader, writer):
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._port)
        with suppress(OSError):
            await asyncio.gather(self._pass(reader, far_writer), self._pass(far_reader, writer))

    async def _pass(self, reader, writer):
        era = self._era
        while data := await reader.read(65536):
            if self.delay:
                await asyncio.sleep(self.delay)
            if era == self._era:
                writer.write(data)
        writer.close()


@asynccontextmanager
async def relayed(port, at=0):
    """Relay to `port`, from the port `at` or any that is free."""
    relay = Relay(port)
    serving = await asyncio.start_server(relay.serve, "127.0.0.1", at)
    relay.port = serving.sockets[0].getsockname()[1]
    async with serving:
        yield relay
