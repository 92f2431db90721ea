"""A sandbox on a socket."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from email.utils import formatdate

import uvicorn
from anyio.from_thread import start_blocking_portal
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from passback.sandbox.faults import TRANSPORT
from passback.sandbox.stage import Stage

__all__ = ["serve"]

_HOST = "127.0.0.1"
_TURNS = 3
"""How many turns asyncio's loop needs from accepting a connection to handing it over; to lose one, fewer."""


class _Cuttable(H11Protocol):
    """Gives the application the means to cut its connection.

    ASGI has none: a server answers 500 for an application that returns without an answer.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        super().connection_made(transport)
        self.app = _with_cut(self.app, transport)

    def data_received(self, data: bytes) -> None:
        self.server_state.default_headers = [(b"date", formatdate(usegmt=True).encode())]
        super().data_received(data)


def _with_cut(app: ASGIApp, transport: asyncio.Transport) -> ASGIApp:
    async def extended(scope: Scope, receive: Receive, send: Send) -> None:
        extensions = {**scope.get("extensions", {}), TRANSPORT: transport}
        # uvicorn takes an end that we asked for as an error of the application's, and reports it.
        with contextlib.suppress(asyncio.CancelledError):
            await app({**scope, "extensions": extensions}, receive, send)

    return extended


@contextlib.contextmanager
def serve(sandbox: Stage, port: int = 0) -> Iterator[str]:
    """Serve `sandbox` from a thread of its own; what isn't answered yet at the end is cut off.

    Takes a few milliseconds, so that each test can have a system of its own.

    Args:
        sandbox: What to serve.
        port: The port on the local host; 0 for any that is free.

    Yields:
        The URL of the system that it plays, with the sandbox's base path.
    """
    # asyncio turns Nagle's delay off only where a socket names its protocol: 40 ms a request otherwise.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((_HOST, port))
        listener.listen()
        with (
            start_blocking_portal() as portal,
            portal.wrap_async_context_manager(_answering(sandbox.app, listener)),
        ):
            yield f"http://{_HOST}:{listener.getsockname()[1]}{sandbox.base}"


@contextlib.asynccontextmanager
async def _answering(app: ASGIApp, listener: socket.socket) -> AsyncIterator[None]:
    # Not uvicorn's Server: it looks every 100 ms whether it should stop.
    config = uvicorn.Config(
        app,
        http=_Cuttable,
        interface="asgi3",
        proxy_headers=False,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="error",
        access_log=False,
    )
    config.load()
    state = ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Cuttable(config, state, {}), sock=listener)
    try:
        yield
    finally:
        server.close()
        await _cut(state)


async def _cut(state: ServerState) -> None:
    """Close each connection, and end what worked on an answer."""
    await _turn()
    for connection in state.connections:
        connection.transport.abort()
    await _turn()
    for task in state.tasks:
        task.cancel()
    await asyncio.gather(*state.tasks)


async def _turn() -> None:
    for _ in range(_TURNS):
        await asyncio.sleep(0)
