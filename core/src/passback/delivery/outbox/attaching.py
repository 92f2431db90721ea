"""What is attached to what while running: activities to connections, beside what the configuration says."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import attrs
from sqlalchemy import Connection, delete, select

from passback.store import Prepared, Store, insert_new, milliseconds, schema, spelled, words

__all__ = ["Attached", "Attachments", "attached_connections"]

_a = schema.attachment.c
_CONNECTIONS = Prepared(
    lambda dialect: select(_a.organisation, _a.activity, _a.connection).where(
        _a.activity.in_(words(dialect, "b_activities"))
    )
)


@attrs.frozen(kw_only=True)
class Attached:
    """An activity whose results a connection takes.

    Attributes:
        activity: The activity's id.
        connection: The connection's name.
        organisation: The customer that both belong to.
        configured: Whether the configuration says so; otherwise it was attached while running.
    """

    activity: str
    connection: str
    organisation: str
    configured: bool = False


def attached_connections(
    db: Connection, activities: Collection[str]
) -> Mapping[tuple[str, str], Sequence[str]]:
    """Return organisation and activity → the connections that were attached while running."""
    found: dict[tuple[str, str], list[str]] = {}
    for row in _CONNECTIONS.run(db, {"b_activities": spelled(sorted(activities))}):
        found.setdefault((row.organisation, row.activity), []).append(row.connection)
    return found


class Attachments:
    """What is attached while running."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def attach(self, attached: Attached, now: datetime) -> None:
        """Keep that `attached` is so."""
        await self._store.run(_attach, attached, milliseconds(now))

    async def detach(self, activity: str, connection: str) -> bool:
        """Forget that `activity` is attached to `connection`; return whether it was."""
        return await self._store.run(_detach, activity, connection)

    async def all(self) -> list[Attached]:
        """Return everything that was attached while running."""
        return await self._store.run_soft(_all)


def _attach(db: Connection, attached: Attached, now: int) -> None:
    values = {
        "activity": attached.activity,
        "organisation": attached.organisation,
        "connection": attached.connection,
        "since": now,
    }
    _detach(db, attached.activity, attached.connection)
    db.execute(insert_new(schema.attachment), values)


def _detach(db: Connection, activity: str, connection: str) -> bool:
    gone = delete(schema.attachment).where(_a.activity == activity, _a.connection == connection)
    return bool(db.execute(gone).rowcount)


def _all(db: Connection) -> list[Attached]:
    rows = db.execute(select(schema.attachment).order_by(_a.organisation, _a.activity, _a.connection))
    return [
        Attached(activity=row.activity, connection=row.connection, organisation=row.organisation)
        for row in rows
    ]
