"""The token endpoint and what it gives out (wire facts §3.1)."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
import time
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote_plus

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from passback_go1.sandbox.behaviour import Behaviour
from passback_go1.sandbox.refusal import Refused

_FORM = "application/x-www-form-urlencoded"


@dataclass
class _Token:
    scopes: frozenset[str]
    until: float
    uses: int | None


class Tokens:
    """The tokens of one system."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._given: dict[str, _Token] = {}

    def expire(self) -> None:
        """Let every token that was given out be worth nothing."""
        self._given.clear()

    async def endpoint(self, request: Request) -> Response:
        """Answer a request for a token: a form, with the client in it or in a Basic header (§3.1)."""
        if request.headers.get("content-type", "").partition(";")[0].strip() != _FORM:
            return _wrong(400, "invalid_request")
        fields = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
        client, secret = _client(request, fields)
        if not self._is_client(client, secret):
            return _wrong(401, "invalid_client")
        # §3.1: client credentials only; there is no refresh token here.
        if fields.get("grant_type") != "client_credentials":
            return _wrong(400, "unsupported_grant_type")
        wanted = frozenset(fields.get("scope", " ".join(self._behaviour.scopes)).split())
        if not wanted <= set(self._behaviour.scopes):
            return _wrong(400, "invalid_scope")
        return JSONResponse(self._issued(wanted), headers={"Cache-Control": "no-store"})

    def _issued(self, scopes: frozenset[str]) -> dict[str, object]:
        text, seconds = secrets.token_urlsafe(24), self._behaviour.token_seconds
        self._given[text] = _Token(scopes, time.monotonic() + seconds, self._behaviour.token_uses)
        return {"token_type": "Bearer", "expires_in": seconds, "access_token": text}

    def require(self, request: Request, scope: str) -> None:
        """Return if a request bears a token for `scope`.

        Raises:
            Refused: It doesn't: 401 for the token (§3.1), 403 for the scope (§0.2).
        """
        scheme, _, text = request.headers.get("authorization", "").partition(" ")
        token = self._given.get(text) if scheme.lower() == "bearer" else None
        if token is None or time.monotonic() >= token.until or token.uses == 0:
            raise Refused(401, "unauthorized", "invalid token")
        if token.uses is not None:
            token.uses -= 1
        if scope not in token.scopes:
            raise Refused(403, "permission_denied", f"the token has no scope {scope}")

    def _is_client(self, client: str, secret: str) -> bool:
        known = (self._behaviour.client_id, self._behaviour.client_secret)
        return all(
            hmac.compare_digest(given.encode(), expected.encode())
            for given, expected in zip((client, secret), known, strict=True)
        )


def _client(request: Request, fields: dict[str, str]) -> tuple[str, str]:
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return fields.get("client_id", ""), fields.get("client_secret", "")
    try:
        client, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return "", ""
    return unquote_plus(client), unquote_plus(secret)


def _wrong(status: int, code: str) -> Response:
    return JSONResponse({"error": code, "error_description": "the sandbox refuses the client"}, status)
