"""What came of it: score, success, completion, answer, time spent, and whatever else is known.

Source: xAPI 1.0.3, Data §2.4.5 (result), and cmi5 §9.5.5 for the progress.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import UNSET, Struct

from passback import Counters, InvalidResult, JSONValue, Result, ResultKind, Score
from passback_xapi.iris import RESULT, extension_iri, extension_key
from passback_xapi.kept import KEY, NOTHING, Kept
from passback_xapi.shapes import Outcome
from passback_xapi.times import duration, read_duration, read_timestamp, timestamp

__all__ = ["Told", "outcome", "read_outcome"]

_PROGRESS = "https://w3id.org/xapi/cmi5/result/extensions/progress"
_WHOLE = 100
_COMPLETED, _PASSED, _FAILED = ResultKind.COMPLETED, ResultKind.PASSED, ResultKind.FAILED
_STARTED = f"{RESULT}started"
_COUNTERS = {
    f"{RESULT}{name.replace('_', '-')}": name
    for name in ("total_awards", "awards_unlocked", "total_tasks", "tasks_completed")
}


class _Score(Struct, gc=False, omit_defaults=True):
    scaled: float | None = None
    raw: float | None = None
    min: float | None = None
    max: float | None = None


class Told(Struct, gc=False, omit_defaults=True):
    """What came of it, as a statement tells it."""

    score: _Score | None = None
    success: bool | None = None
    completion: bool | None = None
    duration: str | None = None
    response: str | None = None
    extensions: Mapping[str, JSONValue] = {}


_NO_SCORE, _UNTOLD = _Score(), Told()
_NOTHING_MORE = (None, None, None)


def outcome(result: Result, kept: Kept) -> Told | None:
    """Return the statement's `result`; None where there is nothing to say.

    Args:
        result: What is told.
        kept: What it keeps for its statement.
    """
    kind, score = result.kind, result.score
    points = _NO_SCORE if score is None else _Score(score.scaled, score.raw, score.min, score.max)
    told = Told(
        None if points == _NO_SCORE else points,
        True if kind is _PASSED else False if kind is _FAILED else result.success,
        True if kind is _COMPLETED else result.completion,
        None if result.duration is None else duration(result.duration),
        None if kept.response is UNSET else kept.response,
        _extensions(result, own=kept is not NOTHING) if _tells_more(result) else {},
    )
    return None if told == _UNTOLD else told


def _tells_more(result: Result) -> bool:
    told = (result.progress, result.counters, result.started)
    return bool(result.extensions) or told != _NOTHING_MORE


def _extensions(result: Result, *, own: bool) -> dict[str, JSONValue]:
    extensions: dict[str, JSONValue] = {}
    if result.progress is not None:
        # cmi5 wants a whole percentage; what isn't finished is never rounded up to 100.
        percent = int(round(result.progress * 100, 6))
        extensions[_PROGRESS] = percent if result.progress == 1 else min(percent, 99)
    if result.counters is not None:
        for iri, name in _COUNTERS.items():
            if (count := getattr(result.counters, name)) is not None:
                extensions[iri] = count
    if result.started is not None:
        extensions[_STARTED] = timestamp(result.started)
    for key, value in result.extensions.items():
        if not (own and key == KEY):
            extensions.setdefault(extension_iri(key), value)
    return extensions


def read_outcome(said: Outcome) -> dict[str, Any]:
    """Return the fields of a result that a statement's `result` tells.

    Raises:
        InvalidResult: A score or a duration is wrong; names the statement's property.
    """
    fields: dict[str, Any] = _read_extensions(said.extensions)
    for name in ("success", "completion"):
        if (value := getattr(said, name)) is not UNSET:
            fields[name] = value
    given = {name: getattr(said.score, name) for name in ("scaled", "raw", "min", "max")}
    if numbers := {name: number for name, number in given.items() if number is not UNSET}:
        try:
            fields["score"] = Score(**numbers)
        except InvalidResult as error:
            raise InvalidResult(f"result.{error.field}", error.problem) from None
    if said.duration is not UNSET:
        try:
            fields["duration"] = read_duration(said.duration)
        except ValueError as error:
            raise InvalidResult("result.duration", str(error)) from None
    return fields


def _read_extensions(said: Mapping[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    counters: dict[str, int] = {}
    extensions: dict[str, Any] = {}
    for iri, value in said.items():
        count = _whole(value)
        if iri == _PROGRESS and count is not None and count <= _WHOLE:
            fields["progress"] = count / _WHOLE
        elif iri in _COUNTERS and count is not None:
            counters[_COUNTERS[iri]] = count
        elif iri == _STARTED and (moment := _moment(value)):
            fields["started"] = moment
        else:
            extensions[extension_key(iri)] = value
    if counters:
        fields["counters"] = Counters(**counters)
    return fields | {"extensions": extensions}


def _whole(value: object) -> int | None:
    # An LRS may write 50 as 50.0.
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1 or value < 0:
        return None
    return int(value)


def _moment(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        moment = read_timestamp(value)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None
