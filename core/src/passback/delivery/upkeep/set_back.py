"""What to mend when a clock was ahead and was set back: nothing that happened did so later than now."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, update

from passback.store import schema

__all__ = ["set_back"]

_d = schema.delivery.c
_HAPPENED = (
    (schema.connection, ("since", "last_success", "asked")),
    (schema.incident, ("began", "told", "reminded", "ended")),
    (schema.watch, ("gathering", "digested")),
    (schema.notice, ("created",)),
    (schema.account, ("checked",)),
    (schema.context, ("synced", "health_since", "asked")),
)
# What is still to happen, and how far from now that can be at most: a mail's longest wait, a look-up's end, a
# list's rest.
_HAPPENS = (
    (schema.notice, "due", timedelta(hours=4)),
    (schema.context, "busy", timedelta(minutes=30)),
    (schema.context, "list_rests", timedelta(minutes=15)),
)


def set_back(db: Connection, now: int) -> None:
    """Let what was put into the future by a clock that was ahead be of now."""
    for table, names in _HAPPENED:
        for name in names:
            db.execute(update(table).where(table.c[name] > now).values({name: now}))
    # Waiting for an activity is tried again a day after.
    db.execute(update(schema.delivery).where(schema.kept, _d.changed > now).values(changed=now))
    # Up to when everything was looked at only makes it fast.
    db.execute(update(schema.watch).where(schema.watch.c.looked > now).values(looked=0))
    for table, name, most in _HAPPENS:
        latest = now + most // timedelta(milliseconds=1)
        db.execute(update(table).where(table.c[name] > latest).values({name: now}))
