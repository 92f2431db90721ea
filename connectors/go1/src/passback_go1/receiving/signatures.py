"""Whether GO1 sent what came in: ``go1-signature``, over the raw bytes (wire facts §3.4, §8.4)."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import datetime

from passback_go1.receiving.refusal import Refused

__all__ = ["HEADER", "require_signed"]

HEADER = "go1-signature"
_TOLERANCE = 60.0
_LONGEST = 4096
_STAMP = re.compile(r"[0-9]{1,12}", re.ASCII)
_HEX = re.compile(r"[0-9a-f]{64}", re.ASCII)
_UNAUTHORIZED = 401


def require_signed(header: str, body: bytes, secrets: Sequence[str], received: datetime) -> None:
    """Return if `header` signs `body` by one of `secrets`, within a minute of when it was `received`.

    One of several signatures is enough, as while a secret is replaced; those of an unknown version don't
    count. The vendor's own verifier lets what is from the future pass; here it's refused, too.

    Raises:
        Refused: It doesn't.
    """
    stamps, signatures = _parts(header)
    if len(stamps) != 1 or not _STAMP.fullmatch(stamps[0]) or not signatures:
        raise Refused(_UNAUTHORIZED, f"{HEADER}: expected t=SECONDS,v1=SIGNATURE")
    matches = False
    for secret in secrets:
        key, message = secret.encode(), stamps[0].encode() + b"." + body
        expected = hmac.new(key, message, hashlib.sha256).hexdigest()
        for signature in signatures:
            matches |= hmac.compare_digest(signature, expected)
    if not matches:
        raise Refused(_UNAUTHORIZED, f"{HEADER}: the signature is none of this body by our secret")
    if abs(received.timestamp() - int(stamps[0])) > _TOLERANCE:
        raise Refused(_UNAUTHORIZED, f"{HEADER}: signed more than {_TOLERANCE:g} s from our time")


def _parts(header: str) -> tuple[list[str], list[str]]:
    stamps, signatures = [], []
    for part in header[:_LONGEST].split(","):
        name, _, text = part.strip().partition("=")
        if name == "t":
            stamps.append(text)
        elif name == "v1" and _HEX.fullmatch(text):
            signatures.append(text)
    return stamps, signatures
