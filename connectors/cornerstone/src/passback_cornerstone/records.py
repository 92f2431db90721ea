"""What Cornerstone is told of a result: a status, which is final once it's Completed (wire facts §2.4)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from typing import Literal, TypeAlias

import attrs

from passback import JSONValue, Result, ResultKind

__all__ = ["Record"]

Extra: TypeAlias = Literal["score", "progress", "seconds"]
_FINISHED = frozenset({ResultKind.COMPLETED, ResultKind.PASSED, ResultKind.FAILED})


@attrs.frozen(kw_only=True)
class Record:
    """One result as Cornerstone takes it.

    Attributes:
        result: The result.
        user: The user's guid.
        course: The course's id.
    """

    result: Result
    user: str
    course: str

    @property
    def completed(self) -> bool:
        """Whether it's the end; what the result itself says counts, except that completed is completed."""
        if self.result.kind is ResultKind.COMPLETED or self.result.completion is None:
            return self.result.kind in _FINISHED
        return self.result.completion

    @property
    def success(self) -> bool | None:
        """Whether it was passed; None where that isn't known, or isn't decided yet."""
        if not self.completed:
            return None
        if self.result.success is None and self.result.kind is not ResultKind.COMPLETED:
            return {ResultKind.PASSED: True, ResultKind.FAILED: False}.get(self.result.kind)
        return self.result.success

    @property
    def key(self) -> tuple[str, str]:
        """What Cornerstone keeps one record for: the user, in lower case, and the course."""
        return self.user.lower(), self.course

    def document(self, extra: Mapping[Extra, str]) -> dict[str, JSONValue]:
        """Return the record as the callback takes it.

        Args:
            extra: Further keys, by what goes there: score, progress, seconds.
        """
        at = self.result.at.astimezone(UTC).replace(microsecond=0).isoformat()
        document: dict[str, JSONValue] = {
            "courseId": self.course,
            "userGuid": self.user,
            "status": "Completed" if self.completed else "In Progress",
            "completionDate": at if self.completed else None,
        }
        if self.success is not None:
            document["successStatus"] = "Pass" if self.success else "Fail"
        further: dict[Extra, float | None] = {
            "score": self._score(),
            "progress": self._progress(),
            "seconds": self._seconds(),
        }
        return document | {key: further[what] for what, key in extra.items() if further[what] is not None}

    def _score(self) -> float | None:
        score = self.result.score
        if score is None:
            return None
        return score.raw if score.raw is not None else _percent(score.scaled)

    def _progress(self) -> float | None:
        return 100.0 if self.completed else _percent(self.result.progress)

    def _seconds(self) -> int | None:
        duration = self.result.duration
        return None if duration is None else round(duration.total_seconds())


def _percent(share: float | None) -> float | None:
    return None if share is None else round(share * 100, 2)
