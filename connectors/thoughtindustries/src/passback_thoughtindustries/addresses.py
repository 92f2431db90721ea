"""Addresses of a school, as people paste them and as browsers bring them."""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

__all__ = ["local_path", "normalized"]

_EXPECTED = "expected an address such as https://acme.thoughtindustries.com"
# What a path can be made of, so that no browser takes it for a host's name.
_PATH = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]{0,2000}")


def normalized(text: str) -> str:
    """Return the address that `text` means, without a slash at its end.

    Raises:
        ValueError: It's none that requests could be sent to.
    """
    try:
        parts = urlsplit(text.strip())
        _ = parts.port
    except ValueError:  # whose message quotes the address, and whatever password is in it
        raise ValueError(_EXPECTED) from None
    if parts.scheme not in ("http", "https") or not parts.hostname or re.search(r"\s", text.strip()):
        raise ValueError(_EXPECTED)
    if "@" in parts.netloc:
        raise ValueError("leave user name and password out of the address; the key is api_key")
    if parts.query or parts.fragment:
        raise ValueError("expected an address without ? and #")
    return urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/"), "", ""))


def local_path(text: str, school: str) -> str | None:
    """Return the path that `text` means at `school`; None where it would lead a browser elsewhere."""
    if text == school:
        return "/"
    path = text.removeprefix(school) if text.startswith(f"{school}/") else text
    return path if _PATH.fullmatch(path) else None
