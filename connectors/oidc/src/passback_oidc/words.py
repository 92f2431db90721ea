"""Words of a provider's, as they may stand in a message to an administrator."""

from __future__ import annotations

__all__ = ["shown"]

_LONGEST = 100


def shown(text: str) -> str:
    """Return `text` on one line and cut short: a terminal obeys what it's sent, and a page isn't endless."""
    plain = "".join(char if char.isprintable() else "·" for char in text)
    return plain if len(plain) <= _LONGEST else f"{plain[: _LONGEST - 1]}…"
