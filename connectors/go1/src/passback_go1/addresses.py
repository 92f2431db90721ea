"""Addresses as people paste them, and one that GO1 gives away."""

from __future__ import annotations

import re
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

__all__ = ["enters", "host", "normalized", "play_address", "play_path"]

_EXPECTED = "expected an address such as https://gateway.go1.com"
_HOST = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(\.(?!-)[A-Za-z0-9-]{1,63})+")
_VISIBLE = re.compile(r"[\x21-\x7e]{1,4096}")


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
        raise ValueError("leave user name and password out of the address; they are client_id and _secret")
    if parts.query or parts.fragment:
        raise ValueError("expected an address without ? and #")
    return urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/"), "", ""))


def host(text: str) -> str:
    """Return `text` if it's the name of a host.

    Raises:
        ValueError: It isn't.
    """
    if not _HOST.fullmatch(text):
        raise ValueError("expected the name of a host, such as acme.mygo1.com")
    return text


def play_path(learning_object: str) -> str:
    """Return where a portal opens a learning object."""
    return f"/play/{quote(learning_object, safe='')}"


def play_address(portal: str, path: str, token: str) -> str:
    """Return the address at which `token` signs somebody in (wire facts §3.5; its form is inferred)."""
    return f"https://{portal}{path}?{urlencode({'oneTimeToken': token})}"


def enters(text: str, scheme: str) -> bool:
    """Return whether a browser may be sent to `text`: absolute, by `scheme` or better, with nobody's name."""
    if not _VISIBLE.fullmatch(text) or "\\" in text:
        return False
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in {"https", scheme} and bool(parts.hostname) and "@" not in parts.netloc
