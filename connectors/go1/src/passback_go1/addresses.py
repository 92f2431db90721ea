"""Where a portal is, and what it opens."""

from __future__ import annotations

import re
from urllib.parse import quote, urlencode

__all__ = ["host", "play_address", "play_path"]

_HOST = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(\.(?!-)[A-Za-z0-9-]{1,63})+")


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
