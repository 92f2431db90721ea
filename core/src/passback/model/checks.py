"""What the fields of a result are checked for; a check's name is its rule in the JSON Schema too.

Every check takes None where a field may be left out; whether it may be is the annotation's business.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import MAXYEAR, MINYEAR, UTC, datetime, timedelta
from typing import Any

import attrs

from passback.errors import InvalidResult

__all__ = [
    "LONGEST_TEXT",
    "as_number",
    "content",
    "count",
    "length",
    "moment",
    "number",
    "share",
    "signed_share",
    "text",
]

LONGEST_TEXT = 1024
_DEEPEST = 100
_LATEST = MAXYEAR - 1
_EARLIEST = MINYEAR + 1


def text(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """Refuse what is no text, is empty, or is too long to be looked up by."""
    if not isinstance(value, str) or not value.strip():
        raise InvalidResult(_place(instance, attribute), "expected a text that isn't empty")
    if len(value) > LONGEST_TEXT:
        problem = f"expected at most {LONGEST_TEXT} characters, got {len(value)}"
        raise InvalidResult(_place(instance, attribute), problem)


def as_number(value: float | None) -> float | None:
    """Return `value` in the one form of what is equal: 1 as 1.0, and -0.0 as 0.0."""
    if type(value) is float:
        return value + 0.0
    if isinstance(value, int | float) and not isinstance(value, bool):
        with suppress(OverflowError):
            return float(value) + 0.0
    return value


def number(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """Refuse what is no finite number."""
    if value is None:
        return
    if not isinstance(value, float):
        raise InvalidResult(_place(instance, attribute), f"expected a number, got {str(value)[:40]!r}")
    if not math.isfinite(value):
        raise InvalidResult(_place(instance, attribute), f"expected a finite number, got {value}")


def share(instance: object, attribute: attrs.Attribute[Any], value: float | None) -> None:
    """Refuse what is no number from 0 to 1."""
    number(instance, attribute, value)
    if value is not None and not 0 <= value <= 1:
        raise InvalidResult(_place(instance, attribute), f"expected a number from 0 to 1, got {value}")


def signed_share(instance: object, attribute: attrs.Attribute[Any], value: float | None) -> None:
    """Refuse what is no number from -1 to 1."""
    number(instance, attribute, value)
    if value is not None and not -1 <= value <= 1:
        raise InvalidResult(_place(instance, attribute), f"expected a number from -1 to 1, got {value}")


def count(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """Refuse what is no whole number, or is below 0."""
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
        problem = f"expected a whole number, 0 or more, got {str(value)[:40]!r}"
        raise InvalidResult(_place(instance, attribute), problem)


def moment(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """Refuse a time without a zone, and one that another zone can't tell."""
    if value is None and attribute.default is None:
        return
    if not isinstance(value, datetime) or value.tzinfo is None:
        problem = "expected a time with a time zone, such as 2026-11-21T09:30:00Z"
        raise InvalidResult(_place(instance, attribute), problem)
    if not _EARLIEST < value.year < _LATEST and not _in_every_zone(value):
        problem = f"expected a time that every zone can tell, got the year {value.year}"
        raise InvalidResult(_place(instance, attribute), problem)


def length(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """Refuse what is no length of time, or is below 0."""
    if value is not None and (not isinstance(value, timedelta) or value < timedelta()):
        problem = "expected a length of time, 0 or more, such as PT12M30S"
        raise InvalidResult(_place(instance, attribute), problem)


def content(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """Refuse the numbers that JSON doesn't have, and what is too deep to be read back wherever one stands."""
    if value and (problem := _problem(value, 0)):
        raise InvalidResult(_place(instance, attribute), problem)


def _problem(value: object, depth: int) -> str | None:
    if isinstance(value, float):
        return None if math.isfinite(value) else "JSON has neither NaN nor infinity"
    if isinstance(value, Mapping):
        inner: Iterable[object] = value.values()
    elif isinstance(value, list | tuple):
        inner = value
    else:
        return None
    if depth == _DEEPEST:
        return f"it is nested deeper than {_DEEPEST} levels"
    for each in inner:
        if problem := _problem(each, depth + 1):
            return problem
    return None


def _in_every_zone(at: datetime) -> bool:
    if not _EARLIEST <= at.year <= _LATEST:
        return False
    return _EARLIEST <= at.astimezone(UTC).year <= _LATEST


def _place(instance: object, attribute: attrs.Attribute[Any]) -> str:
    name = type(instance).__name__.lower()
    return attribute.name if name == "result" else f"{name}.{attribute.name}"
