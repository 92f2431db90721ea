"""Addresses as administrators and providers write them."""

from __future__ import annotations

import re
from urllib.parse import urlencode, urlsplit

__all__ = ["exact_address", "is_opened", "with_query"]

_VISIBLE = re.compile(r"[\x21-\x7e]{1,2048}")


def exact_address(text: str) -> str:
    """Return `text`, unchanged, if requests can be sent to it: an issuer is compared character by character.

    Raises:
        ValueError: They can't.
    """
    if not is_opened(text, "http"):
        raise ValueError("expected an address such as https://login.example.com")
    if "?" in text or "#" in text:
        raise ValueError("expected an address without ? and #")
    return text


def is_opened(text: str, scheme: str) -> bool:
    """Return whether a browser may be sent to `text`: absolute, by `scheme` or better, with nobody's name."""
    if not _VISIBLE.fullmatch(text) or "\\" in text:
        return False
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in {"https", scheme} and bool(parts.hostname) and "@" not in parts.netloc


def with_query(url: str, parameters: dict[str, str]) -> str:
    """Return `url` with `parameters` added to the query that it has."""
    address, _, fragment = url.partition("#")
    joint = "&" if "?" in address else "?"
    return f"{address}{joint}{urlencode(parameters)}{'#' * bool(fragment)}{fragment}"
