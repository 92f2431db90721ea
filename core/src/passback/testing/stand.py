"""Where rules are played: a thread with the proxy, and a socket for the sandbox of the moment."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from contextlib import ExitStack
from typing import Any, TypeVar
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from passback.sandbox import Stage, serve
from passback.testing.proxy import Proxy, Record

__all__ = ["Stand"]

Answer = TypeVar("Answer")


class _Doorway(Stage):
    """One socket for one sandbox after the other: starting a server takes longer than a rule."""

    title = "the sandbox of the moment"

    def __init__(self) -> None:
        self.now: Stage = self
        super().__init__(Starlette())

    def guide(self, url: str) -> str:
        return url

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.now.app(scope, receive, send)


class Stand:
    """The proxy and the sandbox's server, each in a thread of its own.

    A connector that blocks the event loop must not stop what it talks to.

    Attributes:
        seen: Suite → name of an operation → what was asked with nothing in its way.
    """

    def __init__(self) -> None:
        self.seen: WeakKeyDictionary[type, dict[str, Record]] = WeakKeyDictionary()
        self._closing = ExitStack()
        self._doorway = _Doorway()
        address = urlsplit(self._closing.enter_context(serve(self._doorway)))
        self._upstream = (address.hostname or "", address.port or 0)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="conformance", daemon=True)
        self._thread.start()
        self._proxy = Proxy()
        self._run(self._proxy.start())

    @property
    def url(self) -> str:
        """The address of the proxy."""
        return self._proxy.url

    @property
    def elsewhere(self) -> str:
        """The address of a host that no connection names."""
        return self._proxy.elsewhere

    def begin(self, sandbox: Stage) -> tuple[Record, str]:
        """Put `sandbox` behind the proxy; return what will be seen, and where it is reached."""
        self._doorway.now = sandbox
        record = Record(self._upstream)
        self._run(self._proxy.begin(record))
        return record, f"{self._proxy.url}{sandbox.base}"

    def close(self) -> None:
        """Stop everything."""
        self._run(self._proxy.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._closing.close()

    def _run(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)
