"""Which enrollments a list has, and in what order (wire facts §3.3); deep export by scroll isn't played."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from starlette.requests import Request

from passback_go1.sandbox.queries import page, parameters, truth
from passback_go1.sandbox.refusal import Refused

_MOST = 50
_SAME = ("user_account_id", "assigner_account_id", "status", "enrollment_type")
_BOUNDS = {
    f"{name}_{end}": (field, end)
    for name, field in {
        "update_time": "updated_time",
        "due_date": "due_date",
        "end_date": "end_date",
        "assign_date": "assign_date",
    }.items()
    for end in ("gte", "lte")
}
_KNOWN = frozenset({"limit", "offset", "lo_ids", "due_date_exists", "sort", "order", *_SAME, *_BOUNDS})


def listed(request: Request, enrollments: Iterable[dict[str, object]]) -> dict[str, object]:
    """Return the page of `enrollments` that is asked for.

    Raises:
        Refused: A parameter is unknown, or isn't what it may be.
    """
    given = parameters(request, _KNOWN)
    bounds = {name: _moment(name, text) for name, text in given.items() if name in _BOUNDS}
    due = truth(given, "due_date_exists") if "due_date_exists" in given else None
    found = [
        each
        for each in enrollments
        if ("lo_ids" not in given or each["lo_id"] in given["lo_ids"].split(","))
        and all(each[name] == given[name] for name in _SAME if name in given)
        and all(_within(each, name, bound) for name, bound in bounds.items())
        and (due is None or (each["due_date"] is not None) is due)
    ]
    return page(_sorted(found, given), given, "hits", _MOST)


def _sorted(found: list[dict[str, object]], given: Mapping[str, str]) -> list[dict[str, object]]:
    if given.get("order", "asc") not in ("asc", "desc"):
        raise Refused(400, "validation_failed", "order: expected asc or desc")
    key = given.get("sort", "created_time")
    if any(key not in each for each in found):
        raise Refused(400, "validation_failed", "sort: is no field of an enrollment")
    return sorted(found, key=lambda each: str(each[key]), reverse=given.get("order") == "desc")


def _within(enrollment: Mapping[str, object], name: str, bound: datetime) -> bool:
    field, end = _BOUNDS[name]
    said = enrollment[field]
    if said is None:
        return False
    at = datetime.fromisoformat(str(said))
    return at >= bound if end == "gte" else at <= bound


def _moment(name: str, text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise Refused(400, "validation_failed", f"{name}: expected a date and time with a zone")
    return found
