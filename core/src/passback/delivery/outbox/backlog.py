"""What is still to be done, by connection; cheap enough to ask every few seconds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import attrs
from sqlalchemy import Connection, func, select

from passback.contract import Health
from passback.store import State, moment, schema

__all__ = ["Backlog", "backlog"]

_d = schema.delivery.c
# By the indexes that leave out what is delivered.
_PENDING = (
    select(_d.connection, func.count().label("many"), func.min(_d.kept_from).label("oldest"))
    .where(_d.state == State.PENDING)
    .group_by(_d.connection)
)
_KEPT = (
    select(_d.connection, _d.state, func.count().label("many"))
    .where(schema.kept)
    .group_by(_d.connection, _d.state)
)
_ILL = select(schema.connection.c.name).where(schema.connection.c.health != Health.OK.value)


@attrs.frozen(kw_only=True)
class Backlog:
    """What is still to be done for one connection.

    Attributes:
        pending: How many deliveries are to be sent.
        waiting: How many wait.
        rejected: How many are refused for good.
        oldest: Since when the oldest pending one is to be sent.
        well: Whether the connection works, as far as is known.
    """

    pending: int = 0
    waiting: int = 0
    rejected: int = 0
    oldest: datetime | None = None
    well: bool = True


def backlog(db: Connection) -> Mapping[str, Backlog]:
    """Return connection → what is still to be done for it; nothing for one without a backlog."""
    ill = frozenset(db.scalars(_ILL))
    found: dict[str, Backlog] = {}
    for row in db.execute(_PENDING):
        well = row.connection not in ill
        found[row.connection] = Backlog(pending=row.many, oldest=moment(row.oldest), well=well)
    for row in db.execute(_KEPT):
        before = found.get(row.connection) or Backlog(well=row.connection not in ill)
        found[row.connection] = attrs.evolve(before, **{State(row.state).word: row.many})
    return found
