"""Errors that come under a good status, in the envelope that all of them have (wire facts §2.5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TypeAlias

import attrs

from passback import JSONValue, Response, ServerError

__all__ = ["as_told", "said"]

_Told: TypeAlias = Mapping[str, JSONValue]

_GOOD, _ERRORS = range(200, 300), range(400, 600)
_REFUSED = 422
_FAILURES = ("failure", "failed", "error")


def as_told(answer: Response, *, written: bool) -> Response:
    """Return `answer`; under the status of an error where a good one holds one.

    Args:
        answer: What the portal answered.
        written: Whether it's about what was written. What is read may say of itself that it failed, so there
            only the answer as a whole counts.

    Raises:
        ServerError: It says that it failed, and neither how nor why.
    """
    if answer.status not in _GOOD:
        return answer
    for told in islice(_envelopes(answer), None if written else 1):
        status = _status(told)
        if status is not None:
            return attrs.evolve(answer, status=status)
        if _error(told) or str(told.get("status")).casefold() in _FAILURES:
            raise ServerError(
                f"{answer.asked} answered {answer.status}, and that it failed: {said(answer)}",
                status=answer.status,
            )
    return answer


def said(answer: Response) -> str:
    """Return what the portal said, for people: the message out of its envelope, where it's in one."""
    messages = (_lowered(_error(told)).get("message") for told in _envelopes(answer))
    message = next((each for each in messages if isinstance(each, str)), None)
    if message is not None:
        answer = attrs.evolve(answer, body=message.encode("utf-8", "replace"))
    return answer.excerpt() or "without a word why"


def _envelopes(answer: Response) -> Iterator[_Told]:
    """Yield what may be an envelope, its names in lower case: the answer, the one in its list, its data."""
    try:
        document = answer.json()
    except ServerError:
        return
    while document:
        told = _lowered(document)
        yield told
        within = document if isinstance(document, list) else [told.get("data")]
        document = within[0] if len(within) == 1 else None


def _lowered(document: JSONValue) -> _Told:
    return {name.lower(): each for name, each in document.items()} if isinstance(document, dict) else {}


def _error(told: _Told) -> JSONValue:
    error = told.get("error") or told.get("errors")
    return error[0] if isinstance(error, list) and error else error


def _status(told: _Told) -> int | None:
    error = _lowered(_error(told))
    number = _number(told.get("status")) or _number(error.get("code"))
    return number or (_REFUSED if error.get("message") else None)


def _number(told: JSONValue) -> int | None:
    text = str(told)
    number = int(text) if text.isascii() and text.isdecimal() and len(text) == len("404") else 0
    return number if number in _ERRORS else None
