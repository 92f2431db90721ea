"""StackOne's routes, and the rules that hold for every request."""

import base64
import hmac
import time
from collections import deque
from typing import cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from passback_stackone.sandbox.answers import Refused, refusal
from passback_stackone.sandbox.behaviour import Behaviour
from passback_stackone.sandbox.lms import LMS, Handler

_PREFIX = "/unified/lms"
_MINUTE = 60.0


class Gate:
    """What every request must pass before the learning system sees it."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._times: deque[float] = deque()

    def admit(self, request: Request) -> None:
        """Let `request` pass.

        Raises:
            Refused: It breaks a rule.
        """
        self._authenticate(request)
        self._count()
        account = request.headers.get("x-account-id")
        if not account:  # compulsory (wire facts §4.1); the status is INFERRED
            raise Refused(self._behaviour.missing_account_status, "x-account-id is required")
        if account != self._behaviour.account_id:
            raise Refused(404, "Account not found")
        if not self._behaviour.enabled:  # 412: the integration is disabled (wire facts §4.4)
            raise Refused(412, "The integration is disabled for this account")

    def _authenticate(self, request: Request) -> None:
        # The API key is the user name, the password is empty (wire facts §4.1).
        expected = base64.b64encode(f"{self._behaviour.api_key}:".encode()).decode("ascii")
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic" or not hmac.compare_digest(given.encode(), expected.encode()):
            raise Refused(401, "Unauthorized")

    def _count(self) -> None:
        # 1000 requests a minute for each key; Retry-After in seconds (wire facts §4.4).
        now = time.monotonic()
        while self._times and now - self._times[0] >= _MINUTE:
            self._times.popleft()
        if len(self._times) >= self._behaviour.per_minute:
            refused = Refused(429, "Too many requests")
            refused.headers["Retry-After"] = str(max(1, round(_MINUTE - (now - self._times[0]))))
            raise refused
        self._times.append(now)


def application(behaviour: Behaviour, lms: LMS) -> ASGIApp:
    """Make the ASGI application of an account with `lms` behind it."""
    gate = Gate(behaviour)

    def route(path: str, handler: Handler, method: str) -> Route:
        async def answer(request: Request) -> Response:
            try:
                gate.admit(request)
                return await handler(request)
            except Refused as refused:
                return refusal(refused)

        return Route(f"{_PREFIX}{path}", answer, methods=[method])

    routes = [route(path, handler, method) for path, method, handler in lms.routes()]
    made = Starlette(routes=routes, exception_handlers={HTTPException: _refuse})
    made.router.redirect_slashes = False

    async def undecoded(scope: Scope, receive: Receive, send: Send) -> None:
        # An id may hold any character, and a slash in it parts nothing.
        await made({**scope, "path": scope["raw_path"].decode("ascii")}, receive, send)

    return undecoded


async def _refuse(_request: Request, exception: Exception) -> Response:
    refused = cast("HTTPException", exception)
    return refusal(Refused(refused.status_code, refused.detail))
