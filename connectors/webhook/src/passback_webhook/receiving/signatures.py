"""Verification of signatures after Standard Webhooks 1.0.0, on the raw bytes."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from passback_webhook.receiving.refusal import Refused

__all__ = ["SIGNATURE", "signed_id"]

SIGNATURE = "webhook-signature"
_TOLERANCE = 300
_SECONDS = re.compile(r"[0-9]{1,12}", re.ASCII)
_ID = re.compile(r"[!-~]{1,512}")


def signed_id(keys: Iterable[bytes], headers: Mapping[str, str], body: bytes, now: datetime) -> str:
    """Return the id of a message that one of `keys` signed.

    Args:
        keys: The keys; while a secret is replaced, the old and the new.
        headers: The request's headers, by lower-case name.
        body: Its body as it came.
        now: The time.

    Raises:
        Refused: None of them did, or it's too old or too new.
    """
    identity, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not _ID.fullmatch(identity) or not _SECONDS.fullmatch(timestamp):
        raise Refused(401, "webhook-id or webhook-timestamp is missing or malformed")
    if abs(now.timestamp() - int(timestamp)) > _TOLERANCE:
        raise Refused(401, f"webhook-timestamp is more than {_TOLERANCE} s from now; is a clock wrong?")
    signed = f"{identity}.{timestamp}.".encode() + body
    right = [hmac.digest(key, signed, hashlib.sha256) for key in keys]
    # Each is compared with each, so that the time taken tells nothing.
    matches = [
        hmac.compare_digest(one, other) for one in _entries(headers.get(SIGNATURE, "")) for other in right
    ]
    if not any(matches):
        raise Refused(401, "webhook-signature matches no secret")
    return identity


def _entries(given: str) -> Iterator[bytes]:
    for entry in given.split(" "):
        version, _, text = entry.partition(",")
        if version != "v1":
            continue
        try:
            yield base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            continue
