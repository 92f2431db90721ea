"""What a field of an enrollment may be, and which go together (wire facts §3.3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from passback_go1.sandbox.refusal import Refused

COMPLETED, NOT_STARTED, ASSIGNED = "completed", "not-started", "assigned"
_STATUSES = (NOT_STARTED, "in-progress", COMPLETED)
_TYPES = (ASSIGNED, "self-directed")
_FULL = 100
_REQUIRED = ("user_account_id", "lo_id", "enrollment_type", "status")
_FIXED = ("user_account_id", "lo_id", "enrollment_type")


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _is_date(value: object) -> bool:
    # RFC 3339, which has a zone.
    if not isinstance(value, str) or "T" not in value:
        return False
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def _is_percent(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _FULL


_RULES: Mapping[str, tuple[Callable[[object], bool], str]] = {
    "user_account_id": (_is_text, "an id as a string"),
    "lo_id": (_is_text, "an id as a string"),
    "enrollment_type": (lambda value: value in _TYPES, "assigned or self-directed"),
    "status": (lambda value: value in _STATUSES, "not-started, in-progress or completed"),
    "result": (_is_percent, "a whole number from 0 to 100"),
    "pass": (lambda value: isinstance(value, bool), "true or false"),
    "assigner_account_id": (_is_text, "an id as a string"),
    "start_date": (_is_date, "a date and time with a zone"),
    "end_date": (_is_date, "a date and time with a zone"),
    "assign_date": (_is_date, "a date and time with a zone"),
    "due_date": (_is_date, "a date and time with a zone"),
}


def require_new(body: Mapping[str, object]) -> None:
    """Return if `body` is an enrollment that can be made.

    Raises:
        Refused: It isn't.
    """
    for name in _REQUIRED:
        if name not in body:
            raise _refused(f"{name}: is required")
    _require_each(body)
    _require_together(body, body)


def require_change(body: Mapping[str, object], there: Mapping[str, object]) -> None:
    """Return if `body` can change the enrollment `there`.

    Raises:
        Refused: It can't.
    """
    for name in _FIXED:
        if name in body and body[name] != there[name]:
            raise _refused(f"{name}: can't be changed")
    _require_each(body)
    _require_together(body, {**there, **body})


def _require_each(body: Mapping[str, object]) -> None:
    for name, value in body.items():
        if name not in _RULES:
            raise _refused(f"{name}: is no field of an enrollment")
        allows, expected = _RULES[name]
        if not allows(value):
            raise _refused(f"{name}: expected {expected}")


def _require_together(body: Mapping[str, object], whole: Mapping[str, object]) -> None:
    for name in ("result", "pass", "end_date"):
        if name in body and whole["status"] != COMPLETED:
            raise _refused(f"{name}: only goes with status completed")
    if "start_date" in body and whole["status"] == NOT_STARTED:
        raise _refused("start_date: doesn't go with status not-started")
    for name in ("assigner_account_id", "assign_date"):
        if name in body and whole["enrollment_type"] != ASSIGNED:
            raise _refused(f"{name}: only goes with enrollment_type assigned")


def _refused(message: str) -> Refused:
    return Refused(400, "validation_failed", message)
