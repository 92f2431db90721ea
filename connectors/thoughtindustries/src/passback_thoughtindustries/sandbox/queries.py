"""Queries and bodies, read strictly: what isn't documented is refused."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import UTC, datetime

from starlette.requests import Request

from passback_thoughtindustries.sandbox.refusal import Refused


def parameters(request: Request, known: Collection[str]) -> dict[str, str]:
    """Return the query's parameters.

    Raises:
        Refused: One is unknown, or there twice.
    """
    found: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name not in known or name in found:
            raise Refused(400, f"{name} isn't known here, or is given twice")
        found[name] = value
    return found


def number(given: dict[str, str], name: str, default: int, most: int) -> int:
    """Return a whole number of the query.

    Raises:
        Refused: It's none from 1 to `most`.
    """
    text = given.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 9 and 1 <= int(text) <= most):  # noqa: PLR2004
        raise Refused(400, f"{name} must be from 1 to {most}")
    return int(text)


def moment(text: object, name: str) -> datetime:
    """Return a time with a zone.

    Raises:
        Refused: It's none.
    """
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) and "T" in text else None
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise Refused(400, f"{name} must be a date and time with a zone")
    return found.astimezone(UTC)


async def body(request: Request, known: Collection[str]) -> dict[str, object]:
    """Return the body's object.

    Raises:
        Refused: It's none, or has a field that isn't known.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise Refused(400, "the body must be application/json")
    try:
        found = json.loads(await request.body())
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Refused(400, "the body must be a JSON object")
    for name in found:
        if name not in known:
            raise Refused(400, f"{name} isn't known here")
    return found
