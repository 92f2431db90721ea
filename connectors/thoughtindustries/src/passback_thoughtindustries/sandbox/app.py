"""The school's API and its door, below one address."""

from __future__ import annotations

import hmac
import inspect
from collections.abc import Awaitable, Callable
from typing import cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from passback_thoughtindustries.sandbox.activity import Activity
from passback_thoughtindustries.sandbox.behaviour import Behaviour
from passback_thoughtindustries.sandbox.door import Door
from passback_thoughtindustries.sandbox.refusal import Refused, error
from passback_thoughtindustries.sandbox.users import Users

Answer = Callable[[Request], Response | Awaitable[Response]]
_API = "/incoming/v2"


def application(behaviour: Behaviour, users: Users, activity: Activity, door: Door) -> Starlette:
    """Make the ASGI application."""

    def proven(answer: Answer) -> Callable[[Request], Awaitable[Response]]:
        async def answered(request: Request) -> Response:
            given = request.headers.get("authorization", "").encode()
            if not hmac.compare_digest(given, f"Bearer {behaviour.api_key}".encode()):
                return Response(status_code=401)
            found = answer(request)
            return await found if inspect.isawaitable(found) else found

        return answered

    return Starlette(
        routes=[
            Route(f"{_API}/ping", proven(lambda _: JSONResponse({"valid": True})), methods=["GET"]),
            Route(f"{_API}/users", proven(users.listed), methods=["GET"]),
            Route(f"{_API}/users/{{name}}", proven(users.one), methods=["GET"]),
            Route(f"{_API}/courseExternalActivity", proven(activity.course), methods=["POST"]),
            Route(f"{_API}/learningPathExternalActivity", proven(activity.path), methods=["POST"]),
            Route(f"{_API}/events/courseCompletion", proven(activity.events), methods=["GET"]),
            Route("/access/jwt", door.enter, methods=["GET", "POST"]),
        ],
        exception_handlers={Refused: _refuse, HTTPException: _fail},
    )


def _refuse(_request: Request, exception: Exception) -> Response:
    refused = cast("Refused", exception)
    return error(refused.status, str(refused))


def _fail(_request: Request, exception: Exception) -> Response:
    failed = cast("HTTPException", exception)
    return error(failed.status_code, failed.detail)
