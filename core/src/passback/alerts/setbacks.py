"""What was rejected, or waits, by reason; and what of it people know already."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Row,
    and_,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
)

from passback.alerts.likeness import common, likeness
from passback.contract import AlertKind, Setback
from passback.store import State, milliseconds, parts, schema

__all__ = ["looked_until", "mark_told", "new_since", "news", "setbacks", "told_between"]

_d = schema.delivery.c
_r = schema.result.c
_t = schema.told.c
_Row: TypeAlias = Row[tuple[Any, ...]]
_SHOWN = 10
# A lane takes the time before it writes, so a change may appear a little later than it says.
_OVERLAP = timedelta(minutes=10)
# What people are told a delivery is.
_WHAT = case((_d.state == State.REJECTED, State.REJECTED.word), else_=_d.waiting_for)
_KNOWN = (_t.delivery == _d.seq, _t.what == _WHAT, or_(_d.state == State.WAITING, _t.at >= _d.changed))


def new_since(looked: int | ColumnElement[int]) -> ColumnElement[bool]:
    """Return the condition on a kept delivery that people don't know of it yet.

    What was rejected once more, after a replay, is news. What waits for the same as before isn't, although it
    was tried in between: waiting for an activity is tried again every day.

    Args:
        looked: Up to when everything is known; only makes it fast.
    """
    return and_(_d.changed > looked, ~exists().where(*_KNOWN))


def told_between(first: datetime, last: datetime) -> ColumnElement[bool]:
    """Return the condition on a kept delivery that digests from `first` to `last` told of it as it is."""
    told = schema.notice.c
    # What was told when an incident was over went by itself.
    over = select(told.created).where(told.connection == _d.connection, told.kind == AlertKind.INCIDENT_OVER)
    between = _t.at.between(milliseconds(first), milliseconds(last))
    return exists().where(*_KNOWN, between, _t.at.not_in(over))


def looked_until(now: datetime) -> int:
    """Return up to when everything is known after a look at `now`."""
    return milliseconds(now - _OVERLAP)


def news(db: Connection) -> frozenset[str]:
    """Return the connections at which something is kept that their contacts don't know of yet."""
    watched = schema.watch.c
    query = (
        select(_d.connection)
        .join(schema.watch, watched.connection == _d.connection)
        .where(schema.kept, new_since(watched.looked))
        .distinct()
    )
    return frozenset(db.scalars(query))


def setbacks(
    db: Connection, connection: str, condition: ColumnElement[bool]
) -> tuple[tuple[Setback, ...], int]:
    """Return what is kept and fulfils `condition`, by reason, and how many have less frequent reasons.

    Those that differ only in whom or what they name count as one.
    """
    count = func.count()
    query = (
        select(_d.state, _d.waiting_for, _d.reason, count.label("number"), func.min(_d.result).label("first"))
        .where(*_kept(connection), condition)
        .group_by(_d.state, _d.waiting_for, _d.reason)
        .order_by(count.desc(), _d.waiting_for, _d.reason)
    )
    alike: dict[tuple[object, ...], list[_Row]] = {}
    for row in db.execute(query):
        alike.setdefault((row.state, row.waiting_for, likeness(row.reason)), []).append(row)
    groups = sorted(alike.values(), key=lambda rows: -_many(rows))
    shown, rest = groups[:_SHOWN], groups[_SHOWN:]
    firsts = [min(row.first for row in rows) for rows in shown]
    ids = {row.seq: row.id for row in db.execute(select(_r.seq, _r.id).where(_r.seq.in_(firsts)))}
    found = tuple(
        Setback(
            state=State(rows[0].state).word,
            waiting_for=rows[0].waiting_for,
            reason=common([row.reason for row in rows]),
            count=_many(rows),
            example=ids[first],
        )
        for rows, first in zip(shown, firsts, strict=True)
    )
    return found, sum(map(_many, rest))


def _many(rows: Sequence[_Row]) -> int:
    return sum(row.number for row in rows)


def mark_told(db: Connection, connection: str, condition: ColumnElement[bool], now: datetime) -> None:
    """Keep that people know what is kept and fulfils `condition`."""
    chosen = (*_kept(connection), condition)
    numbers = [row.seq for row in db.execute(select(_d.seq).where(*chosen))]
    for some in parts(numbers):
        db.execute(delete(schema.told).where(_t.delivery.in_(some)))
        known = select(_d.seq, _WHAT, literal(milliseconds(now), BigInteger)).where(_d.seq.in_(some))
        db.execute(insert(schema.told).from_select(["delivery", "what", "at"], known))


def _kept(connection: str) -> tuple[ColumnElement[bool], ...]:
    return _d.connection == connection, schema.kept
