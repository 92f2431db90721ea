"""What a system refused while it took nothing is tried again: perhaps nothing was wrong with it.

A wrong option, or a defect over there, may have it refuse each result by itself, although its check passes.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, exists, func, or_, select

from passback.contract import GIVEN_UP
from passback.delivery.outbox.history import Event, EventKind
from passback.delivery.outbox.releasing import release
from passback.store import State, WaitingFor, milliseconds, schema

__all__ = ["reconsider_all", "reconsider_run", "refused_at"]

_c = schema.connection.c
_d = schema.delivery.c
_e = schema.event.c
_h = schema.history.c

# So many in a row say that it may not have been about each of them.
_RUN = 10


def _happened(kind: EventKind, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(_h.delivery == _d.seq, _e.id == _h.event, _e.kind == kind, *conditions)


_REFUSED = and_(
    _d.state == State.REJECTED,
    ~_d.reason.startswith(GIVEN_UP),
    # Its system would have both.
    ~_happened(EventKind.CORRECTED),
)
# What waits for an account has others who look after it.
_UNKNOWN = and_(_d.state == State.WAITING, _d.waiting_for == WaitingFor.ACTIVITY)


def refused_at(db: Connection) -> set[str]:
    """Return the connections at which anything is rejected."""
    rejected = (schema.kept, _d.state == State.REJECTED)
    return set(db.scalars(select(_d.connection).where(*rejected).distinct()))


def reconsider_all(db: Connection, connection: str, now: datetime) -> None:
    """Try again what `connection`, which is configured otherwise now, refused since it took anything."""
    why = "tried again, as the configuration changed, and nothing was taken since it was refused"
    _reconsider(db, [*_since_last_success(db, connection), _REFUSED], connection, why, now)


def reconsider_run(db: Connection, connection: str, now: datetime) -> None:
    """Try again what `connection`, which takes something just `now`, refused since it took anything before.

    So is that of which it didn't know the activity. All of it only if they were many in a row, and each once:
    else a few bad ones would be tried for ever.
    """
    at = milliseconds(now)
    tried = _happened(EventKind.RECONSIDERED, _e.at < at)
    run = [*_since_last_success(db, connection), _d.changed < at, or_(_REFUSED, _UNKNOWN), ~tried]
    some = select(_d.seq).where(*run).limit(_RUN).subquery()
    if (db.scalar(select(func.count()).select_from(some)) or 0) < _RUN:
        return
    why = "tried again, as its system takes results again, and took none when it answered this one"
    _reconsider(db, run, connection, why, now)


def _since_last_success(db: Connection, connection: str) -> list[ColumnElement[bool]]:
    last = db.scalar(select(_c.last_success).where(_c.name == connection)) or 0
    return [_d.connection == connection, schema.kept, _d.changed > last]


def _reconsider(
    db: Connection, conditions: list[ColumnElement[bool]], connection: str, why: str, now: datetime
) -> None:
    event = Event(connection=connection, kind=EventKind.RECONSIDERED, at=now)
    release(db, conditions, event, why, tell=False)
