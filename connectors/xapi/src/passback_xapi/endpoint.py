"""The endpoint as people paste it, and IRIs."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import urlsplit, urlunsplit

from passback import WebAddress

__all__ = ["IRI", "iri", "is_iri", "normalized"]

# A scheme, then no space and none of the characters that RFC 3987 leaves out.
IRI = r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`\x00-\x1f\x7f]+"
_IRI = re.compile(IRI)
_ENDPOINT = WebAddress(example="https://lrs.example.com/xapi/", credentials="they are key and secret")
_RESOURCES = ("statements", "about")


def normalized(text: str) -> str:
    """Return the endpoint that `text` means: absolute, ending in a slash, without a resource's name.

    Raises:
        ValueError: It's no address that statements could be sent to.
    """
    # The query of one statement and the anchor of a manual come along when people copy.
    parts = urlsplit(_ENDPOINT(re.split(r"[?#]", text, maxsplit=1)[0]))
    segments = [segment for segment in parts.path.split("/") if segment]
    if segments and segments[-1].lower() in _RESOURCES:
        segments.pop()
    path = "".join(f"/{segment}" for segment in segments) + "/"
    return urlunsplit((parts.scheme, parts.netloc, path, "", ""))


# Activities come again and again.
@lru_cache(maxsize=4096)
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
