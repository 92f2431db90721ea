"""A server that misbehaves on command, over real sockets."""

import asyncio
import re
from collections.abc import Awaitable, Callable

import pytest
import trustme
from hypothesis import HealthCheck, settings
from postgres import postgres_server

from passback.http import transport
from passback.store import DatabaseURL

# A machine that is busy with other tests makes examples slowly, and that says nothing of what is tested.
settings.register_profile(
    "busy", max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("busy")

Behaviour = bytes | Callable[[asyncio.StreamWriter], Awaitable[None]]


class Misbehaving:
    """Answers the n-th request with the n-th behaviour, and every later one with the last.

    Bytes are written as they are, and the connection stays open; a function gets the writer.
    """

    def __init__(self, *behaviours: Behaviour) -> None:
        self._behaviours = behaviours
        self._tasks: set[asyncio.Task[None]] = set()
        self.requests: list[str] = []
        self.connections = 0

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        return self

    async def __aexit__(self, *_):
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def _connected(self, reader, writer):
        self.connections += 1
        task = asyncio.current_task()
        self._tasks.add(task)
        try:
            await self._converse(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client left, or the test is over
        finally:
            writer.close()

    async def _converse(self, reader, writer):
        while not writer.is_closing():
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            if length := re.search(r"content-length: (\d+)", head, re.IGNORECASE):
                await reader.readexactly(int(length[1]))
            self.requests.append(head)
            behaviour = self._behaviours[min(len(self.requests), len(self._behaviours)) - 1]
            if isinstance(behaviour, bytes):
                writer.write(behaviour)
            else:
                await behaviour(writer)
            await writer.drain()


@pytest.fixture
def misbehaving():
    return Misbehaving


@pytest.fixture
def answer():
    """Build the bytes of an answer."""

    def build(status=200, body=b"{}", **headers):
        lines = [f"HTTP/1.1 {status} whatever", f"content-length: {len(body)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body

    return build


@pytest.fixture
def shared():
    """Where an outbox may be that several processes deliver from: nothing is there yet."""
    server = postgres_server()
    name = server.fresh()
    yield DatabaseURL(server.url(name))
    server.empty_again(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request, tmp_path):
    """Where an outbox may be, on each engine: nothing is there yet."""
    return tmp_path / "passback.db" if request.param == "sqlite" else request.getfixturevalue("shared")


@pytest.fixture
def authority(monkeypatch, tmp_path):
    """A certificate authority that this machine trusts while the test runs."""
    made = trustme.CA()
    made.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    transport._tls.cache_clear()
    yield made
    transport._tls.cache_clear()
