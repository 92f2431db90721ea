"""Values as templates write them, with numbers as texts and times in several ways."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta

from passback import JSONValue

__all__ = ["moment", "number", "text", "truth", "whole"]

_WHOLE = re.compile(r"[+-]?[0-9]{1,18}(\.0{1,18})?", re.ASCII)
_NUMBER = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]{1,18})?([eE][+-]?[0-9]{1,3})?", re.ASCII)
_TRUTHS = {"true": True, "1": True, "false": False, "0": False}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST_TIME = 64
# Seconds since 1970 from 1973 on; what is larger than seconds of the year 5138 counts milliseconds.
_FIRST_SECOND, _FIRST_MILLISECOND, _LAST_MILLISECOND = 10**8, 10**11, 10**14


def text(value: JSONValue) -> str | None:
    """Return `value` as a text; None where nothing is said.

    Raises:
        ValueError: It is none; the message says what was expected.
    """
    if _is_nothing(value):
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise ValueError("expected a text")  # noqa: TRY004 - what is wrong is the value that was sent
    if "\0" in value or not _encodable(value):
        raise ValueError("expected a text of Unicode characters, without NUL")
    return value


def whole(value: JSONValue) -> int | None:
    """Return `value` as a whole number; None where nothing is said.

    Raises:
        ValueError: It is none.
    """
    if _is_nothing(value):
        return None
    if isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
        return int(value.strip().partition(".")[0])
    if isinstance(value, int | float) and not isinstance(value, bool) and value == value // 1:
        return int(value)
    raise ValueError("expected a whole number")


def number(value: JSONValue) -> float | None:
    """Return `value` as a number; None where nothing is said.

    Raises:
        ValueError: It is none, or too large.
    """
    if _is_nothing(value):
        return None
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("expected a number")
    return float(value)


def truth(value: JSONValue) -> bool | None:
    """Return `value` as true or false; None where nothing is said.

    Raises:
        ValueError: It is neither.
    """
    if _is_nothing(value):
        return None
    known = _TRUTHS.get(str(value).strip().lower())
    if known is None:
        raise ValueError("expected true or false")
    return known


def moment(value: JSONValue) -> datetime | None:
    """Return the time that `value` says: ISO 8601, seconds or milliseconds since 1970; None for nothing.

    A time without a zone is UTC.

    Raises:
        ValueError: It is no time.
    """
    if _is_nothing(value):
        return None
    try:
        since = number(value)
    except ValueError:
        since = None
    if since is not None and _FIRST_SECOND <= since < _LAST_MILLISECOND:
        return _EPOCH + timedelta(seconds=since if since < _FIRST_MILLISECOND else since / 1000)
    return _iso(value)


def _iso(value: JSONValue) -> datetime:
    if isinstance(value, str) and len(value) <= _LONGEST_TIME:
        try:
            found = datetime.fromisoformat(value.strip())
            return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise ValueError("expected a time such as 2026-11-21T09:30:00Z, or seconds or milliseconds since 1970")


def _is_nothing(value: JSONValue) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _encodable(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
