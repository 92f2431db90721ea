"""The sandbox: a store, the requests it saw, and the faults it plays."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.responses import HTMLResponse, Response
from starlette.types import Message, Receive, Scope, Send

from passback_xapi.sandbox import faults
from passback_xapi.sandbox.answers import error
from passback_xapi.sandbox.app import Resources
from passback_xapi.sandbox.behaviour import Behaviour
from passback_xapi.sandbox.store import Store

_PAGE = "<!doctype html><title>Sign in</title><p>The network asks you to sign in."


@dataclass(kw_only=True)
class Seen:
    """A request the sandbox saw.

    Attributes:
        method: Its method.
        path: Its path.
        query: The names of its parameters.
        statements: How many statements its body carried.
        status: The status of its answer; None until there is one, and for ever if it was cut off.
    """

    method: str
    path: str
    query: tuple[str, ...]
    statements: int
    status: int | None = None


class Sandbox:
    """A strict fake of a Learning Record Store, at the base path ``/xapi/``.

    Attributes:
        behaviour: Its settings.
        requests: The requests it saw, oldest first.
    """

    def __init__(self, behaviour: Behaviour | None = None) -> None:
        self.behaviour = behaviour or Behaviour()
        self.requests: list[Seen] = []
        self._store = Store()
        self._faults = faults.Faults()
        self._resources = Resources(self.behaviour, self._store).application()

    @property
    def statements(self) -> list[dict[str, object]]:
        """The statements kept, oldest first."""
        return [kept.statement for kept in self._store.all()]

    def fail(
        self,
        *,
        status: int,
        times: int = 1,
        headers: Mapping[str, str] | None = None,
        body: str | bytes | None = None,
        on: str | None = None,
    ) -> None:
        """Answer the next requests with a status, and keep nothing.

        Args:
            status: The status to answer with.
            times: How many requests to answer so.
            headers: Headers of the answer, such as Retry-After.
            body: The body; None for an error in JSON.
            on: The method of the requests; None for any.
        """
        response = error(status, "the sandbox was told to fail") if body is None else Response(body, status)
        response.headers.update(headers or {})
        self._faults.add(faults.answer(response), times, on)

    def html(self, times: int = 1, on: str | None = None) -> None:
        """Answer the next requests as a proxy does that wants a sign-in: 200, with a page of HTML."""
        self._faults.add(faults.answer(HTMLResponse(_PAGE)), times, on)

    def slow(self, seconds: float, times: int = 1, on: str | None = None) -> None:
        """Make the next requests wait."""
        self._faults.add(faults.slow(seconds), times, on)

    def drop_before_commit(self, times: int = 1, on: str | None = None) -> None:
        """Cut the next connections before the request takes effect; needs ``serve``."""
        self._faults.add(faults.drop_before_commit, times, on)

    def drop_after_commit(self, times: int = 1, on: str | None = None) -> None:
        """Let the next requests take effect, and cut the connection; needs ``serve``."""
        self._faults.add(faults.drop_after_commit, times, on)

    def truncate(self, times: int = 1, on: str | None = None) -> None:
        """Let the next requests take effect, and cut the connection in mid-answer; needs ``serve``."""
        self._faults.add(faults.truncate, times, on)

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        if scope["type"] != "http":
            await self._resources(scope, receive, send)
            return
        content = await _content(receive)
        seen = Seen(
            method=scope["method"],
            path=scope["path"],
            query=tuple(
                name for name, _ in parse_qsl(scope["query_string"].decode(), keep_blank_values=True)
            ),
            statements=_count(content),
        )
        self.requests.append(seen)

        async def note(message: Message) -> None:
            # Before the answer leaves, so that a test that has the answer finds it noted.
            seen.status = message.get("status", seen.status)
            await send(message)

        exchange = faults.Exchange(self._resources, scope, _again(content, receive), note)
        play = self._faults.take(seen.method)
        if play is None:
            await self._resources(scope, exchange.receive, note)
        else:
            await play(exchange)


async def _content(receive: Receive) -> bytes:
    content = b""
    while True:
        message = await receive()
        part: bytes = message.get("body", b"")
        content += part
        if not message.get("more_body", False):
            return content


def _again(content: bytes, receive: Receive) -> Receive:
    """Hand out a body already read, and then what the connection still has to tell."""
    waiting: list[Message] = [{"type": "http.request", "body": content, "more_body": False}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay


def _count(content: bytes) -> int:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return 0
    return len(found) if isinstance(found, list) else int(isinstance(found, dict))
