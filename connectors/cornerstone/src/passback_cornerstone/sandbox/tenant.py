"""What holds for every tenant API: tokens, scopes, and quotas by the minute (wire facts §2.1, §2.5)."""

import hmac
import json
import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from email.utils import format_datetime
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from passback_cornerstone.sandbox.answers import Refused, reply
from passback_cornerstone.sandbox.state import Grant, State

Endpoint = Callable[[Request], Awaitable[Response]]

_JSON = {
    "clientId": "client_id",
    "clientSecret": "client_secret",
    "grantType": "grant_type",
    "scope": "scope",
}


class Tenant:
    """The door to the tenant APIs."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def token(self, request: Request) -> Response:
        """Give an access token; JSON and form are both in use (§2.1)."""
        given = await _credentials(request)
        behaviour = self._state.behaviour
        if given.get("grant_type") != "client_credentials":
            raise Refused(400, "grantType: client_credentials only")
        known = hmac.compare_digest(given.get("client_id", "").encode(), behaviour.client_id.encode())
        proven = hmac.compare_digest(
            given.get("client_secret", "").encode(), behaviour.client_secret.encode()
        )
        if not (known and proven):
            raise Refused(401, "the client isn't known by this id and secret")
        asked = frozenset(given.get("scope", "").split())
        scopes = frozenset(behaviour.scopes) if asked <= {"all"} else asked
        if not scopes <= set(behaviour.scopes):
            raise Refused(400, f"scope: not granted: {', '.join(sorted(scopes - set(behaviour.scopes)))}")
        token = secrets.token_urlsafe(24)
        until = self._state.now() + timedelta(seconds=behaviour.token_seconds)
        self._state.grants[token] = Grant(scopes=scopes, until=until)
        answer = {"access_token": token, "token_type": "Bearer", "expires_in": behaviour.token_seconds}
        return reply(answer)

    def guarded(self, name: str, scope: str, endpoint: Endpoint) -> Endpoint:
        """Return `endpoint` behind its quota and its scope.

        Args:
            name: What shares the quota: it's counted for each address.
            scope: What the token must be for.
            endpoint: What answers.
        """

        async def answered(request: Request) -> Response:
            quota = self._count(name)
            self._authorize(request, scope, quota)
            try:
                response = await endpoint(request)
            except Refused as refused:
                refused.headers.update(quota)
                raise
            response.headers.update(quota)
            return response

        return answered

    def _authorize(self, request: Request, scope: str, quota: Mapping[str, str]) -> None:
        # §2.1: a missing scope or permission is a 401, not a 403.
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        grant = self._state.grants.get(token) if kind == "Bearer" else None
        if grant is None or grant.until <= self._state.now():
            raise Refused(401, "the token is missing, unknown or expired", quota)
        if scope not in grant.scopes:
            raise Refused(401, f"the token isn't for {scope}", quota)

    def _count(self, name: str) -> dict[str, str]:
        # §2.5: the quota is hourly, a sixtieth is let through in a minute, and windows begin on the minute.
        hourly, now = self._state.behaviour.hourly, self._state.now()
        minute = now.replace(second=0, microsecond=0)
        began, count = self._state.used.get(name, (minute, 0))
        count = count + 1 if began == minute else 1
        self._state.used[name] = (minute, count)
        left = max(hourly // 60 - count, 0)
        headers = {
            "x-csod-throttling-rate-limit-urilevel": str(hourly),
            "x-csod-requests-remaining-urilevel": str(left),
        }
        if count > hourly // 60:
            until = minute + timedelta(minutes=1)
            # §2.5: no Retry-After is documented; both forms are switches.
            told = {
                "never": {},
                "seconds": {"Retry-After": str(int((until - now).total_seconds()) + 1)},
                "date": {"Retry-After": format_datetime(until, usegmt=True)},
            }[self._state.behaviour.retry_after]
            raise Refused(429, "CSOD Too many requests.", {**headers, **told})
        return headers


async def _credentials(request: Request) -> dict[str, str]:
    kind, body = request.headers.get("content-type", "").partition(";")[0].strip(), await request.body()
    if kind == "application/x-www-form-urlencoded":
        return dict(parse_qsl(body.decode("utf-8", "replace")))
    try:
        given = json.loads(body)
    except ValueError:
        given = None
    if kind != "application/json" or not isinstance(given, dict):
        raise Refused(400, "expected a JSON object or a form")
    return {ours: str(given[theirs]) for theirs, ours in _JSON.items() if theirs in given}
