"""Our token endpoint: client credentials (RFC 6749 §4.4), however a platform sends them."""

from __future__ import annotations

import base64
import binascii
from datetime import timedelta
from urllib.parse import unquote_plus

import attrs

from passback import Clock, Incoming, JSONValue, Received
from passback_webhook.receiving.bodies import parsed
from passback_webhook.receiving.options import ReceiveOptions
from passback_webhook.receiving.proofs import matching, secrets_of
from passback_webhook.receiving.refusal import Refused
from passback_webhook.receiving.tokens import Tokens

__all__ = ["TokenEndpoint"]

_NEVER_KEPT = {"cache-control": "no-store", "pragma": "no-cache"}
_UNAUTHORIZED = 401
# Anybody may ask for a token, so little is read of it.
_LARGEST = 16_384


@attrs.frozen
class _Client:
    name: str
    secret: str = attrs.field(repr=False)


class _Wrong(Exception):  # it never leaves this module
    """A request for a token is refused.

    Attributes:
        status: The status of the answer.
        code: The error, as RFC 6749 §5.2 calls it.
    """

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class TokenEndpoint:
    """Gives tokens to whoever knows the secret."""

    def __init__(self, options: ReceiveOptions, tokens: Tokens, clock: Clock) -> None:
        self._tokens = tokens
        self._clock = clock
        self._secrets = secrets_of(options)
        self._name = options.client_id
        self._lifetime = options.lifetime

    def answer(self, incoming: Incoming) -> Received:
        """Answer a request for a token: with one, or as RFC 6749 §5.2 has it."""
        if incoming.method != "POST":
            return Received(
                status=405, body={"error": "a token is asked for with POST"}, headers={"allow": "POST"}
            )
        try:
            return self._given(incoming)
        except _Wrong as wrong:
            said: dict[str, JSONValue] = {"error": wrong.code, "error_description": str(wrong)}
            challenge = (
                {"www-authenticate": 'Basic realm="passback"'} if wrong.status == _UNAUTHORIZED else {}
            )
            return Received(status=wrong.status, body=said, headers={**_NEVER_KEPT, **challenge})

    def _given(self, incoming: Incoming) -> Received:
        fields = _fields(incoming)
        found = [self._secret_of(each) for each in _clients(incoming, fields)]
        secret = next((each for each in found if each is not None), None)
        if secret is None:
            raise _Wrong("invalid_client", "client_id or client_secret is wrong", _UNAUTHORIZED)
        if "grant_type" not in fields:
            raise _Wrong("invalid_request", "grant_type is missing; expected client_credentials")
        if fields["grant_type"] != "client_credentials":
            raise _Wrong("unsupported_grant_type", "expected grant_type client_credentials")
        expires = self._clock.now() + timedelta(seconds=self._lifetime)
        return Received(
            status=200,
            body={
                "access_token": self._tokens.issued(secret, expires),
                "token_type": "Bearer",
                "expires_in": self._lifetime,
            },
            headers=_NEVER_KEPT,
        )

    def _secret_of(self, client: _Client) -> str | None:
        named = self._name is None or matching(client.name, [self._name]) is not None
        secret = matching(client.secret, self._secrets)
        return secret if named else None


def _fields(incoming: Incoming) -> dict[str, str]:
    if len(incoming.body) > _LARGEST:
        raise _Wrong("invalid_request", f"expected at most {_LARGEST} bytes")
    try:
        found = parsed(incoming.body, incoming.headers)
    except Refused as refused:
        raise _Wrong("invalid_request", str(refused)) from None
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise _Wrong("invalid_request", "expected a form, or a JSON object")
    # What is sent without a value counts as left out (RFC 6749 §3.2).
    return {name: value for name, value in found.items() if isinstance(value, str) and value}


def _clients(incoming: Incoming, fields: dict[str, str]) -> list[_Client]:
    scheme, _, encoded = incoming.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return [_Client(fields.get("client_id", ""), fields.get("client_secret", ""))]
    if "client_secret" in fields:
        raise _Wrong("invalid_request", "expected the client's secret once: in the header or in the body")
    try:
        pair = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        raise _Wrong("invalid_client", "expected client id and secret in Base64", _UNAUTHORIZED) from None
    name, _, secret = pair.partition(":")
    # Both are encoded as in a form before they become Basic (RFC 6749 §2.3.1), which many don't know.
    return [_Client(unquote_plus(name), unquote_plus(secret)), _Client(name, secret)]
