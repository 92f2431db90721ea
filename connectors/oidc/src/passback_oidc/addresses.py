"""Addresses that browsers are sent to."""

from __future__ import annotations

from urllib.parse import urlencode

__all__ = ["with_query"]


def with_query(url: str, parameters: dict[str, str]) -> str:
    """Return `url` with `parameters` added to the query that it has."""
    address, _, fragment = url.partition("#")
    joint = "&" if "?" in address else "?"
    return f"{address}{joint}{urlencode(parameters)}{'#' * bool(fragment)}{fragment}"
