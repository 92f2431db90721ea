"""Seal what a launch handed over: tokens of other people's systems lie in no database in clear."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence

__all__ = ["Seal"]


class Seal:
    """Encrypts with the first of its keys, and opens what any of them encrypted."""

    def __init__(self, keys: Sequence[str]) -> None:
        """Prepare a seal; `keys` are long secrets, the one in use first."""
        # Loading it costs a tenth of a second, which only those pay who record launches.
        from cryptography.fernet import Fernet, InvalidToken, MultiFernet  # noqa: PLC0415

        self._unfit = InvalidToken
        self._fernet = MultiFernet([Fernet(_fitting(each)) for each in keys])

    def close(self, content: bytes) -> bytes:
        """Return `content` encrypted."""
        return self._fernet.encrypt(content)

    def open(self, sealed: bytes) -> bytes | None:
        """Return what was encrypted; None where no key fits any longer."""
        try:
            return self._fernet.decrypt(sealed)
        except self._unfit:
            return None


def _fitting(secret: str) -> bytes:
    digest = hashlib.blake2b(secret.encode(), digest_size=32, person=b"passback launch").digest()
    return base64.urlsafe_b64encode(digest)
