"""The sandbox: the resources of a customer's API, the requests it saw, and the faults it plays."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from passback_webhook.sandbox import faults
from passback_webhook.sandbox.behaviour import Behaviour
from passback_webhook.sandbox.events import Events
from passback_webhook.sandbox.proofs import require_proof
from passback_webhook.sandbox.refusal import Refused
from passback_webhook.sandbox.tokens import Tokens
from passback_webhook.sandbox.users import list_users

_PAGE = "<!doctype html><title>Sign in</title><p>The network asks you to sign in."
_UNAUTHORIZED = 401


@dataclass(kw_only=True)
class Seen:
    """A request the sandbox saw.

    Attributes:
        method: Its method.
        path: Its path.
        query: Its query, undecoded.
        headers: Its headers, names in lower case.
        body: Its body.
        status: The status of its answer; None for ever if it was cut off.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    status: int | None = None


class Sandbox:
    """A strict fake of a customer's API: ``/token``, ``/events`` and what is under it, ``/users``, ``/me``.

    Attributes:
        behaviour: Its settings.
        requests: The requests it saw, oldest first.
    """

    def __init__(self, behaviour: Behaviour | None = None) -> None:
        self.behaviour = behaviour or Behaviour()
        self.requests: list[Seen] = []
        self._tokens = Tokens(self.behaviour)
        self._events = Events(self.behaviour)
        self._faults = faults.Faults()
        taking = ["POST", "PUT", "PATCH"] + (["GET"] if self.behaviour.style == "query" else [])
        self._application = Starlette(
            routes=[
                Route("/token", self._tokens.answer, methods=["POST"]),
                Route("/events", self._guarded(self._events.answer), methods=taking),
                Route("/events/{rest:path}", self._guarded(self._events.answer), methods=taking),
                Route("/users", self._guarded(self._users), methods=["GET"]),
                Route("/me", self._guarded(self._me), methods=["GET"]),
            ]
        )
        self._application.router.redirect_slashes = False

    @property
    def messages(self) -> list[dict[str, object]]:
        """The messages that were taken, oldest first."""
        return self._events.kept

    @property
    def repeated(self) -> list[str]:
        """The ids of messages that came again, and changed nothing."""
        return self._events.repeated

    @property
    def tokens_given(self) -> int:
        """How many tokens were given out."""
        return self._tokens.given

    def revoke_tokens(self) -> None:
        """Make every token that was given out worthless."""
        self._tokens.revoke()

    def fail(
        self,
        *,
        status: int,
        times: int = 1,
        headers: Mapping[str, str] | None = None,
        body: str | None = None,
        on: str = "/events",
    ) -> None:
        """Answer the next requests for paths that begin with `on` with a status, and do nothing."""
        said = JSONResponse({"error": "told_to_fail"}, status) if body is None else Response(body, status)
        said.headers.update(headers or {})
        self._faults.add(faults.answering(said), times, on)

    def html(self, times: int = 1, on: str = "/events") -> None:
        """Answer the next requests as a network does that wants a sign-in: 200, with a page."""
        self._faults.add(faults.answering(HTMLResponse(_PAGE)), times, on)

    def slow(self, seconds: float, times: int = 1, on: str = "/events") -> None:
        """Make the next requests wait."""
        self._faults.add(faults.waiting(seconds), times, on)

    def cut_before(self, times: int = 1, on: str = "/events") -> None:
        """Cut the next connections before anything happens; needs ``serve``."""
        self._faults.add(faults.cut_before, times, on)

    def cut_after(self, times: int = 1, on: str = "/events") -> None:
        """Let the next requests take effect, and cut the connection; needs ``serve``."""
        self._faults.add(faults.cut_after, times, on)

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        if scope["type"] != "http":
            await self._application(scope, receive, send)
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

        async def noted_send(message: Message) -> None:
            seen.status = message.get("status", seen.status)
            await send(message)

        again = _again(seen.body, receive)
        play = self._faults.take(seen.path)
        if play is None:
            await self._application(scope, again, noted_send)
        else:
            await play(self._application, scope, again, noted_send)

    def _guarded(
        self, answer: Callable[[Request], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def guarded(request: Request) -> Response:
            try:
                require_proof(request, self.behaviour, self._tokens)
                return await answer(request)
            except Refused as refused:
                return self._refusal(refused)

        return guarded

    def _refusal(self, refused: Refused) -> Response:
        said = {"ok": False, "code": refused.code, "error": refused.message}
        # Some say 200 to everything that they could read.
        quiet = self.behaviour.says == "body" and refused.status != _UNAUTHORIZED
        return JSONResponse(said, 200 if quiet else refused.status)

    async def _users(self, request: Request) -> Response:
        return await list_users(request, self.behaviour)

    async def _me(self, _request: Request) -> Response:
        return JSONResponse({"ok": True, "me": "the sandbox's client"})


async def _content(receive: Receive) -> bytes:
    content = b""
    while True:
        message = await receive()
        part: bytes = message.get("body", b"")
        content += part
        if not message.get("more_body", False):
            return content


def _again(content: bytes, receive: Receive) -> Receive:
    """Hand out a body that was read, and then whatever else comes."""
    waiting: list[Message] = [{"type": "http.request", "body": content, "more_body": False}]

    async def replayed() -> Message:
        return waiting.pop() if waiting else await receive()

    return replayed
