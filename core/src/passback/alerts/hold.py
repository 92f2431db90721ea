"""One process tells people, however many deliver from one database, by whichever configuration."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from sqlalchemy import Connection, select, update

from passback.delivery import lives
from passback.store import insert_once, milliseconds, schema

__all__ = ["held", "released", "served"]

_m = schema.meta.c
_w = schema.worker.c
_KEY = "alerts"
_HOLD = timedelta(minutes=15)
# What is left of it is longer than a mail server may take for one mail.
_LEAST = timedelta(minutes=10)


def held(db: Connection, owner: str, now: datetime) -> bool:
    """Return whether `owner` is who tells people: nobody else does who lives, and did so of late."""
    at, until = milliseconds(now), milliseconds(now + _HOLD)
    seen = db.scalar(select(_m.value).where(_m.key == _KEY))
    mine = f"{owner} {until}"
    if seen is None:
        # Another may do so at this very moment.
        return insert_once(db, schema.meta, {"key": _KEY, "value": mine})
    holder, _, ends = seen.partition(" ")
    # Not renewed each time: that is a write which waits for the disk.
    if holder == owner and milliseconds(now + _LEAST) < int(ends) <= until:
        return True
    if holder != owner and at < int(ends) <= until and _lives(db, holder):
        return False
    taken = update(schema.meta).where(_m.key == _KEY, _m.value == seen).values(value=mine)
    return bool(db.execute(taken).rowcount)


def _lives(db: Connection, holder: str) -> bool:
    # Whoever delivers from a file has its lock, so nobody else does.
    return db.dialect.name == "postgresql" and lives(db, holder)


def released(db: Connection, owner: str) -> None:
    """Let others tell people at once, if it was `owner` who did."""
    mine = (_m.key == _KEY, _m.value.startswith(f"{owner} ", autoescape=True))
    db.execute(update(schema.meta).where(*mine).values(value=f"{owner} 0"))


def served(db: Connection) -> frozenset[str]:
    """Return the connections that a process serves, by whichever configuration."""
    return frozenset(name for kind in db.scalars(select(_w.serves)) for name in json.loads(kind))
