"""Errors under a good status, in any of the ways the school's documents word them (wire facts §6.1, §6.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping

import attrs
import msgspec

from passback import JSONValue, Response, ServerError

__all__ = ["as_told", "is_error"]

_GOOD = range(200, 300)
_ERROR = re.compile(r"[45][0-9]{2}")
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
    told = [each for each in listed if isinstance(each, dict) and (is_error(each) or _is_failure(each))]
    return told[0] if told else None


def is_error(said: Mapping[str, JSONValue]) -> bool:
    """Return whether `said` is an error as the school's documents word one."""
    return bool(said.get("errors") or said.get("error")) or said.get("success") is False


def _is_failure(said: Mapping[str, JSONValue]) -> bool:
    # A success is empty, and the status of what has an id is about that.
    return "id" not in said and (_told(said) is not None or set(said) == {"message"})


def _told(said: Mapping[str, JSONValue]) -> int | None:
    found = (str(said.get(name)) for name in _STATUSES)
    return next((int(each) for each in found if _ERROR.fullmatch(each)), None)


def _status(error: Mapping[str, JSONValue]) -> int:
    told = _told(error)
    if told is not None:
        return told
    if error.get("error") == _SLOW_DOWN:
        return _TOO_MANY
    # Without a word of the school's it may be about anything, and nothing is condemned for it.
    return _REFUSED if is_error(error) and any(error.get(name) for name in _WORDS) else _SAYS_NOTHING
