"""Three hosts in one: tokens, the gateway, the older API, and what a browser opens."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from passback_go1.sandbox.behaviour import Behaviour
from passback_go1.sandbox.enrollments import Enrollments
from passback_go1.sandbox.refusal import Refused, error
from passback_go1.sandbox.tokens import Tokens
from passback_go1.sandbox.users import Users

Answer = Callable[[Request], Response | Awaitable[Response]]
Served = Callable[[Request], Awaitable[Response]]


def application(behaviour: Behaviour, tokens: Tokens, enrollments: Enrollments) -> Starlette:
    """Make the ASGI application."""
    users = Users(behaviour)

    def api(answer: Answer) -> Served:
        async def answered(request: Request) -> Response:
            tokens.require(request, "user.read")
            return await _answer(answer, request)

        return answered

    def gateway(answer: Answer) -> Served:
        async def answered(request: Request) -> Response:
            tokens.require(request, "enrollment.read" if request.method == "GET" else "enrollment.write")
            # §3.1: the header is mandatory there.
            if request.headers.get("api-version") not in behaviour.versions:
                raise Refused(400, "validation_failed", "Api-Version: missing, or no version that there is")
            return await _answer(answer, request)

        return answered

    return Starlette(
        routes=[
            Route("/oauth/token", tokens.endpoint, methods=["POST"]),
            Route("/gateway/enrollments", gateway(enrollments.collection), methods=["GET", "POST"]),
            Route("/gateway/enrollments/{id}", gateway(enrollments.one), methods=["PATCH", "DELETE"]),
            Route("/v2/users", api(users.listed), methods=["GET"]),
            Route("/v2/users/{id}", api(users.one), methods=["GET"]),
            Route("/v2/users/{id}/login", api(users.login), methods=["POST"]),
            Route("/", users.enter, methods=["GET"]),
            Route("/play/{id}", users.enter, methods=["GET"]),
        ],
        exception_handlers={Refused: _refuse, HTTPException: _fail},
    )


async def _answer(answer: Answer, request: Request) -> Response:
    given = answer(request)
    return await given if inspect.isawaitable(given) else given


def _refuse(_request: Request, exception: Exception) -> Response:
    refused = cast("Refused", exception)
    return error(refused.status, refused.code, str(refused))


def _fail(_request: Request, exception: Exception) -> Response:
    failed = cast("HTTPException", exception)
    return error(failed.status_code, "not_found", failed.detail)
