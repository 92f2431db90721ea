"""A sandbox on a socket."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from passback.sandbox.faults import TRANSPORT
from passback.sandbox.stage import Stage

__all__ = ["serve"]

_HOST = "127.0.0.1"
_POLL = 0.005


class _Cuttable(H11Protocol):
    """Gives the application the means to cut its connection.

    ASGI has none: a server answers 500 for an application that returns without an answer.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        super().connection_made(transport)
        self.app = _with_cut(self.app, transport)


def _with_cut(app: ASGIApp, transport: asyncio.Transport) -> ASGIApp:
    async def extended(scope: Scope, receive: Receive, send: Send) -> None:
        extensions = {**scope.get("extensions", {}), TRANSPORT: transport}
        await app({**scope, "extensions": extensions}, receive, send)

    return extended


@contextmanager
def serve(sandbox: Stage, port: int = 0) -> Iterator[str]:
    """Serve `sandbox` from a thread of its own.

    Args:
        sandbox: What to serve.
        port: The port on the local host; 0 for any that is free.

    Yields:
        The URL of the system that it plays, with the sandbox's base path.
    """
    config = uvicorn.Config(
        sandbox.app,
        http=_Cuttable,
        interface="asgi3",
        proxy_headers=False,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="error",
        access_log=False,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    # asyncio turns Nagle's delay off only where a socket names its protocol: 40 ms a request otherwise.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((_HOST, port))
        listener.listen()
        thread = threading.Thread(target=server.run, args=([listener],), name="sandbox", daemon=True)
        thread.start()
        try:
            while not server.started and thread.is_alive():
                time.sleep(_POLL)
            if not server.started:
                raise RuntimeError("the sandbox's server did not start")
            yield f"http://{_HOST}:{listener.getsockname()[1]}{sandbox.base}"
        finally:
            server.should_exit = True
            thread.join()
