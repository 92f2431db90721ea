"""Queries, read strictly: what isn't documented is refused."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from starlette.requests import Request

from passback_go1.sandbox.refusal import Refused

_DEFAULT = 20


def parameters(request: Request, known: Collection[str]) -> dict[str, str]:
    """Return the query's parameters.

    Raises:
        Refused: One is unknown, or there twice.
    """
    found: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name not in known or name in found:
            raise _wrong(f"{name}: isn't known here, or is given twice")
        found[name] = value
    return found


def page(items: Sequence[object], given: dict[str, str], key: str, most: int) -> dict[str, object]:
    """Return the page of `items` that is asked for (wire facts §3.2, §3.3: limit, offset, total).

    Raises:
        Refused: Limit or offset isn't what it may be.
    """
    limit = _number(given, "limit", _DEFAULT)
    offset = _number(given, "offset", 0)
    if not 1 <= limit <= most:
        raise _wrong(f"limit: expected 1 to {most}")
    return {"total": len(items), key: list(items[offset : offset + limit])}


def truth(given: dict[str, str], name: str) -> bool:
    """Return whether a parameter says yes.

    Raises:
        Refused: It says neither.
    """
    if given.get(name, "false") not in ("true", "false"):
        raise _wrong(f"{name}: expected true or false")
    return given.get(name) == "true"


def _number(given: dict[str, str], name: str, default: int) -> int:
    text = given.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 10):  # noqa: PLR2004 - any bound will do
        raise _wrong(f"{name}: expected a whole number")
    return int(text)


def _wrong(message: str) -> Refused:
    return Refused(400, "validation_failed", message)
