"""A sandbox: the system that it plays, the requests that it saw, and the faults that it's told to play."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Self

from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from passback.sandbox import faults

__all__ = ["Seen", "Stage"]

_PAGE = "<!doctype html><title>Sign in</title><p>The network asks you to sign in."


@dataclass(kw_only=True)
class Seen:
    """A request that a sandbox saw.

    Attributes:
        method: Its method.
        path: Its path.
        query: Its query, undecoded.
        headers: Its headers, by lower-case name.
        body: Its body.
        status: The status of its answer; None until there is one, and for ever if it was cut off.
    """

    method: str
    path: str
    query: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    status: int | None = None


class Stage(ABC):
    """A strict fake of a vendor's system; subclass it with the system's own rules.

    Offer it in the entry-point group ``passback.sandboxes.v1``, and ``passback sandbox NAME`` starts it.

    Attributes:
        title: What people call the system.
        base: The path at which it's served, as it stands in a connection's options.
        presets: The kinds of it that ``--like`` knows, each with what makes it.
        requests: The requests that it saw, the oldest first.
        watcher: Told of each request, once it's answered or cut off.
    """

    title: ClassVar[str]
    base: ClassVar[str] = ""
    presets: ClassVar[Mapping[str, Callable[[], Stage]]] = {}

    def __init__(self, system: ASGIApp) -> None:
        """Prepare a sandbox that plays `system`."""
        self.requests: list[Seen] = []
        self.watcher: Callable[[Seen], None] | None = None
        self._system = system
        self._faults = faults.Faults()

    @classmethod
    def usual(cls) -> Self:
        """Return the sandbox that is started where nothing else is asked for."""
        return cls()  # type: ignore[call-arg] # a subclass's own __init__ takes no system

    @abstractmethod
    def guide(self, url: str) -> str:
        """Return what to do with the sandbox at `url`: the configuration to paste, and whom it knows."""

    def refusal(self, status: int) -> Response:
        """Return how the system says `status` where it's told to fail."""
        return JSONResponse({"error": "the sandbox was told to fail"}, status)

    def fail(
        self,
        *,
        status: int,
        times: int = 1,
        headers: Mapping[str, str] | None = None,
        body: str | bytes | None = None,
        on: str | None = None,
        after: int = 0,
    ) -> None:
        """Answer the next requests with a status, and do nothing.

        Args:
            status: The status to answer with.
            times: How many requests to answer so.
            headers: Headers of the answer, such as Retry-After.
            body: The body; None for the system's own kind of error.
            on: A method (``POST``), the beginning of a path (``/users``), or both; None for all requests.
            after: How many of these requests pass before.
        """
        response = self.refusal(status) if body is None else Response(body, status)
        response.headers.update(headers or {})
        self._faults.add(faults.answer(response), times, on, after)

    def html(self, times: int = 1, on: str | None = None, after: int = 0) -> None:
        """Answer the next requests as a proxy does that wants a sign-in: 200, with a page of HTML."""
        self._faults.add(faults.answer(HTMLResponse(_PAGE)), times, on, after)

    def slow(self, seconds: float, times: int = 1, on: str | None = None, after: int = 0) -> None:
        """Make the next requests wait."""
        self._faults.add(faults.slow(seconds), times, on, after)

    def cut_before(self, times: int = 1, on: str | None = None, after: int = 0) -> None:
        """Cut the next connections before the request takes effect; needs ``serve``."""
        self._faults.add(faults.cut_before, times, on, after)

    def cut_after(self, times: int = 1, on: str | None = None, after: int = 0) -> None:
        """Let the next requests take effect, and cut the connection; needs ``serve``."""
        self._faults.add(faults.cut_after, times, on, after)

    def truncate(self, times: int = 1, on: str | None = None, after: int = 0) -> None:
        """Let the next requests take effect, and cut the connection in mid-answer; needs ``serve``."""
        self._faults.add(faults.truncate, times, on, after)

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        if scope["type"] != "http":
            await self._system(scope, receive, send)
            return
        headers = {name.decode("latin-1"): text.decode("latin-1") for name, text in scope["headers"]}
        seen = Seen(
            method=scope["method"],
            path=scope["path"],
            query=scope["query_string"].decode("latin-1"),
            headers=headers,
            body=await _content(receive),
        )
        self.requests.append(seen)

        async def noted(message: Message) -> None:
            # Before the answer leaves, so that a test that has the answer finds it noted.
            seen.status = message.get("status", seen.status)
            await send(message)

        exchange = faults.Exchange(self._system, scope, _again(seen.body, receive), noted)
        play = self._faults.take(seen.method, seen.path)
        try:
            if play is None:
                await self._system(scope, exchange.receive, noted)
            else:
                await play(exchange)
        finally:
            if self.watcher is not None:
                self.watcher(seen)


async def _content(receive: Receive) -> bytes:
    content = bytearray()
    while True:
        message = await receive()
        content += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(content)


def _again(content: bytes, receive: Receive) -> Receive:
    """Hand out a body that was read, and then what the connection still has to tell."""
    waiting: list[Message] = [{"type": "http.request", "body": content, "more_body": False}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay
