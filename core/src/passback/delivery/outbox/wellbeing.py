"""How connections do: what delivering there, and looking users up there, say together."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import attrs
from sqlalchemy import Connection, Row, select, update

from passback.contract import Health
from passback.delivery.outbox.breaker import Breaker, breaker_of
from passback.delivery.outbox.unknown import anybody_waits
from passback.errors import PassbackError
from passback.store import insert_new, milliseconds, moment, schema

__all__ = ["Wellbeing", "looked_up", "unless_awaited", "wellbeing"]

_u = schema.context.c


@attrs.frozen(kw_only=True)
class Wellbeing:
    """How a connection does, whichever of the two fails.

    Attributes:
        name: The connection's name.
        health: In one word.
        detail: Why.
        since: Since when.
        next_try: When its system is asked again, where that's known.
        last_success: When something was delivered last.
        asks_to_wait: Whether all that its system does is to ask to wait.
        looks_up: Whether users are found there; where not, nobody knows whom it knows.
    """

    name: str
    health: Health
    detail: str
    since: datetime
    next_try: datetime | None
    last_success: datetime | None
    asks_to_wait: bool
    looks_up: bool


def wellbeing(db: Connection) -> Mapping[str, Wellbeing]:
    """Return connection → how it does, of all that there ever were."""
    known = select(schema.context).where(_u.health_since.is_not(None))
    looking = {row.connection: _looking(row) for row in db.execute(known)}
    rows = db.execute(select(schema.connection))
    return {row.name: _together(row.name, breaker_of(row), looking.get(row.name)) for row in rows}


def looked_up(db: Connection, name: str, failure: PassbackError | None, now: datetime) -> None:
    """Take note that users were looked up at the connection called `name`, or of the `failure` that ended it.

    A failure is nobody's trouble where nothing waits for an account, and over once nothing does any more.
    """
    if failure is not None and not anybody_waits(db, name):
        failure = None
    query = select(schema.context).where(_u.connection == name, _u.health_since.is_not(None))
    row = db.execute(query.with_for_update()).one_or_none()
    before = Breaker(health=Health.OK, since=now) if row is None else _looking(row)
    if failure is not None:
        _save(db, name, before.judged(failure, now))
    elif _fails(before):
        _save(db, name, before.succeeded(now, arrived=False))


def unless_awaited(db: Connection, name: str, now: datetime) -> None:
    """Forget that users can't be looked up at the connection called `name` where nothing waits for that."""
    if not anybody_waits(db, name):
        looked_up(db, name, None, now)


def _together(name: str, delivering: Breaker, looking: Breaker | None) -> Wellbeing:
    both = (delivering,) if looking is None else (delivering, looking)
    ill = [each for each in both if each.health is not Health.OK]
    # It's one trouble, whichever is told of it; and it's over once both are well.
    since = min(each.since for each in ill) if ill else max(each.since for each in both)
    told = (ill or both)[0]
    return Wellbeing(
        name=name,
        health=told.health,
        detail=f"users can't be looked up: {told.detail}" if told is looking else told.detail,
        since=since,
        next_try=told.next_probe,
        last_success=delivering.last_success,
        asks_to_wait=told.asked is not None,
        looks_up=looking is None or not _fails(looking),
    )


def _fails(looking: Breaker) -> bool:
    return looking.health is not Health.OK or looking.asked is not None


def _looking(row: Row[*tuple[Any, ...]]) -> Breaker:
    return Breaker(
        health=Health(row.health),
        detail=row.detail,
        since=moment(row.health_since),
        asked=None if row.asked is None else moment(row.asked),
    )


def _save(db: Connection, name: str, looking: Breaker) -> None:
    db.execute(insert_new(schema.context), {"connection": name})
    values = {
        "health": looking.health.value,
        "detail": looking.detail,
        "health_since": milliseconds(looking.since),
        "asked": None if looking.asked is None else milliseconds(looking.asked),
    }
    db.execute(update(schema.context).where(_u.connection == name).values(values))
