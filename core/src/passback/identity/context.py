"""Whether a system tells who its users are: learned from its own answer, remembered, and learned again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import attrs
from sqlalchemy import ColumnElement, Connection, Row, or_, select, update

from passback.contract import Health
from passback.store import insert_new, milliseconds, moment, schema

__all__ = [
    "UserContext",
    "begin_asking",
    "context_of",
    "contexts",
    "end_asking",
    "forget_context",
    "learn_context",
    "rest_listing",
]

_c = schema.context.c


@attrs.frozen(kw_only=True)
class UserContext:
    """What a connection's system tells of its users.

    Attributes:
        lists_users: Whether it tells who they are, as a tenant of its own does; otherwise it answered 501,
            and content is distributed to people whom it doesn't name. None before it was asked.
        since: Since when that's known.
        synced: When all its users were compared last.
        failing: Since when users can't be looked up for whom results wait; None if they can.
        failure: Why they can't.
        list_rests: Until when not all its users are asked for, as that failed; None if it didn't lately.
        list_by: The fingerprint of the configuration by which it did.
    """

    lists_users: bool | None = None
    since: datetime | None = None
    synced: datetime | None = None
    failing: datetime | None = None
    failure: str = ""
    list_rests: datetime | None = None
    list_by: str = ""

    @property
    def known(self) -> bool:
        """Whether the system was asked before."""
        return self.lists_users is not None

    def rests(self, fingerprint: str, now: datetime) -> bool:
        """Return whether it's too early to ask for all users again by a configuration with `fingerprint`."""
        return self.list_rests is not None and now < self.list_rests and self.list_by == fingerprint


def context_of(db: Connection, connection: str) -> UserContext:
    """Return what is known of the system of `connection`."""
    row = db.execute(select(schema.context).where(_c.connection == connection)).one_or_none()
    return UserContext() if row is None else _context(row)


def contexts(db: Connection) -> Mapping[str, UserContext]:
    """Return connection → what is known of its system, of all that were asked."""
    return {row.connection: _context(row) for row in db.execute(select(schema.context)).all()}


def _context(row: Row[tuple[object, ...]]) -> UserContext:
    failing = row.asked if row.health == Health.OK else row.health_since
    return UserContext(
        lists_users=row.lists_users,
        since=None if row.since is None else moment(row.since),
        synced=None if row.synced is None else moment(row.synced),
        failing=None if failing is None else moment(failing),
        failure=row.detail,
        list_rests=moment(row.list_rests) if row.list_rests else None,
        list_by=row.list_by,
    )


def learn_context(
    db: Connection, connection: str, now: datetime, *, lists_users: bool, synced: bool = False
) -> None:
    """Take note of what the system answered.

    Args:
        db: The store.
        connection: The connection's name.
        now: When it answered.
        lists_users: Whether it tells who its users are.
        synced: Whether all its users were asked for.
    """
    _present(db, connection)
    other = or_(_c.lists_users.is_(None), _c.lists_users != lists_users)
    _set(db, connection, {"lists_users": lists_users, "since": milliseconds(now)}, other)
    if synced:
        _set(db, connection, {"synced": milliseconds(now), "list_rests": 0})


def forget_context(db: Connection, connection: str) -> None:
    """Forget what the system answered: by how it's configured now, it can't be asked."""
    nothing = {"lists_users": None, "since": None, "synced": None}
    _set(db, connection, nothing, _c.lists_users.is_not(None))


def rest_listing(db: Connection, connection: str, until: datetime, fingerprint: str) -> None:
    """Take note that all users couldn't be asked for by the configuration with this `fingerprint`."""
    _present(db, connection)
    _set(db, connection, {"list_rests": milliseconds(until), "list_by": fingerprint})


def begin_asking(db: Connection, connection: str, now: datetime, until: datetime) -> bool:
    """Hold off other processes from asking `connection` for users; return whether none does already."""
    _present(db, connection)
    return bool(_set(db, connection, {"busy": milliseconds(until)}, _c.busy <= milliseconds(now)))


def end_asking(db: Connection, connection: str) -> None:
    """Let others ask again."""
    _set(db, connection, {"busy": 0})


def _present(db: Connection, connection: str) -> None:
    db.execute(insert_new(schema.context), {"connection": connection})


def _set(
    db: Connection, connection: str, values: Mapping[str, object], *conditions: ColumnElement[bool]
) -> int:
    mine = update(schema.context).where(_c.connection == connection, *conditions)
    return db.execute(mine.values(**values)).rowcount
