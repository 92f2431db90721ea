"""What waits for what only its system knows is tried again before what its learner did later.

Of a backlog that the system knows nothing of, that must cost few requests, however long it is: only the first
is tried again, and the others once that one has arrived.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeAlias

from sqlalchemy import Connection, Row, bindparam, func, select

from passback.delivery.outbox.due import DueRow, subject
from passback.delivery.outbox.history import Event, EventKind
from passback.delivery.outbox.learners import PERHAPS_OF_THESE, these
from passback.delivery.outbox.releasing import anything_waits, release
from passback.delivery.outbox.said import learner_in
from passback.model import Learner
from passback.store import State, moment, parts, schema

__all__ = [
    "Waits",
    "any_goes",
    "behind_none",
    "let_go_by",
    "release_before",
    "release_first",
    "waits_of",
]

_d = schema.delivery.c
_e = schema.event.c
_h = schema.history.c
_r = schema.result.c

# Subject → what of it waits, in order.
Waits: TypeAlias = Mapping[tuple[str, str, str], Sequence[Row[*tuple[Any, ...]]]]

# For how long nothing of a subject must have been tried, at least: no probe of an outage comes earlier.
_QUIET = 500

_WAITS = (
    select(_d.seq, _d.result, _d.changed, _r.organisation, _r.learner, _r.activity)
    .join(schema.result, _r.seq == _d.result)
    .where(_d.connection == bindparam("b_connection"), schema.waiting_of_learner)
    .where(_d.learner.in_(bindparam("b_learners", expanding=True)))
    .order_by(_d.result)
)
_ARRIVED = (
    select(_d.result, _d.changed, _r.organisation, _r.learner, _r.activity)
    .join(schema.result, _r.seq == _d.result)
    .where(_d.connection == bindparam("b_connection"), _d.state == State.DELIVERED)
    .where(_d.changed > bindparam("b_since"), PERHAPS_OF_THESE)
)


def waits_of(db: Connection, connection: str, rows: Sequence[DueRow]) -> Waits:
    """Return what waits of the subjects of `rows`, which are due, and came before the last of them."""
    if not rows or not anything_waits(db, connection):
        return {}
    learners = sorted({row.learner for row in rows})
    found = db.execute(_WAITS, {"b_connection": connection, "b_learners": learners}).all()
    if not found:
        return {}
    last = {subject(row): row.result for row in rows}
    waits: dict[tuple[str, str, str], list[Row[*tuple[Any, ...]]]] = {}
    for row in found:
        if row.result < last.get(subject(row), 0):
            waits.setdefault(subject(row), []).append(row)
    return waits


def release_before(db: Connection, connection: str, rows: Sequence[DueRow], waits: Waits, now: int) -> bool:
    """Release what is to be tried again before `rows`, which are due; return whether anything is.

    That is the first of what waited already when one of them came, the first of each address or name of its
    learner; and what its system may know by now, as something from before it has arrived since.
    """
    if not waits:
        return False
    first = {subject(row): row.result for row in reversed(rows)}
    fresh = {subject(row): row.kept_from for row in reversed(rows) if not row.attempts}
    found = [
        seq
        for about, those in waits.items()
        if those[0].result < first[about] and those[0].changed < fresh.get(about, 0)
        for seq in _first_of_each(db, those)
    ]
    return _release(db, connection, {*found, *_known_by_now(db, connection, waits)}, now)


def _first_of_each(db: Connection, those: Sequence[Row[*tuple[Any, ...]]]) -> Collection[int]:
    # Whose address was wrong at first may be known by the one that was right.
    found: dict[Learner | None, int] = {}
    for some in parts([row.seq for row in those]):
        query = select(_d.seq, _r.body).join(schema.result, _r.seq == _d.result).where(_d.seq.in_(some))
        for row in db.execute(query.order_by(_d.result)):
            found.setdefault(learner_in(row.body), row.seq)
    return found.values()


def _known_by_now(db: Connection, connection: str, waits: Waits) -> list[int]:
    since = min(row.changed for those in waits.values() for row in those)
    wanted = {"b_connection": connection, "b_since": since, **these(waits)}
    arrived: dict[tuple[str, str, str], list[Row[*tuple[Any, ...]]]] = {}
    for row in db.execute(_ARRIVED, wanted):
        arrived.setdefault(subject(row), []).append(row)
    return [
        row.seq
        for about, those in waits.items()
        for row in those
        if any(each.result < row.result and each.changed > row.changed for each in arrived.get(about, ()))
    ]


def behind_none(rows: Sequence[DueRow], waits: Waits) -> Sequence[DueRow]:
    """Return `rows`, which are due, without those that may have to wait for others still.

    Between such a one and an earlier of them something waits, which goes first if the earlier one arrives.
    """
    if not waits:
        return rows
    first = {subject(row): row.result for row in reversed(rows)}
    behind = {
        about: min((row.result for row in those if row.result > first[about]), default=None)
        for about, those in waits.items()
    }
    return [row for row in rows if (waiting := behind.get(subject(row))) is None or row.result < waiting]


def let_go_by(rows: Sequence[DueRow], waits: Waits) -> frozenset[int]:
    """Return what waits, is the first of its subject, and lets one of `rows` go by."""
    if not waits:
        return frozenset()
    last = {subject(row): row.result for row in rows}
    return frozenset(those[0].seq for about, those in waits.items() if those[0].result < last.get(about, 0))


def any_goes(db: Connection, seqs: Collection[int]) -> bool:
    """Return whether any of `seqs`, which waited, is to be sent by now."""
    goes = (select(_d.seq).where(_d.seq.in_(some), _d.state == State.PENDING) for some in parts(sorted(seqs)))
    return any(db.scalar(each.limit(1)) is not None for each in goes)


def release_first(db: Connection, connection: str, rows: Sequence[DueRow], waits: Waits, now: int) -> bool:
    """Release the first of what waits where nothing of it was tried for a while; return whether any is.

    Of `rows`, which may go now, something was accepted later. In an outage or a pause since it was tried, the
    system may have learnt of it.
    """
    if not waits:
        return False
    later = {subject(row): row for row in reversed(rows)}
    last = {about: max(row.changed for row in those) for about, those in waits.items()}
    rested = {
        those[0].seq: (now - last[about], last[about] - row.kept_from)
        for about, those in waits.items()
        if (row := later.get(about)) and those[0].result < row.result and now - last[about] >= _QUIET
    }
    again = _released(db, rested)
    return _release(db, connection, [seq for seq in rested if _quiet(*rested[seq], again.get(seq, 0))], now)


def _quiet(rest: int, there: int, again: int) -> bool:
    # For twice as long each time, so that it's few times in all: else a system that takes only some requests
    # a day would be asked for nothing else. Who was tried often, as more and more came, needn't be quiet for
    # longer than the later one had been there when they were tried last.
    return rest >= min(_QUIET << min(again, 40), max(_QUIET, there))


def _released(db: Connection, seqs: Collection[int]) -> Mapping[int, int]:
    # Not attempts: those that an outage ended asked for nobody, and there may be hundreds.
    found: dict[int, int] = {}
    for some in parts(sorted(seqs)):
        times = select(_h.delivery, func.count().label("times")).join(schema.event, _e.id == _h.event)
        of_these = (_h.delivery.in_(some), _e.kind.in_([EventKind.RELEASED, EventKind.REPLAYED]))
        rows = db.execute(times.where(*of_these).group_by(_h.delivery))
        found |= {row.delivery: row.times for row in rows}
    return found


def _release(db: Connection, connection: str, seqs: Collection[int], now: int) -> bool:
    if not seqs:
        return False
    event = Event(connection=connection, kind=EventKind.RELEASED, at=moment(now))
    chosen = [_d.seq.in_(seqs), _d.state == State.WAITING]
    why = "tried again, as its learner did something later in its activity"
    return release(db, chosen, event, why, tell=False) > 0
