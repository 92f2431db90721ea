"""What may be written (wire facts §4.3).

StackOne's schema makes every field optional and lets it be null. Beyond it, this refuses a body that names no
learning object, and a field that StackOne doesn't have: that is a mistake of the client.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime

from passback_stackone.sandbox.answers import Refused

_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)", re.ASCII)
_DURATION = re.compile(r"P(?!$)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?", re.ASCII)
_OBJECTS = ("learning_object_external_reference", "learning_object_id")
_OLD_OBJECTS = ("content_external_reference", "content_id")

Fields = Mapping[str, Callable[[object], bool]]


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_object(value: object) -> bool:
    return isinstance(value, dict)


def _is_moment(value: object) -> bool:
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_length(value: object) -> bool:
    return isinstance(value, str) and _DURATION.fullmatch(value) is not None


def _is_share(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 100  # noqa: PLR2004


def _one_of(*values: str) -> Callable[[object], bool]:
    def fits(found: object) -> bool:
        if not isinstance(found, dict) or set(found) - {"value", "source_value"}:
            return False
        return found.get("value") is None or found["value"] in values

    return fits


_COMMON: Fields = {**dict.fromkeys(_OBJECTS, _is_text), "passthrough": _is_object}
COMPLETION: Fields = {
    **_COMMON,
    **dict.fromkeys(_OLD_OBJECTS, _is_text),
    "completed_at": _is_moment,
    "result": _one_of("Pass", "Fail"),
    "time_spent": _is_length,
}
ASSIGNMENT: Fields = {
    **_COMMON,
    "external_reference": _is_text,
    "created_at": _is_moment,
    "due_date": _is_moment,
    "progress": _is_share,
    "status": _one_of("pending", "in_progress", "completed"),
}


def parsed(content: bytes, kind: str, fields: Fields) -> dict[str, object]:
    """Return a body that keeps the rules.

    Raises:
        Refused: It breaks one.
    """
    if kind.partition(";")[0].strip().lower() != "application/json":
        raise Refused(400, "content-type must be application/json")
    try:
        body: object = json.loads(content)
    except (ValueError, RecursionError):
        raise Refused(400, "the body is no JSON") from None
    if not isinstance(body, dict):
        raise Refused(400, "the body must be an object")
    for name, value in body.items():
        if name not in fields:
            raise Refused(400, f"property {name} should not exist")
        if value is not None and not fields[name](value):
            raise Refused(400, f"{name} isn't what it must be")
    if not any(body.get(name) for name in (*_OBJECTS, *_OLD_OBJECTS)):
        raise Refused(400, "learning_object_external_reference or learning_object_id is needed")
    return body


def object_of(body: Mapping[str, object]) -> str:
    """Return the learning object that a body names."""
    return str(next(body[name] for name in (*_OBJECTS, *_OLD_OBJECTS) if body.get(name)))
