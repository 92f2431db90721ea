"""One process tells people, however many deliver from one database."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, select, update

from passback.store import insert_once, milliseconds, schema

__all__ = ["held"]

_m = schema.meta.c
_KEY = "alerts"
# Longer than a mail server may take for all that is sent to it in one go.
_HOLD = timedelta(minutes=10)


def held(db: Connection, owner: str, now: datetime) -> bool:
    """Return whether `owner` is who tells people; whoever did before is gone after a while."""
    at, until = milliseconds(now), milliseconds(now + _HOLD)
    seen = db.scalar(select(_m.value).where(_m.key == _KEY))
    mine = f"{owner} {until}"
    if seen is None:
        # Another may do so at this very moment.
        return insert_once(db, schema.meta, {"key": _KEY, "value": mine})
    holder, _, ends = seen.partition(" ")
    # Renewed at half time only: each time is a write that waits for the disk.
    if holder == owner and int(ends) - at > (until - at) // 2:
        return True
    if holder != owner and at < int(ends) <= until:
        return False
    taken = update(schema.meta).where(_m.key == _KEY, _m.value == seen).values(value=mine)
    return bool(db.execute(taken).rowcount)
