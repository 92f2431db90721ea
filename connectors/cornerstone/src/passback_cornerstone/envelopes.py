"""Errors that come under a good status, in the envelope that all of them have (wire facts §2.5)."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from passback import JSONValue, Response, ServerError
from passback_cornerstone.answers import said

__all__ = ["as_told"]

_GOOD, _ERRORS = range(200, 300), range(400, 600)
_REFUSED = 422
_FAILURES = ("failure", "failed", "error")


def as_told(answer: Response) -> Response:
    """Return `answer`; under the status of an error where a good one holds one.

    Raises:
        ServerError: It says that it failed, and neither how nor why.
    """
    told = _envelope(answer) if answer.status in _GOOD else {}
    error = told.get("error")
    status = _number(told.get("status")) or (_number(error.get("code")) if isinstance(error, dict) else None)
    if status is not None:
        return attrs.evolve(answer, status=status)
    if isinstance(error, dict) and error.get("message"):
        return attrs.evolve(answer, status=_REFUSED)
    if error or str(told.get("status")).casefold() in _FAILURES:
        raise ServerError(
            f"{answer.asked} answered {answer.status}, and that it failed: {said(answer)}",
            status=answer.status,
        )
    return answer


def _envelope(answer: Response) -> Mapping[str, JSONValue]:
    try:
        found = answer.json()
    except ServerError:
        return {}
    return found if isinstance(found, dict) else {}


def _number(told: JSONValue) -> int | None:
    text = str(told)
    number = int(text) if text.isascii() and text.isdecimal() and len(text) == len("404") else 0
    return number if number in _ERRORS else None
