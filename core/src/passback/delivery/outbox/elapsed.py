"""How far the clock is believed where something can't be undone: before a result is given up or forgotten.

A machine's clock may be ahead for a moment, and a process may have been away for weeks. Time that nobody
saw pass counts only once the clock has gone on from there for a day: what is due gets its try meanwhile,
its contact a warning, and whoever looks after the machine the time to set it right.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Self

import attrs
from sqlalchemy import Connection, select, update

from passback.store import RETAINING, insert_new, lock, milliseconds, moment, schema

__all__ = ["Sight", "believed", "foreseen", "sighted"]

_m = schema.meta.c
_r = schema.result.c
_KEY = "clock"
# Hosts that deliver for an hour each night see no gap.
_GAP = timedelta(hours=26)
_STEADY = timedelta(days=1)
# Enough for a warning, which can be wrong.
_LIKELY = timedelta(hours=1)


@attrs.frozen(kw_only=True)
class Sight:
    """What the clock said last.

    Attributes:
        seen: What it said.
        ahead: How much of that isn't believed.
        since: Since when not, by the same clock.
    """

    seen: datetime
    ahead: timedelta
    since: datetime

    @classmethod
    def of(cls, now: datetime) -> Self:
        """Return what is believed when the clock says `now`, and nothing speaks against it."""
        return cls(seen=now, ahead=timedelta(), since=now)

    @property
    def believed(self) -> datetime:
        """The time that is believed."""
        return self.seen - self.ahead

    def next(self, now: datetime, steady: timedelta = _STEADY) -> Sight:
        """Return what is believed when the clock says `now`."""
        ahead = self.ahead if now < self.seen or now - self.since < steady else timedelta()
        before = self.seen - ahead
        if timedelta() <= now - self.seen <= _GAP:
            return Sight(seen=now, ahead=ahead, since=self.since)
        if now - before <= _GAP:
            return Sight.of(now)
        return Sight(seen=now, ahead=now - before, since=now)


def sighted(db: Connection, now: datetime) -> datetime:
    """Take note that the clock says `now`; return the time that is believed."""
    lock(db, RETAINING)
    before = _last(db)
    sight = (before or _first(db, now)).next(now)
    numbers = (milliseconds(sight.seen), sight.ahead // timedelta(milliseconds=1), milliseconds(sight.since))
    value = {"value": " ".join(map(str, numbers))}
    if before is None:
        db.execute(insert_new(schema.meta), {"key": _KEY} | value)
    else:
        db.execute(update(schema.meta).where(_m.key == _KEY).values(value))
    return sight.believed


def believed(db: Connection, now: datetime) -> datetime:
    """Return the time that is believed when the clock says `now`."""
    return (_last(db) or _first(db, now)).next(now).believed


def foreseen(db: Connection, now: datetime) -> datetime:
    """Return the time that will be believed before long, unless the clock is set back."""
    return (_last(db) or Sight.of(now)).next(now, _LIKELY).believed


def _first(db: Connection, now: datetime) -> Sight:
    # Nobody delivered yet, though something may have been accepted long ago.
    accepted = db.scalar(select(_r.accepted).where(_r.seq > 0).order_by(_r.seq).limit(1))
    return Sight.of(now if accepted is None else moment(accepted))


def _last(db: Connection) -> Sight | None:
    value = db.scalar(select(_m.value).where(_m.key == _KEY))
    if value is None:
        return None
    seen, ahead, since = map(int, value.split())
    return Sight(seen=moment(seen), ahead=timedelta(milliseconds=ahead), since=moment(since))
