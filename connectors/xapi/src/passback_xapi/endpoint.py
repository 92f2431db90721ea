"""The endpoint as people paste it, and IRIs."""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

__all__ = ["IRI", "iri", "is_iri", "normalized"]

# A scheme, then no space and none of the characters that RFC 3987 leaves out.
IRI = r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`\x00-\x1f\x7f]+"
_IRI = re.compile(IRI)
_EXPECTED = "expected an address such as https://lrs.example.com/xapi/"
_RESOURCES = ("statements", "about")


def normalized(text: str) -> str:
    """Return the endpoint that `text` means: absolute, ending in a slash, without a resource's name.

    Raises:
        ValueError: It's no address that statements could be sent to.
    """
    try:
        parts = urlsplit(text.strip())
    except ValueError:  # whose message quotes the address, and whatever password is in it
        raise ValueError(_EXPECTED) from None
    if parts.scheme not in ("http", "https") or not parts.hostname or re.search(r"\s", parts.hostname):
        raise ValueError(_EXPECTED)
    if parts.username is not None or parts.password is not None:
        raise ValueError("leave user name and password out of the address; they are key and secret")
    try:
        _ = parts.port
    except ValueError:
        raise ValueError("its port is no number up to 65535") from None
    segments = [segment for segment in parts.path.split("/") if segment]
    if segments and segments[-1].lower() in _RESOURCES:
        segments.pop()
    path = "".join(f"/{segment}" for segment in segments) + "/"
    return urlunsplit((parts.scheme, parts.netloc.removesuffix(":"), path, "", ""))


def is_iri(text: str) -> bool:
    """Return whether `text` is an IRI with a scheme."""
    return _IRI.fullmatch(text) is not None


def iri(text: str) -> str:
    """Return `text` if it's an IRI.

    Raises:
        ValueError: It isn't.
    """
    if not is_iri(text):
        raise ValueError("expected an IRI such as https://hr.example.com")
    return text
