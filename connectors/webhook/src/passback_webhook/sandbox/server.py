"""The sandbox on a socket."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from passback_webhook.sandbox.faults import TRANSPORT
from passback_webhook.sandbox.sandbox import Sandbox

_HOST = "127.0.0.1"
_POLL = 0.005


class _Protocol(H11Protocol):
    """Hands the application the transport, so that a fault can cut it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        super().connection_made(transport)
        self.app = _handing(self.app, transport)


def _handing(app: ASGIApp, transport: asyncio.Transport) -> ASGIApp:
    async def handing(scope: Scope, receive: Receive, send: Send) -> None:
        more = {**scope.get("extensions", {}), TRANSPORT: transport}
        await app({**scope, "extensions": more}, receive, send)

    return handing


@contextmanager
def serve(sandbox: Sandbox, port: int = 0) -> Iterator[str]:
    """Serve a sandbox from a thread of its own.

    Args:
        sandbox: What to serve.
        port: The port on the local host; 0 for any that is free.

    Yields:
        The API's address, without a slash at its end.
    """
    server = uvicorn.Server(
        uvicorn.Config(
            sandbox.app,
            http=_Protocol,
            interface="asgi3",
            proxy_headers=False,
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="error",
            access_log=False,
            timeout_graceful_shutdown=1,
        )
    )
    # asyncio turns Nagle's delay off only where a socket names its protocol: 40 ms a request otherwise.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((_HOST, port))
        listener.listen()
        thread = threading.Thread(target=server.run, args=([listener],), name="api-sandbox", daemon=True)
        thread.start()
        try:
            while not server.started and thread.is_alive():
                time.sleep(_POLL)
            if not server.started:
                raise RuntimeError("the sandbox's server did not start")
            yield f"http://{_HOST}:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
