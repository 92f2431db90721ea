"""What requests say, as places and values, so that two of them can be compared."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, unquote

from passback.testing.proxy import Asked

__all__ = ["Said", "moments", "said", "texts"]

# Where it stands → what stands there.
Said = dict[str, str]

_WRITING = ("POST", "PUT", "PATCH")
_FIRST, _LAST = 1_000_000_000, 2_999_999_999
_ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?( ?(Z|[+-]\d\d:?\d\d))?")
_NUMBER = re.compile(r"\d{10}(\d{3})?(\.\d+)?")
_LONGEST_FORM = 100_000


def said(asked: Iterable[Asked]) -> Said:
    """Return what the requests say that write something."""
    found: Said = {}
    for number, each in enumerate(one for one in asked if one.method in _WRITING):
        place = f"{number} {each.method}"
        found |= {f"{place} {name}": value for name, value in _leaves("", _document(each))}
        found |= {f"{place} ?{name}": value for name, value in parse_qsl(each.target.partition("?")[2])}
        found[f"{place} path"] = unquote(each.path)
    return found


def texts(asked: Iterable[Asked]) -> Iterator[str]:
    """Yield every text that the requests say, decoded."""
    for each in asked:
        yield unquote(each.path)
        yield from (value for _, value in parse_qsl(each.target.partition("?")[2], keep_blank_values=True))
        yield from (value for _, value in _leaves("", _document(each)))


def moments(found: Said) -> Iterator[tuple[str, datetime]]:
    """Yield where a time stands, and which it is; one that says no zone counts as UTC."""
    for place, value in found.items():
        if _ISO.fullmatch(value):
            yield place, _read(value)
        elif _NUMBER.fullmatch(value):
            seconds = float(value) if float(value) <= _LAST else float(value) / 1000
            if _FIRST <= seconds <= _LAST:
                yield place, datetime.fromtimestamp(0, UTC) + timedelta(seconds=seconds)


def _read(value: str) -> datetime:
    # Of a fraction's digits, Python reads six at most.
    at = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", value).replace(" Z", "Z").replace(" +", "+"))
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _document(asked: Asked) -> object:
    try:
        return json.loads(asked.body)
    except (ValueError, UnicodeError, RecursionError):
        text = asked.body[:_LONGEST_FORM].decode("utf-8", "replace")
    fields = dict(parse_qsl(text, keep_blank_values=True))
    return fields or text


def _leaves(place: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _leaves(f"{place}.{name}", each)
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _leaves(f"{place}[{number}]", each)
    else:
        yield place, value if isinstance(value, str) else json.dumps(value)
