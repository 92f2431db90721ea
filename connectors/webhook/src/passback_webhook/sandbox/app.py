"""The resources of a customer's API: ``/token``, ``/events`` and what is under it, ``/users``, ``/me``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from passback_webhook.sandbox.behaviour import Behaviour
from passback_webhook.sandbox.events import Events
from passback_webhook.sandbox.proofs import require_proof
from passback_webhook.sandbox.refusal import Refused, refusal
from passback_webhook.sandbox.tokens import Tokens
from passback_webhook.sandbox.users import list_users

Answer = Callable[[Request], Awaitable[Response]]

_UNAUTHORIZED = 401


def application(behaviour: Behaviour, tokens: Tokens, events: Events) -> Starlette:
    """Make the ASGI application."""

    def guarded(answer: Answer) -> Answer:
        async def answered(request: Request) -> Response:
            try:
                require_proof(request, behaviour, tokens)
                return await answer(request)
            except Refused as refused:
                # Some say 200 to everything that they could read.
                quiet = behaviour.says == "body" and refused.status != _UNAUTHORIZED
                return refusal(200 if quiet else refused.status, refused.code, refused.message)

        return answered

    async def users(request: Request) -> Response:
        return await list_users(request, behaviour)

    taking = ["POST", "PUT", "PATCH"] + (["GET"] if behaviour.style == "query" else [])
    made = Starlette(
        routes=[
            Route("/token", tokens.answer, methods=["POST"]),
            Route("/events", guarded(events.answer), methods=taking),
            Route("/events/{rest:path}", guarded(events.answer), methods=taking),
            Route("/users", guarded(users), methods=["GET"]),
            Route("/me", guarded(_me), methods=["GET"]),
        ]
    )
    made.router.redirect_slashes = False
    return made


async def _me(_request: Request) -> Response:
    return JSONResponse({"ok": True, "me": "the sandbox's client"})
