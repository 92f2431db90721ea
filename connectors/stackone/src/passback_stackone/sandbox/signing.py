"""How StackOne signs what it sends (wire facts §4.4, §8.4)."""

import base64
import hashlib
import hmac


def signature(secret: str, body: bytes, *, padded: bool = True) -> str:
    """Return the ``x-stackone-signature`` of `body`; whether it's padded is INFERRED."""
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    encoded = base64.urlsafe_b64encode(digest).decode("ascii")
    return encoded if padded else encoded.rstrip("=")
