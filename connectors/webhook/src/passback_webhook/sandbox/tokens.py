"""The token endpoint (RFC 6749 §4.4)."""

import base64
import binascii
import hmac
import json
import secrets
import time
from urllib.parse import parse_qsl, unquote_plus

from starlette.requests import Request
from starlette.responses import JSONResponse

from passback_webhook.sandbox.behaviour import Behaviour


class Tokens:
    """The tokens that were given out.

    Attributes:
        given: How many there were.
    """

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._good: dict[str, float] = {}
        self.given = 0

    def accepts(self, token: str) -> bool:
        """Return whether a token was given out and hasn't expired."""
        return self._good.get(token, 0.0) > time.monotonic()

    def revoke(self) -> None:
        """Forget every token."""
        self._good.clear()

    async def answer(self, request: Request) -> JSONResponse:
        """Answer a request for a token."""
        fields = _fields(request, await request.body())
        client = self._client(request, fields)
        if fields is None or client is None:
            return _error(400, "invalid_request")
        if not all(
            hmac.compare_digest(one.encode(), other.encode())
            for one, other in zip(
                client, (self._behaviour.client_id, self._behaviour.client_secret), strict=True
            )
        ):
            return _error(401, "invalid_client")
        if fields.get("grant_type") != "client_credentials":
            return _error(400, "unsupported_grant_type")
        wrong = [name for name, text in self._behaviour.parameters.items() if fields.get(name) != text]
        if wrong:
            return _error(400, "invalid_scope" if wrong == ["scope"] else "invalid_request")
        return self._give()

    def _give(self) -> JSONResponse:
        token = secrets.token_urlsafe(24)
        self._good[token] = time.monotonic() + self._behaviour.lifetime
        self.given += 1
        said = {"access_token": token, "token_type": "Bearer", "expires_in": self._behaviour.lifetime}
        return JSONResponse(said, headers={"Cache-Control": "no-store"})

    def _client(self, request: Request, fields: dict[str, str] | None) -> tuple[str, str] | None:
        scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic" and "basic" in self._behaviour.client_auth:
            try:
                name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
            except (binascii.Error, ValueError):
                return None
            return unquote_plus(name), unquote_plus(secret)
        way = "json" if request.headers.get("content-type") == "application/json" else "form"
        if fields is None or way not in self._behaviour.client_auth:
            return None
        return fields.get("client_id", ""), fields.get("client_secret", "")


def _fields(request: Request, body: bytes) -> dict[str, str] | None:
    try:
        if request.headers.get("content-type") == "application/json":
            found = json.loads(body)
            return found if isinstance(found, dict) else None
        return dict(parse_qsl(body.decode(), strict_parsing=True, keep_blank_values=True))
    except ValueError:
        return None


def _error(status: int, code: str) -> JSONResponse:
    return JSONResponse({"error": code, "error_description": "the sandbox refuses it"}, status)
