"""Results as StackOne takes them: completions, and assignments for progress (wire facts §4.3)."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Literal

import attrs

from passback import JSONValue, Result, ResultKind, Score
from passback_stackone.options import StackOneOptions

__all__ = ["Outgoing", "outgoing"]

_COMPLETIONS = (ResultKind.COMPLETED, ResultKind.PASSED, ResultKind.FAILED)
_PROGRESS = (ResultKind.STARTED, ResultKind.PROGRESSED)
_WHOLE = 100


@attrs.frozen(kw_only=True)
class Outgoing:
    """What one result becomes.

    Attributes:
        kind: Below a user, where it's written.
        learning_object: What the activity is called over there.
        at: When it happened.
        value: ``Pass`` or ``Fail``, where that is known.
        progress: From 0 to 100, for an assignment.
        body: What is written, but for the passthrough.
    """

    kind: Literal["completions", "assignments"]
    learning_object: str
    at: datetime
    value: str | None = None
    progress: int | None = None
    body: dict[str, JSONValue] = attrs.field(factory=dict)


def outgoing(result: Result, options: StackOneOptions) -> Outgoing | None:
    """Return what `result` becomes; None where StackOne has no place for it, or isn't to get it."""
    named = options.learning_objects.get(result.activity.id, result.activity.id)
    if result.kind in _COMPLETIONS and (
        result.kind is ResultKind.COMPLETED or result.completion is not False
    ):
        return _completion(result, options, named)
    if result.kind in _PROGRESS and options.progress:
        progress = math.floor(round((result.progress or 0) * _WHOLE, 6))
        status: dict[str, JSONValue] = {"value": "in_progress"}
        body: dict[str, JSONValue] = {_name(options): named, "progress": progress, "status": status}
        return Outgoing(kind="assignments", learning_object=named, at=result.at, progress=progress, body=body)
    return None


def _completion(result: Result, options: StackOneOptions, named: str) -> Outgoing:
    at = f"{result.utc.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"
    body: dict[str, JSONValue] = {_name(options): named, "completed_at": at}
    success = {ResultKind.PASSED: True, ResultKind.FAILED: False}.get(result.kind, result.success)
    value = None if success is None else "Pass" if success else "Fail"
    told: dict[str, JSONValue] = {"value": value, "source_value": _points(result.score, options.score)}
    known: dict[str, JSONValue] = {name: each for name, each in told.items() if each is not None}
    if known:
        body["result"] = known
    if result.duration is not None:
        body["time_spent"] = _length(result.duration)
    return Outgoing(kind="completions", learning_object=named, at=result.at, value=value, body=body)


def _name(options: StackOneOptions) -> str:
    return f"learning_object_{options.learning_object}"


def _points(score: Score | None, wanted: Literal["raw", "percent", "none"]) -> float | None:
    if score is None or wanted == "none":
        return None
    share = score.scaled
    if share is None and score.raw is not None and score.max is not None:
        low = score.min or 0.0
        share = (score.raw - low) / (score.max - low) if score.max > low else None
    percent = None if share is None else _tidy(share * _WHOLE)
    if wanted == "percent":
        return percent
    return percent if score.raw is None else _tidy(score.raw)


def _tidy(number: float) -> float:
    rounded = round(number, 6)
    return int(rounded) if rounded.is_integer() else rounded


def _length(duration: timedelta) -> str:
    """Return `duration` in ISO 8601, in whole seconds, and in no unit longer than hours."""
    minutes, seconds = divmod(round(duration.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "H"), (minutes, "M"), (seconds, "S")]
    return "PT" + ("".join(f"{number}{unit}" for number, unit in parts if number) or "0S")
