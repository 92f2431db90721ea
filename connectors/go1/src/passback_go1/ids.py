"""Ids of GO1's, which it writes as texts or as numbers (wire facts §3.3)."""

from __future__ import annotations

import re

from passback import JSONValue

__all__ = ["identifier", "label"]

# They become part of addresses, and what decodes an address may take %2F for a slash.
_ID = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.:-]{0,127}", re.ASCII)
_LONGEST = 1024


def identifier(value: JSONValue) -> str | None:
    """Return an id; None for what is none."""
    text = label(value)
    return text if text is not None and _ID.fullmatch(text) else None


def label(value: JSONValue) -> str | None:
    """Return what tells one from another, whatever it's made of; None for what doesn't."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, str) and value.isprintable() and value.strip() and len(value) <= _LONGEST:
        return value
    return None
