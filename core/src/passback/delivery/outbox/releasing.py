"""Make kept deliveries due again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, bindparam, func, select, update

from passback.delivery.outbox.accepting import raise_signals
from passback.delivery.outbox.history import Event, EventKind, note_all
from passback.delivery.outbox.learners import of_learner, of_learners
from passback.store import AT_ONCE, Prepared, State, WaitingFor, milliseconds, parts, schema

__all__ = [
    "anything_waits",
    "count_held",
    "release",
    "release_launches",
    "release_learners",
    "release_one_of_each",
]

_d = schema.delivery.c
_r = schema.result.c
_SOME_WAIT = Prepared(
    lambda _: select(_d.seq).where(_d.connection == bindparam("b_connection"), schema.waiting).limit(1)
)


def anything_waits(db: Connection, connection: str) -> bool:
    """Return whether anything waits at `connection`; cheap enough to ask with every batch."""
    return _SOME_WAIT.run(db, {"b_connection": connection}).scalar() is not None


def release_learners(
    db: Connection,
    connection: str,
    organisation: str,
    learners: Collection[str],
    now: datetime,
    *,
    launched: bool = False,
) -> int:
    """Send what waits at `connection` for the accounts of `learners`; return how many.

    They have one now, or have `launched`, by which their results go as well.
    """
    count, what = 0, "has opened the content" if launched else "has an account now"
    for some in parts(sorted(learners)):
        conditions = _waiting_of(connection, organisation, some)
        event = Event(connection=connection, kind=EventKind.RELEASED, at=now)
        count += release(db, conditions, event, f"sent, as the learner {what}", tell=True)
    return count


def release_one_of_each(
    db: Connection, connection: str, organisation: str, learners: Collection[str], now: datetime
) -> None:
    """Try the first of what waits at `connection` for the account of each of `learners`.

    However much waits, that costs little where the system still doesn't know them.
    """
    for some in parts(sorted(learners)):
        waiting = _waiting_of(connection, organisation, some)
        first = select(func.min(_d.result)).join(schema.result, _r.seq == _d.result)
        conditions = [*waiting, _d.result.in_(first.where(*waiting).group_by(_r.learner))]
        event = Event(connection=connection, kind=EventKind.RELEASED, at=now)
        why = "tried again, as the learner's account was found there again"
        release(db, conditions, event, why, tell=True)


def release_launches(
    db: Connection,
    connection: str,
    now: datetime,
    *,
    limit: int | None = None,
    learner: tuple[str, str] | None = None,
) -> int:
    """Send what waits at `connection` for a launch, or some of it; return how many.

    Args:
        db: The store.
        connection: Where it waits.
        now: The time.
        limit: The most of it, the oldest first.
        learner: Whose, as organisation and id.
    """
    conditions = _waiting(connection, WaitingFor.LAUNCH)
    if learner is not None:
        theirs = select(_r.seq).where(*of_learner(*learner))
        conditions = [*conditions, _d.result.in_(theirs)]
    if limit is not None:
        oldest = select(_d.seq).where(*conditions).order_by(_d.result).limit(limit).scalar_subquery()
        conditions = [*conditions, _d.seq.in_(oldest)]
    event = Event(connection=connection, kind=EventKind.RELEASED, at=now)
    return release(db, conditions, event, "tried, as somebody has opened the content", tell=True)


def _waiting(connection: str, what: WaitingFor) -> list[ColumnElement[bool]]:
    return [_d.connection == connection, schema.waiting, _d.waiting_for == what]


def _waiting_of(connection: str, organisation: str, learners: Collection[str]) -> list[ColumnElement[bool]]:
    theirs = select(_r.seq).where(*of_learners(organisation, learners))
    return [*_waiting(connection, WaitingFor.ACCOUNT), _d.result.in_(theirs)]


def release(
    db: Connection, conditions: Sequence[ColumnElement[bool]], event: Event, why: str, *, tell: bool
) -> int:
    """Make due what fulfils `conditions`, which `event` and `why` explain; return how many.

    Args:
        db: The database.
        conditions: What is chosen of the deliveries that wait, are rejected or put off.
        event: What happened.
        why: What it made of each, for a person.
        tell: Whether the dispatcher is in another process and must be told.
    """
    if not count_held(db, conditions):
        return 0
    note_all(db, event, conditions, why)
    now = milliseconds(event.at)
    # Who is given one more try gets its time, too; and why it failed before isn't why any more.
    anew = event.kind in {EventKind.REPLAYED, EventKind.RECONSIDERED}
    also = {"kept_from": now, "reason": ""} if anew else {}
    # Its next try is at once, but what the system may still fail on is no other's.
    alone = and_(_d.alone, _d.state == State.PENDING)
    released = db.execute(
        update(schema.delivery)
        .where(*conditions)
        .values(state=State.PENDING, waiting_for=None, learner=None, due=AT_ONCE, changed=now)
        .values(alone=alone, **also)
        .returning(_d.connection)
    ).all()
    if tell:
        raise_signals(db, {row.connection for row in released})
    return len(released)


def count_held(db: Connection, conditions: Sequence[ColumnElement[bool]]) -> int:
    """Return how many fulfil `conditions`; nobody else changes those until the transaction ends."""
    chosen = select(_d.seq).where(*conditions).with_for_update().subquery()
    return db.scalar(select(func.count()).select_from(chosen)) or 0
