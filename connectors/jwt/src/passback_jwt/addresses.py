"""Addresses that browsers are sent to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

__all__ = ["checked", "local_path", "with_query"]

# What a path can be made of, so that no browser takes it for a host's name.
_PATH = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]{0,2000}")
_EXPECTED = "expected an address such as https://login.example.com/start"


def checked(text: str) -> str:
    """Return the address that `text` is.

    Raises:
        ValueError: It's none that a browser could be sent to.
    """
    text = text.strip()
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:  # whose message quotes the address, and whatever password is in it
        raise ValueError(_EXPECTED) from None
    if parts.scheme not in ("http", "https") or not parts.hostname or re.search(r"[\s\\]", text):
        raise ValueError(_EXPECTED)
    if "@" in parts.netloc or parts.fragment:
        raise ValueError("expected an address without user name, password and #")
    return text


def with_query(address: str, fields: Mapping[str, str]) -> str:
    """Return `address` with `fields` added to its query."""
    if not fields:
        return address
    return f"{address}{'&' if '?' in address else '?'}{urlencode(fields)}"


def local_path(text: str) -> str | None:
    """Return `text` if it's a path; None where it could lead a browser to another place."""
    return text if _PATH.fullmatch(text) else None
