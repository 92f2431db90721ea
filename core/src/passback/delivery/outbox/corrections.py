"""What was rejected and has a correction isn't tried again by itself: its system would have both."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, select

from passback.delivery.outbox.history import Event, EventKind, note_all
from passback.model import Result, corrected_by
from passback.store import State, moment, schema

__all__ = ["note_corrections"]

_d = schema.delivery.c
_r = schema.result.c


def note_corrections(db: Connection, accepted: Iterable[Result], now: int) -> None:
    """Have the history of what any of `accepted` corrects say so."""
    for result in accepted:
        if (original := corrected_by(result)) is None:
            continue
        its = select(_r.seq).where(_r.id == original, _r.organisation == result.organisation)
        rejected = [_d.result.in_(its), _d.state == State.REJECTED]
        if db.scalar(select(_d.seq).where(*rejected).limit(1)) is not None:
            event = Event(connection="", kind=EventKind.CORRECTED, at=moment(now))
            note_all(db, event, rejected, f"corrected by the result {result.id!r}")
