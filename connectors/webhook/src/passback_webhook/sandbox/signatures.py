"""Verification of what Standard Webhooks 1.0.0 signs; written from its text, on raw bytes."""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping

_TOLERANCE = 300
_SECONDS = re.compile(r"[0-9]{1,12}", re.ASCII)


class BadSignature(Exception):
    """A message isn't signed as it should be; the message says in what."""


def verify(secrets: Iterable[str], headers: Mapping[str, str], body: bytes, now: float) -> str:
    """Return the id of a message that one of `secrets` signed.

    Args:
        secrets: The receiver's secrets, each ``whsec_`` and base64.
        headers: The message's headers, names in lower case.
        body: Its body as it came.
        now: The time, in seconds since 1970.

    Raises:
        BadSignature: Nothing that any of them signed, or too old, or too new.
    """
    identity, timestamp, given = (
        headers.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature")
    )
    if not (identity and timestamp and given):
        raise BadSignature("webhook-id, webhook-timestamp and webhook-signature are required")
    if not _SECONDS.fullmatch(timestamp):
        raise BadSignature("webhook-timestamp is no whole number of seconds")
    if abs(now - int(timestamp)) > _TOLERANCE:
        raise BadSignature("webhook-timestamp is too far from now")
    signed = f"{identity}.{timestamp}.".encode() + body
    good = [hmac.new(_key(secret), signed, hashlib.sha256).digest() for secret in secrets]
    # Each is compared with each, so that the time taken tells nothing.
    matches = [hmac.compare_digest(one, other) for one in _signatures(given) for other in good]
    if not any(matches):
        raise BadSignature("webhook-signature matches no secret")
    return identity


def _key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix("whsec_"))


def _signatures(given: str) -> list[bytes]:
    found = []
    for entry in given.split(" "):
        version, _, text = entry.partition(",")
        if version == "v1":
            try:
                found.append(base64.b64decode(text, validate=True))
            except (binascii.Error, ValueError):
                continue
    return found
