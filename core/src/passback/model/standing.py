"""Where a learner stands: all results in one activity, folded into one record."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import attrs

from passback.model.result import Activity, Counters, Learner, Result, ResultKind, Score

__all__ = ["Reach", "Standing", "stand"]


@attrs.frozen(kw_only=True)
class Reach:
    """How far a learner's results in an activity got at one connection.

    Attributes:
        connection: The connection's name.
        delivered: How many arrived.
        pending: How many are to be sent.
        waiting: How many wait, for an account, a launch, an activity or the connection.
        rejected: How many are refused for good.
        changed: When that changed last.
        said: When the latest of what arrived there happened that says how far they are; None if nothing does.
    """

    connection: str
    delivered: int = 0
    pending: int = 0
    waiting: int = 0
    rejected: int = 0
    changed: datetime
    said: datetime | None = None

    def __add__(self, other: Reach) -> Reach:
        """Return both together; they are of the same connection."""
        return Reach(
            connection=self.connection,
            delivered=self.delivered + other.delivered,
            pending=self.pending + other.pending,
            waiting=self.waiting + other.waiting,
            rejected=self.rejected + other.rejected,
            changed=max(self.changed, other.changed),
            said=max((each for each in (self.said, other.said) if each is not None), default=None),
        )


@attrs.frozen(kw_only=True)
class Standing:
    """Where a learner stands in one activity.

    Attributes:
        organisation: The customer that both belong to.
        learner: Who, as the latest result knows them.
        activity: In what, as the latest result knows it.
        kind: What happened last.
        started: When it was started, as far as any result says; else when the first thing happened.
        last_activity: When the last thing happened.
        completed: When it was completed first; None as long as it isn't.
        score: The latest of the activity itself; that of a scene, task or badge is no score of the whole.
        success: Whether it was passed, by the latest result about the whole that says so.
        progress: The latest, from 0 to 1; 1 once it's completed.
        counters: Tasks and awards, each the latest.
        results: How many results this is made of.
        reached: Where they were delivered, by connection.
    """

    organisation: str
    learner: Learner
    activity: Activity
    kind: ResultKind
    started: datetime
    last_activity: datetime
    completed: datetime | None = None
    score: Score | None = None
    success: bool | None = None
    progress: float | None = None
    counters: Counters | None = None
    results: int = 1
    reached: tuple[Reach, ...] = ()

    @property
    def completion(self) -> bool:
        """Whether it's completed."""
        return self.completed is not None

    @classmethod
    def of(cls, result: Result) -> Standing:
        """Return where the learner stands who has this one result."""
        completed = _completes(result)
        return cls(
            organisation=result.organisation,
            learner=result.learner,
            activity=result.activity,
            kind=result.kind,
            started=min(result.at, result.started or result.at),
            last_activity=result.at,
            completed=result.at if completed else None,
            score=None if result.kind.concerns_item else result.score,
            success=None if result.kind.concerns_item else _VERDICTS.get(result.kind, result.success),
            progress=1.0 if completed else result.progress,
            counters=result.counters,
        )

    def then(self, result: Result) -> Standing:
        """Return where the learner stands with one more result; what happened later counts more."""
        other = Standing.of(result)
        older, newer = (self, other) if other.last_activity >= self.last_activity else (other, self)
        completions = [each for each in (self.completed, other.completed) if each is not None]
        return attrs.evolve(
            newer,
            started=min(self.started, other.started),
            completed=min(completions, default=None),
            score=newer.score or older.score,
            success=older.success if newer.success is None else newer.success,
            progress=1.0 if completions else older.progress if newer.progress is None else newer.progress,
            counters=_latest_counts(older.counters, newer.counters),
            results=self.results + 1,
            reached=self.reached,
        )


_VERDICTS = {ResultKind.PASSED: True, ResultKind.FAILED: False}


def stand(results: Iterable[Result], known: Iterable[Standing] = ()) -> list[Standing]:
    """Return where learners stand after `results`, the latest activity first.

    Args:
        results: In any order.
        known: Where they stood before.
    """
    standings = {_key(each): each for each in known}
    for result in sorted(results, key=lambda each: each.at):
        key = (result.organisation, result.learner.id, result.activity.id)
        before = standings.get(key)
        standings[key] = Standing.of(result) if before is None else before.then(result)
    return sorted(standings.values(), key=lambda each: each.last_activity, reverse=True)


def _key(standing: Standing) -> tuple[str, str, str]:
    return standing.organisation, standing.learner.id, standing.activity.id


def _completes(result: Result) -> bool:
    # A task that is completed doesn't complete the activity.
    if result.kind is ResultKind.COMPLETED:
        return True
    return not result.kind.concerns_item and result.completion is True


def _latest_counts(older: Counters | None, newer: Counters | None) -> Counters | None:
    if older is None or newer is None:
        return newer or older
    known = {name: value for name, value in attrs.asdict(newer).items() if value is not None}
    return attrs.evolve(older, **known)
