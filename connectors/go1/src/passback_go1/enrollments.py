"""A result as an enrollment says it, and what an enrollment still lacks of it.

Source: wire facts §3.3, with its rules about which field goes with which status.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import attrs

from passback import JSONValue, Result, ResultKind, Score

__all__ = ["COMPLETED", "Outcome", "lacking", "outcome", "read_moment", "written"]

COMPLETED = "completed"
_IN_PROGRESS = "in-progress"
_NOT_STARTED = "not-started"
_ENDS = (ResultKind.PASSED, ResultKind.FAILED)
_FULL = 100
# GO1 may keep whole seconds.
_SAME = timedelta(seconds=1)
_LONGEST_TIME = 64


@attrs.frozen(kw_only=True)
class Outcome:
    """What a result says of an enrollment.

    Attributes:
        ended: When it was completed; None while it's in progress.
        began: When it was begun, where that is known.
        passed: Whether it was passed, where it was completed and that is known.
        percent: The score, from 0 to 100, where it was completed and there is one.
    """

    ended: datetime | None = None
    began: datetime | None = None
    passed: bool | None = None
    percent: int | None = None

    @property
    def status(self) -> str:
        """The status of such an enrollment."""
        return _IN_PROGRESS if self.ended is None else COMPLETED


def outcome(result: Result) -> Outcome:
    """Return what `result` says."""
    if not _is_end(result):
        return Outcome(began=result.started or result.utc)
    passed = {ResultKind.PASSED: True, ResultKind.FAILED: False}.get(result.kind, result.success)
    percent = None if result.score is None else _percent(result.score)
    return Outcome(ended=result.utc, began=result.started, passed=passed, percent=percent)


def _is_end(result: Result) -> bool:
    if result.kind.concerns_item or result.kind is ResultKind.COMPLETED:
        return not result.kind.concerns_item
    return result.kind in _ENDS if result.completion is None else result.completion


def _percent(score: Score) -> int | None:
    share = score.scaled
    if share is None and score.raw is not None and score.max is not None:
        least = score.min or 0.0
        share = (score.raw - least) / (score.max - least) if score.max > least else None
    if share is None:
        return None
    whole = int(round(share * _FULL, 6) + 0.5)
    # What isn't all of it is never rounded up to all of it.
    return max(0, min(whole, _FULL if share >= 1 else _FULL - 1))


def written(said: Outcome) -> dict[str, JSONValue]:
    """Return the fields of a new enrollment that tell `said`."""
    fields: dict[str, JSONValue] = {"status": said.status}
    if said.began is not None:
        fields["start_date"] = _text(said.began)
    if said.ended is not None:
        fields["end_date"] = _text(said.ended)
        fields |= {} if said.passed is None else {"pass": said.passed}
        fields |= {} if said.percent is None else {"result": said.percent}
    return fields


def lacking(said: Outcome, there: Mapping[str, JSONValue]) -> dict[str, JSONValue]:
    """Return what must change in the enrollment `there` so that it tells `said`; empty for nothing.

    A completed one is never put back in progress, and what was completed later is only changed by a pass
    that it lacks: an old result that was held up doesn't undo what came after it.
    """
    status = there.get("status")
    fields = written(said)
    if isinstance(there.get("start_date"), str):
        fields.pop("start_date", None)
    if said.ended is None:
        return fields if status == _NOT_STARTED else {}
    if status != COMPLETED:
        return fields
    ended = read_moment(there.get("end_date"))
    told = [name for name in ("pass", "result") if name in fields]
    same = all(there.get(name) == fields[name] for name in told)
    if ended is None or abs(ended - said.ended) < _SAME:
        return {} if same else fields
    wins = said.passed is True and there.get("pass") is not True
    return fields if wins or ended < said.ended else {}


def read_moment(value: JSONValue) -> datetime | None:
    """Return the time that an enrollment says; None for what is none."""
    if not isinstance(value, str) or len(value) > _LONGEST_TIME:
        return None
    try:
        found = datetime.fromisoformat(value)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
