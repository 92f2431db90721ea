"""Addresses that a browser may be sent to."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

__all__ = ["web_address"]

_EXPECTED = "expected an address such as https://idp.example.com/sso"
_VISIBLE = re.compile(r"[\x21-\x7e]{1,2048}")


def web_address(text: str) -> str:
    """Return `text` without the space around it, if a browser or we may be sent there.

    Raises:
        ValueError: It's no address of the web, or has somebody's name or a fragment in it.
    """
    text = text.strip()
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:  # whose message quotes the address, and whatever password is in it
        raise ValueError(_EXPECTED) from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(_EXPECTED)
    if not _VISIBLE.fullmatch(text) or "\\" in text:
        raise ValueError(_EXPECTED)
    if "@" in parts.netloc or parts.fragment:
        raise ValueError("leave user name, password and # out of the address")
    return text
