"""An event becomes a result, or nothing; what it doesn't carry isn't made up (wire facts §3.4)."""

from __future__ import annotations

import hashlib
from datetime import datetime

from passback import Activity, InvalidResult, JSONValue, Learner, Result, ResultKind, Score
from passback_go1.enrollments import COMPLETED, read_moment
from passback_go1.ids import identifier, label
from passback_go1.objects import LearningObjects
from passback_go1.options import Go1Options
from passback_go1.receiving.refusal import Refused

__all__ = ["Translator"]

_TOLD = ("enrollment.create", "enrollment.complete")
_IN_PROGRESS = "in-progress"
_FULL = 100
_USER = "user_account_id"
_UNFIT = 422
# What is known of a time, the most telling first; the attempt's own would change with each attempt.
_ENDED = ("end_date", "updated_time", "created_time")
_BEGAN = ("start_date", "created_time", "updated_time")


class Translator:
    """Makes results of one connection's events."""

    def __init__(self, options: Go1Options, objects: LearningObjects, connection: str) -> None:
        self._options = options
        self._objects = objects
        self._connection = connection

    def result(self, event: dict[str, JSONValue]) -> Result | None:
        """Return the result that `event` tells; None where it tells none.

        Raises:
            Refused: It says something that no result can hold, or lacks what every result has.
        """
        if not isinstance(event.get("event_type"), str):
            raise Refused(_UNFIT, "event_type: expected a text; is this an event of version 3?")
        if event["event_type"] not in _TOLD:
            return None
        data = event.get("data")
        if not isinstance(data, dict):
            raise Refused(_UNFIT, "data: expected an enrollment")
        # Whoever is enrolled hasn't done anything yet.
        if data.get("status") not in (COMPLETED, _IN_PROGRESS):
            return None
        learning_object = _id(data, "lo_id")
        if self._options.webhook_objects == "others" and self._objects.lists(learning_object):
            return None
        try:
            return self._made(event, data, learning_object)
        except InvalidResult as invalid:
            raise Refused(_UNFIT, f"data: {invalid.field} can't be kept") from None

    def user(self, event: dict[str, JSONValue]) -> str | None:
        """Return whose enrollment `event` is about: the id that look-ups give; None where it says none."""
        data = event.get("data")
        return label(data.get(_USER)) if isinstance(data, dict) else None

    def _made(self, event: dict[str, JSONValue], data: dict[str, JSONValue], learning_object: str) -> Result:
        ended = data["status"] == COMPLETED
        passed, score = (_passed(data), _score(data)) if ended else (None, None)
        learner = self._options.webhook_learner_prefix + _label(data, self._options.webhook_learner, "data.")
        return Result(
            id=self._identity(_label(event, "id")),
            kind=_kind(passed) if ended else ResultKind.STARTED,
            at=_first(data, event, _ENDED if ended else _BEGAN),
            started=read_moment(data.get("start_date")),
            learner=Learner(id=learner),
            activity=Activity(id=self._objects.activity(learning_object)),
            score=score,
            success=passed,
            completion=True if ended else None,
        )

    def _identity(self, event: str) -> str:
        # Two portals may number alike, and ids count in the whole organisation.
        return f"{self._connection}-{hashlib.sha256(event.encode()).hexdigest()[:32]}"


def _kind(passed: bool | None) -> ResultKind:  # noqa: FBT001 - one of three, and not how to do it
    if passed is None:
        return ResultKind.COMPLETED
    return ResultKind.PASSED if passed else ResultKind.FAILED


def _passed(data: dict[str, JSONValue]) -> bool | None:
    passed = data.get("pass")
    if passed is not None and not isinstance(passed, bool):
        raise Refused(_UNFIT, "data.pass: expected true or false")
    return passed


def _score(data: dict[str, JSONValue]) -> Score | None:
    value = data.get("result")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _FULL:
        raise Refused(_UNFIT, f"data.result: expected a number from 0 to {_FULL}")
    return Score(raw=value, min=0, max=_FULL, scaled=value / _FULL)


def _first(data: dict[str, JSONValue], event: dict[str, JSONValue], names: tuple[str, ...]) -> datetime:
    for value in (*(data.get(name) for name in names), event.get("sent")):
        if (found := read_moment(value)) is not None:
            return found
    raise Refused(_UNFIT, "data: expected a time when it happened")


def _id(data: dict[str, JSONValue], name: str) -> str:
    if (found := identifier(data.get(name))) is None:
        raise Refused(_UNFIT, f"data.{name}: expected an id")
    return found


def _label(of: dict[str, JSONValue], name: str, within: str = "") -> str:
    if (found := label(of.get(name))) is None:
        raise Refused(_UNFIT, f"{within}{name}: expected a text")
    return found
