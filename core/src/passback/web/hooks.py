"""``/hooks/{connection}`` and ``/courses/{connection}``: what a system sends to us, and pulls from us."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from passback.errors import (
    ConnectionNotReady,
    ContentConflict,
    ContractError,
    InvalidResult,
    OutboxError,
    PassbackError,
    Unsupported,
)
from passback.model import Incoming, JSONValue, Received
from passback.web.bodies import TooLarge, TooSlow, incoming, read_body

__all__ = ["Hooks"]

log = logging.getLogger("passback.web")

_MAX_BODY = 1024 * 1024
_METHODS = ("GET", "POST", "PUT")
_AGAIN_SECONDS = "30"
# What is still on its way isn't waited for.
_CLOSE = {"connection": "close"}


class Hooks:
    """Hands what is sent to ``/{connection}`` to that connection, and answers what it says."""

    def __init__(self, receive: Callable[[str, Incoming], Awaitable[Received]], patience: float) -> None:
        self._receive = receive
        self._patience = patience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        name, _, below = (
            request.scope["path"].removeprefix(request.scope.get("root_path", "")).strip("/").partition("/")
        )
        if request.method not in _METHODS:
            return _problem(405, "this address takes GET, POST and PUT")
        try:
            body = await read_body(request, _MAX_BODY, self._patience)
        except TooSlow:
            return _problem(408, f"it took longer than {self._patience:g} s to arrive", _CLOSE)
        except TooLarge:
            return _problem(413, f"at most {_MAX_BODY // 1024} KiB are taken")
        try:
            received = await self._receive(name, incoming(request, below, body))
        except (ConnectionNotReady, Unsupported, ContractError, InvalidResult, OutboxError) as error:
            return _refused(name, error)
        return _json(received.status, received.body, dict(received.headers))


def _refused(name: str, error: PassbackError) -> Response:
    # Whoever sends here is no administrator of ours: the log is told why, and they are told what to do.
    log.warning("what was sent to %s isn't taken: %s", name, error)
    match error:
        case ContentConflict():
            return _problem(409, "this id was sent before with other content")
        case InvalidResult():
            return _problem(422, str(error))
        case OutboxError():
            return _json(503, {"error": "not now; send it again"}, {"retry-after": _AGAIN_SECONDS})
        case ConnectionNotReady():
            return _problem(404, "nothing is received here")
        case Unsupported():
            return _problem(404, "nothing is received here")
    return _problem(500, "this can't be processed here")


def _problem(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    return _json(status, {"error": message}, headers or {})


def _json(status: int, body: JSONValue, headers: dict[str, str]) -> Response:
    if body is None:
        return Response(status_code=status, headers=headers)
    return Response(msgspec.json.encode(body), status, headers, media_type="application/json")
