"""Tokens that every process can check: they say how long they're good, signed by what the secret gives."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import struct
from collections.abc import Sequence
from datetime import datetime

__all__ = ["Tokens"]

_PURPOSE = b"passback-webhook token 1"
# When it ends, in seconds since 1970; what tells it from others.
_CONTENT = struct.Struct(">Q8s")
_LENGTH = _CONTENT.size + hashlib.sha256().digest_size


class Tokens:
    """The tokens of one connection; whoever takes a secret away ends those that it signed."""

    def __init__(self, connection: str, client: str | None, secrets: Sequence[str]) -> None:
        self._about = b"\0".join((_PURPOSE, connection.encode(), (client or "").encode()))
        self._keys = [self._key(each) for each in secrets]

    def issued(self, secret: str, expires: datetime) -> str:
        """Return a new token for whoever knows `secret`, good until `expires`."""
        content = _CONTENT.pack(int(expires.timestamp()), secrets.token_bytes(8))
        return base64.urlsafe_b64encode(content + _signature(self._key(secret), content)).decode()

    def accepts(self, token: str, now: datetime) -> bool:
        """Return whether `token` was issued for this connection and is still good."""
        try:
            raw = base64.urlsafe_b64decode(token.encode("ascii"))
        except (binascii.Error, ValueError):
            return False
        # The decoder passes over what doesn't belong; a token is written in one way only.
        if len(raw) != _LENGTH or base64.urlsafe_b64encode(raw).decode() != token:
            return False
        content, signature = raw[: _CONTENT.size], raw[_CONTENT.size :]
        matches = [hmac.compare_digest(_signature(key, content), signature) for key in self._keys]
        (expires, _) = _CONTENT.unpack(content)
        return any(matches) and now.timestamp() < int(expires)

    def _key(self, secret: str) -> bytes:
        return hmac.digest(secret.encode(), self._about, hashlib.sha256)


def _signature(key: bytes, content: bytes) -> bytes:
    return hmac.digest(key, content, hashlib.sha256)
