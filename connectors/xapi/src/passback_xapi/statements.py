"""From a result to an xAPI statement; the same result always gives the same statement.

Source: xAPI 1.0.3, Data §2. The statement is the same for 1.0.3 and 2.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import quote
from uuid import UUID, uuid5

from passback import Activity, Item, JSONValue, Result, ResultKind, Score
from passback_xapi.actors import actor
from passback_xapi.endpoint import is_iri
from passback_xapi.options import XapiOptions

__all__ = ["activity_id", "statement", "statement_id", "timestamp"]

# Makes a statement id of a host's id that is no UUID.
_NAMESPACE = UUID("6f1d1d52-6a0b-5c27-9f0f-7f0b5b2f5a3e")
_URN = "urn:x-passback:"
_ADL = "http://adlnet.gov/expapi/verbs/"
_ACTIVITIES = "http://adlnet.gov/expapi/activities/"
_PROGRESS = "https://w3id.org/xapi/cmi5/result/extensions/progress"

_VERBS: Mapping[ResultKind, tuple[str, str]] = {
    ResultKind.STARTED: (f"{_ADL}initialized", "started"),
    ResultKind.PROGRESSED: (f"{_ADL}progressed", "progressed"),
    ResultKind.COMPLETED: (f"{_ADL}completed", "completed"),
    ResultKind.PASSED: (f"{_ADL}passed", "passed"),
    ResultKind.FAILED: (f"{_ADL}failed", "failed"),
    ResultKind.SCENE_ENTERED: (f"{_ADL}experienced", "entered"),
    ResultKind.TASK_STARTED: (f"{_ADL}initialized", "started"),
    ResultKind.TASK_COMPLETED: (f"{_ADL}completed", "completed"),
    ResultKind.BADGE_AWARDED: ("http://id.tincanapi.com/verb/earned", "earned"),
}
_ITEM_TYPES: Mapping[ResultKind, tuple[str, str]] = {
    ResultKind.SCENE_ENTERED: ("scene", f"{_ACTIVITIES}module"),
    ResultKind.TASK_STARTED: ("task", f"{_ACTIVITIES}interaction"),
    ResultKind.TASK_COMPLETED: ("task", f"{_ACTIVITIES}interaction"),
    ResultKind.BADGE_AWARDED: ("badge", "http://activitystrea.ms/schema/1.0/badge"),
}


def statement(result: Result, options: XapiOptions) -> dict[str, JSONValue]:
    """Return the statement for `result`.

    Raises:
        UnknownActor: The connection's policy can't identify the learner.
    """
    verb, display = _VERBS[result.kind]
    said: dict[str, JSONValue] = {
        "id": statement_id(result),
        "actor": actor(result.learner, options),
        "verb": {"id": verb, "display": {"en": display}},
        "object": _object(result, options),
        "timestamp": timestamp(result.at),
    }
    if outcome := _outcome(result):
        said["result"] = outcome
    if result.item is not None:
        course = _activity(result.activity, options)
        said["context"] = {"contextActivities": {"parent": [course]}}
    return said


def statement_id(result: Result) -> str:
    """Return the statement's id: the result's own where that is a UUID, else one derived from it."""
    try:
        return str(UUID(result.id))
    except ValueError:
        return str(uuid5(_NAMESPACE, result.id))


def activity_id(activity: Activity, base: str | None) -> str:
    """Return the activity's IRI: its own id where that is one, else one made with `base`."""
    if is_iri(activity.id):
        return activity.id
    return (base or f"{_URN}activity:") + quote(activity.id, safe="")


def timestamp(at: datetime) -> str:
    """Return `at` as RFC 3339 in UTC, to the millisecond that every LRS keeps."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _object(result: Result, options: XapiOptions) -> JSONValue:
    if result.item is None:
        return _activity(result.activity, options)
    return _item(result.item, result, options)


def _activity(activity: Activity, options: XapiOptions) -> JSONValue:
    definition: dict[str, JSONValue] = {"type": f"{_ACTIVITIES}course"}
    if activity.name:
        definition["name"] = {options.language: activity.name}
    return {
        "objectType": "Activity",
        "id": activity_id(activity, options.activity_base),
        "definition": definition,
    }


def _item(item: Item, result: Result, options: XapiOptions) -> JSONValue:
    word, kind = _ITEM_TYPES[result.kind]
    definition: dict[str, JSONValue] = {"type": kind}
    if item.name:
        definition["name"] = {options.language: item.name}
    inside = activity_id(result.activity, options.activity_base)
    own = item.id if is_iri(item.id) else f"{inside.rstrip('/')}/{word}/{quote(item.id, safe='')}"
    return {"objectType": "Activity", "id": own, "definition": definition}


def _outcome(result: Result) -> dict[str, JSONValue]:
    outcome: dict[str, JSONValue] = {}
    if result.score is not None and (score := _score(result.score)):
        outcome["score"] = score
    success = {ResultKind.PASSED: True, ResultKind.FAILED: False}.get(result.kind, result.success)
    if success is not None:
        outcome["success"] = success
    completion = True if result.kind is ResultKind.COMPLETED else result.completion
    if completion is not None:
        outcome["completion"] = completion
    if result.duration is not None:
        outcome["duration"] = _duration(result.duration)
    if extensions := _extensions(result):
        outcome["extensions"] = extensions
    return outcome


def _score(score: Score) -> dict[str, JSONValue]:
    values = {"scaled": score.scaled, "raw": score.raw, "min": score.min, "max": score.max}
    return {name: value for name, value in values.items() if value is not None}


def _duration(duration: timedelta) -> str:
    # Hundredths, as the specification compares durations as text and no finer than that.
    hundredths = duration // timedelta(milliseconds=10)
    minutes, rest = divmod(hundredths, 6000)
    hours, minutes = divmod(minutes, 60)
    seconds = f"{rest / 100:.2f}".rstrip("0").rstrip(".")
    parts = [f"{hours}H" if hours else "", f"{minutes}M" if minutes else "", f"{seconds}S" if rest else ""]
    return "PT" + ("".join(parts) or "0S")


def _extensions(result: Result) -> dict[str, JSONValue]:
    extensions: dict[str, JSONValue] = {}
    if result.progress is not None:
        # cmi5 wants a whole percentage; what isn't finished is never rounded up to 100.
        percent = int(round(result.progress * 100, 6))
        extensions[_PROGRESS] = percent if result.progress == 1 else min(percent, 99)
    counters = result.counters
    if counters is not None:
        for name in ("total_awards", "awards_unlocked", "total_tasks", "tasks_completed"):
            if (count := getattr(counters, name)) is not None:
                extensions[f"{_URN}result:{name.replace('_', '-')}"] = count
    for key, value in result.extensions.items():
        extensions.setdefault(key if is_iri(key) else f"{_URN}extension:{quote(key, safe='')}", value)
    return extensions
