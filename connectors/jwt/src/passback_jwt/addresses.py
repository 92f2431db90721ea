"""Addresses that browsers are sent to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlencode

__all__ = ["local_path", "with_query"]

# What a path can be made of, so that no browser takes it for a host's name.
_PATH = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]{0,2000}")


def with_query(address: str, fields: Mapping[str, str]) -> str:
    """Return `address` with `fields` added to its query."""
    if not fields:
        return address
    return f"{address}{'&' if '?' in address else '?'}{urlencode(fields)}"


def local_path(text: str) -> str | None:
    """Return `text` if it's a path; None where it could lead a browser to another place."""
    return text if _PATH.fullmatch(text) else None
