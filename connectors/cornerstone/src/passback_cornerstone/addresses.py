"""Where the portal is, and where in it a launch may send us: nothing a browser brings names another host."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from passback import WebAddress

__all__ = ["GUID", "callback_path", "host", "joined", "origin"]

_PORTAL = WebAddress(kind="origin", example="https://acme.csod.com")
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?")
# Plain segments alone: no percent sign, so that nothing is decoded into something else later on; no @, ; or
# backslash, which some parsers read as more than a character.
_PATH = re.compile(r"(/[A-Za-z0-9_~.:=+,-]+)+/?")
_LONGEST_PATH = 1024
GUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


def origin(text: str) -> str:
    """Return the portal's address that `text` means: scheme, host and port, without a slash at its end.

    Raises:
        ValueError: It's no address of a portal.
    """
    scheme, _, where = _PORTAL(text).partition("://")
    return f"{scheme}://{host(where)}"


def host(text: str) -> str:
    """Return `text` as a host, with its port where one is given, in lower case.

    Raises:
        ValueError: It's none.
    """
    lowered = text.lower()
    if not _HOST.fullmatch(lowered):
        raise ValueError("expected a host, such as acme.csod.com")
    return lowered


def callback_path(text: str, prefix: str) -> str | None:
    """Return the path of `text`, a launch's callbackUrl; None where it's anything but a plain path.

    Wire facts §2.4: it is a path, glued to the host of the tenant; it comes through the learner's browser.
    """
    if len(text) > _LONGEST_PATH or not _PATH.fullmatch(text) or not text.startswith(prefix):
        return None
    if any(segment in (".", "..") for segment in text.split("/")):
        return None
    return text.rstrip("/")


def joined(portal: str, path: str) -> str | None:
    """Return the address of `path` at `portal`; None where it would lead elsewhere once it's parsed."""
    address = f"{portal}{path}"
    try:
        parts, wanted = urlsplit(address), urlsplit(portal)
    except ValueError:
        return None
    same = (parts.scheme, parts.netloc) == (wanted.scheme, wanted.netloc)
    return address if same and parts.path == path and not parts.query and not parts.fragment else None
