"""What StackOne sends to us: that a linked account was made, changed or removed (wire facts §4.4, §8.4).

``x-stackone-signature`` is the HMAC-SHA256 of the raw body in base64url, under any of the valid secrets. It
carries no time; nothing follows from these events, so that nothing follows from a repeated one either.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence

import msgspec
from pydantic import SecretStr

from passback import Incoming, Received

__all__ = ["received"]

_HEADER = "x-stackone-signature"


def received(incoming: Incoming, secrets: Sequence[SecretStr]) -> Received:
    """Return the answer to an event: 200 at once, without a result, if it's StackOne's."""
    if not secrets:
        return _refusal(404, "nothing is received here: webhook_secrets isn't configured")
    if incoming.method != "POST":
        return _refusal(405, "expected POST")
    if not _is_signed(incoming, secrets):
        return _refusal(401, f"{_HEADER} doesn't fit the body")
    try:
        event = msgspec.json.decode(incoming.body)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        event = None
    if not isinstance(event, dict) or not isinstance(event.get("event"), str):
        return _refusal(400, "expected a JSON object with an event")
    return Received(status=200)


def _is_signed(incoming: Incoming, secrets: Sequence[SecretStr]) -> bool:
    # Its padding may be left out (wire facts §4.4, INFERRED).
    given = incoming.headers.get(_HEADER, "").strip().rstrip("=").encode("utf-8", "surrogateescape")
    fits = [hmac.compare_digest(given, _signature(secret, incoming.body)) for secret in secrets]
    return any(fits)


def _signature(secret: SecretStr, body: bytes) -> bytes:
    digest = hmac.new(secret.get_secret_value().encode(), body, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=")


def _refusal(status: int, problem: str) -> Received:
    return Received(status=status, body={"error": problem})
