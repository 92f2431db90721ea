"""Results as JSON: the form that hosts submit and that the outbox keeps.

Unknown top-level fields are kept under `extensions`, so that nothing a host sends is lost; only `passback`,
which an export adds, is left out. Unknown fields deeper down are refused with a suggestion: there they are
spelling mistakes.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC
from typing import Any, get_type_hints

import attrs
import msgspec

from passback.errors import InvalidResult
from passback.model.result import Activity, Counters, Item, Learner, Result, ResultKind, Score

__all__ = ["EXPORTED", "canonical", "parse_result", "read_result", "readable"]

# What an export adds to a result; a line of it can be submitted again.
EXPORTED = "passback"

_FIELDS = frozenset(field.name for field in attrs.fields(Result))
_PARTS: Mapping[str, type[attrs.AttrsInstance]] = {
    "learner": Learner,
    "activity": Activity,
    "item": Item,
    "score": Score,
    "counters": Counters,
}
_PLACE = re.compile(r" - at `\$\.?([^`]*)`$")
_MISSING = re.compile(r"^Object missing required field `(\w+)`$")

# Sorted keys make the bytes a function of the content, so equal bytes mean the same fact.
_encoder = msgspec.json.Encoder(order="sorted")
_decoder = msgspec.json.Decoder(Result)


def _plain(record: type[attrs.AttrsInstance]) -> type[msgspec.Struct]:
    """Return what has the fields of `record`, and none of its rules."""
    hints = get_type_hints(record)
    parts: dict[object, object] = {}
    for part in _PARTS.values() if record is Result else ():
        plain = _plain(part)
        parts |= {part: plain, part | None: plain | None}
    fields = [(field.name, parts.get(hints[field.name], hints[field.name])) for field in attrs.fields(record)]
    return msgspec.defstruct(record.__name__, fields, forbid_unknown_fields=False)


# Who made a result has had its rules checked, and not its types.
_types = msgspec.json.Decoder(_plain(Result))


def canonical(result: Result) -> bytes:
    """Return `result` as the JSON that the outbox keeps: the same bytes for the same content.

    What it returns can be read back: a host that put a text where a number belongs learns it now.

    Raises:
        InvalidResult: A value is of a type that can't be kept.
    """
    try:
        body = _encoder.encode(_in_utc(result))
        _types.decode(body)
    except msgspec.ValidationError as error:
        raise _explained(str(error)) from None
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise InvalidResult("", f"it holds something that JSON can't ({error})") from None
    return body


def read_result(body: bytes) -> Result:
    """Return the result that `canonical` wrote as `body`.

    Raises:
        InvalidResult: It was damaged, or written by a Passback with other rules.
    """
    try:
        return _decoder.decode(body)
    except msgspec.ValidationError as error:
        raise _reason(error) from None
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise InvalidResult("", f"this is no JSON ({error})") from None


def readable(bodies: Iterable[bytes]) -> list[Result]:
    """Return the results that are kept as `bodies`, without those that can't be read any more."""
    results: list[Result] = []
    for body in bodies:
        with suppress(InvalidResult):
            results.append(read_result(body))
    return results


def parse_result(given: str | bytes | Mapping[str, object]) -> Result:
    """Return the result that a host wrote as JSON, or that an export did.

    Args:
        given: The JSON, or what a framework has decoded of it.

    Raises:
        InvalidResult: It isn't one; names the field and what was expected.
    """
    document = dict(given) if isinstance(given, Mapping) else _decoded(given)
    for field, problem in _unknown_parts(document):
        raise InvalidResult(field, problem)
    try:
        return msgspec.convert(_with_extensions(document), Result)
    except msgspec.ValidationError as error:
        raise _reason(error) from None


def _decoded(text: str | bytes) -> dict[str, Any]:
    try:
        document: Any = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise InvalidResult("", f"this is no JSON ({error})") from None
    if not isinstance(document, dict):
        raise InvalidResult("", f"expected a JSON object, got {type(document).__name__}")
    return document


def _in_utc(result: Result) -> Result:
    started = result.started
    if result.at.tzinfo is UTC and (started is None or started.tzinfo is UTC):
        return result
    return attrs.evolve(result, at=result.utc, started=started and started.astimezone(UTC))


def _with_extensions(document: dict[str, Any]) -> dict[str, Any]:
    extras = {key: value for key, value in document.items() if key not in _FIELDS and key != EXPORTED}
    if not extras and EXPORTED not in document:
        return document
    extensions = document.get("extensions", {})
    if not isinstance(extensions, dict):
        raise InvalidResult("extensions", "expected an object")
    for key in extras.keys() & extensions.keys():
        raise InvalidResult(key, "it stands both by itself and under extensions; leave one out")
    known = {key: value for key, value in document.items() if key in _FIELDS}
    return known | {"extensions": extras | extensions}


def _unknown_parts(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for part, record in _PARTS.items():
        value = document.get(part)
        if not isinstance(value, dict):
            continue
        names = [field.name for field in attrs.fields(record)]
        for key in value:
            if key not in names:
                close = difflib.get_close_matches(key, names, n=1)
                hint = f"did you mean {close[0]!r}?" if close else f"expected one of {', '.join(names)}"
                yield f"{part}.{key}", f"unknown field; {hint}"


def _reason(error: msgspec.ValidationError) -> InvalidResult:
    return error.__cause__ if isinstance(error.__cause__, InvalidResult) else _explained(str(error))


def _explained(message: str) -> InvalidResult:
    place = ""
    if match := _PLACE.search(message):
        place, message = match.group(1), message[: match.start()]
    if match := _MISSING.match(message):
        return InvalidResult(f"{place}.{match.group(1)}".lstrip("."), "missing; it is required")
    if place == "kind":
        return InvalidResult(
            place, f"{message[:1].lower()}{message[1:]}; expected one of {', '.join(ResultKind)}"
        )
    return InvalidResult(place, message[:1].lower() + message[1:])
