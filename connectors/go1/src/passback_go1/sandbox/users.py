"""Users and one-time logins, as the older API has them (wire facts §3.2, §3.5)."""

from __future__ import annotations

import secrets

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from passback_go1.sandbox.behaviour import Behaviour, Person
from passback_go1.sandbox.queries import page, parameters
from passback_go1.sandbox.refusal import Refused


class Users:
    """The people of the portal."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._logins: dict[str, str] = {}

    def listed(self, request: Request) -> Response:
        """Answer ``GET /v2/users``; the filter and the envelope are inferred (§3.2)."""
        given = parameters(request, {"limit", "offset", "email"})
        address = given.get("email") if self._behaviour.filters else None
        found = [
            _shown(person)
            for person in self._behaviour.people
            if address is None or (person.email or "").lower() == address.lower()
        ]
        return JSONResponse(page(found, given, self._behaviour.users_key, self._behaviour.users_page))

    def one(self, request: Request) -> Response:
        """Answer ``GET /v2/users/{id}``."""
        parameters(request, ())
        return JSONResponse(_shown(self._person(request)))

    def login(self, request: Request) -> Response:
        """Answer ``POST /v2/users/{id}/login`` (§3.5; the answer's key is inferred)."""
        path = parameters(request, {"redirect_url"}).get("redirect_url", "/")
        if not path.startswith("/") or path.startswith(("//", "/\\")):
            raise Refused(400, "validation_failed", "redirect_url: expected a path")
        person, token = self._person(request), secrets.token_urlsafe(24)
        if not person.active:
            raise Refused(403, "permission_denied", "the user may not come in")
        self._logins[token] = person.id
        given = token
        if self._behaviour.login_answer == "url":
            given = f"{str(request.base_url).rstrip('/')}{path}?oneTimeToken={token}"
        return JSONResponse({self._behaviour.login_answer: given})

    async def enter(self, request: Request) -> Response:
        """Let a browser in that brings a token, once."""
        person = self._logins.pop(request.query_params.get("oneTimeToken", ""), None)
        if person is None:
            return PlainTextResponse("this login doesn't work, or was used before", 403)
        return PlainTextResponse(f"signed in as {person} at {request.url.path}")

    def _person(self, request: Request) -> Person:
        for person in self._behaviour.people:
            if person.id == request.path_params["id"]:
                return person
        raise Refused(404, "user_not_found", "there is no such user")


def _shown(person: Person) -> dict[str, object]:
    return {
        "id": person.id,
        "email": person.email,
        "first_name": person.first,
        "last_name": person.last,
        "status": int(person.active),
    }
