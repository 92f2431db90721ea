"""Signatures after Standard Webhooks 1.0.0.

Signed is ``id.timestamp.body``, the timestamp being that of this attempt in whole seconds; the id stays the
same over all attempts, so that the receiver can tell a repetition.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime

__all__ = ["signature_headers"]


def signature_headers(keys: Iterable[bytes], message: str, at: datetime, content: bytes) -> dict[str, str]:
    """Return the headers that sign `content` with each of `keys`."""
    timestamp = str(int(at.timestamp()))
    signed = b".".join((message.encode(), timestamp.encode(), content))
    signatures = (hmac.digest(key, signed, hashlib.sha256) for key in keys)
    return {
        "webhook-id": message,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"v1,{base64.b64encode(each).decode()}" for each in signatures),
    }
