"""What happened to deliveries, for a person who asks why: each attempt, each release, each replay.

One event is one thing that happened to one connection: a request with fifty results, a repair that freed ten
thousand. Each delivery knows its last event; only what didn't deliver it is kept besides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum

import attrs
from sqlalchemy import BigInteger, ColumnElement, Connection, Insert, bindparam, cast, insert, literal, select

from passback.store import LARGEST, Prepared, mapped, milliseconds, moment, schema, texts

__all__ = ["Event", "EventKind", "Step", "note", "note_all", "note_outcomes", "steps"]

_d = schema.delivery.c
_e = schema.event.c
_h = schema.history.c
_NOTED = ("connection", "kind", "at", "took", "summary", "delivered")
_NOTE = Prepared(
    lambda _: insert(schema.event).values({each: bindparam(each) for each in _NOTED}).returning(_e.id)
)
_SHOWN = 1000


def _remember_statement(dialect: str) -> Insert:
    said = texts(dialect, "b_outcomes")
    # Their learner may have been erased meanwhile, and nothing is kept of that.
    there = select(_d.seq, bindparam("b_event", type_=BigInteger), said.c.value).join(
        said, _d.seq == cast(said.c.key, BigInteger)
    )
    return insert(schema.history).from_select(["delivery", "event", "outcome"], there)


_REMEMBER = Prepared(_remember_statement)


class EventKind(StrEnum):
    """What happened."""

    SENT = "sent"
    PARKED = "parked"
    RELEASED = "released"
    REPLAYED = "replayed"
    RECONSIDERED = "reconsidered"
    CORRECTED = "corrected"
    EXPIRED = "expired"


@attrs.frozen(kw_only=True)
class Event:
    """One thing that happened to a connection.

    Attributes:
        connection: Its name.
        kind: What happened.
        at: When it began.
        seconds: How long it took, where it was sent.
        summary: What was asked and answered; without query, body or secret.
        delivered: How many deliveries arrived by it.
    """

    connection: str
    kind: EventKind
    at: datetime
    seconds: float | None = None
    summary: str = ""
    delivered: int = 0


@attrs.frozen(kw_only=True)
class Step:
    """One thing that happened to one delivery.

    Attributes:
        at: When.
        kind: What: ``sent``, ``parked``, ``released``, ``replayed``, ``reconsidered``,
            ``corrected``, ``expired``.
        seconds: How long it took, where it was sent.
        summary: What was asked and answered, of the whole batch.
        outcome: What it made of this delivery.
    """

    at: datetime
    kind: str
    seconds: float | None
    summary: str
    outcome: str


def note(db: Connection, event: Event) -> int:
    """Keep `event`; return its number."""
    values = {
        "connection": event.connection,
        "kind": event.kind.value,
        "at": milliseconds(event.at),
        "took": None if event.seconds is None else round(event.seconds * 1000),
        "summary": event.summary,
        "delivered": event.delivered,
    }
    return int(_NOTE.run(db, values).scalar_one())


def note_outcomes(db: Connection, event: int, outcomes: Mapping[int, str]) -> None:
    """Keep what `event` made of deliveries: their numbers, each with a sentence."""
    if outcomes:
        _REMEMBER.run(db, {"b_event": event, "b_outcomes": mapped(outcomes)})


def note_all(db: Connection, event: Event, conditions: Sequence[ColumnElement[bool]], outcome: str) -> None:
    """Keep that `event` happened to every delivery that fulfils `conditions`."""
    number = note(db, event)
    chosen = select(_d.seq, literal(number), literal(outcome)).where(*conditions)
    db.execute(insert(schema.history).from_select(["delivery", "event", "outcome"], chosen))


def steps(db: Connection, delivery: int) -> list[Step]:
    """Return what happened to the delivery with this number, the oldest first."""
    if abs(delivery) > LARGEST:
        return []
    kept = (
        select(_e.id, _e.at, _e.kind, _e.took, _e.summary, _h.outcome)
        .join(schema.history, _h.event == _e.id)
        .where(_h.delivery == delivery)
        .order_by(_e.id.desc())
        .limit(_SHOWN)
    )
    rows = list(reversed(db.execute(kept).all()))
    last = (
        select(_e.id, _e.at, _e.kind, _e.took, _e.summary, _d.reason.label("outcome"))
        .join(schema.delivery, _d.event == _e.id)
        .where(_d.seq == delivery)
    )
    arrived = db.execute(last).one_or_none()
    if arrived is not None and all(row.id != arrived.id for row in rows):
        rows.append(arrived)
    return [
        Step(
            at=moment(row.at),
            kind=row.kind,
            seconds=None if row.took is None else row.took / 1000,
            summary=row.summary,
            outcome=row.outcome or "delivered",
        )
        for row in rows
    ]
