"""Errors under a good status, in any of the ways the school's documents word them (wire facts §6.1, §6.2)."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import msgspec

from passback import JSONValue, Response, ServerError

__all__ = ["as_told", "is_error"]

_GOOD, _ERRORS = range(200, 300), range(400, 600)
_REFUSED, _TOO_MANY, _SAYS_NOTHING = 400, 429, 500
_WORDS = ("errors", "error", "message")
_STATUSES = ("status", "statusCode", "code")
_SLOW_DOWN = "rate_limit_exceeded"


def as_told(answer: Response) -> Response:
    """Return `answer`; where a good one holds an error, under its status and with it as the body."""
    error = _error(answer) if answer.status in _GOOD and answer.body.strip() else None
    if error is None:
        return answer
    return attrs.evolve(answer, status=_status(error), body=msgspec.json.encode(error))


def _error(answer: Response) -> Mapping[str, JSONValue] | None:
    try:
        found = answer.json()
    except ServerError:
        return None
    listed = found if isinstance(found, list) else [found]
    told = [each for each in listed if isinstance(each, dict) and is_error(each)]
    return told[0] if told else None


def is_error(said: Mapping[str, JSONValue]) -> bool:
    """Return whether `said` is an error as the school's documents word one."""
    return bool(said.get("errors") or said.get("error")) or said.get("success") is False


def _status(error: Mapping[str, JSONValue]) -> int:
    for name in _STATUSES:
        told = error.get(name)
        if str(told).isdecimal() and len(str(told)) == 3 and int(str(told)) in _ERRORS:  # noqa: PLR2004
            return int(str(told))
    if error.get("error") == _SLOW_DOWN:
        return _TOO_MANY
    # Without a word it may be about anything, and nothing is condemned for it.
    return _REFUSED if any(error.get(name) for name in _WORDS) else _SAYS_NOTHING
