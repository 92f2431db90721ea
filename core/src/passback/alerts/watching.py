"""What of a connection needs somebody although it's well: what was set back."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import attrs
from sqlalchemy import Connection, Row, case, insert, select, update

from passback.alerts.policy import AlertPolicy
from passback.alerts.setbacks import (
    looked_until,
    mark_told,
    new_since,
    news,
    setbacks,
    told_between,
)
from passback.contract import Alerted, AlertKind, Health
from passback.delivery import Wellbeing
from passback.store import milliseconds, moment, parts, schema

__all__ = ["digest", "digested_still", "watches"]

_w = schema.watch.c
_i = schema.incident.c
_Row: TypeAlias = Row[tuple[Any, ...]]
# Nothing depends on how far it was looked but how long the next look takes.
_LOOK_AGAIN = timedelta(hours=1)


def watches(db: Connection, known: Collection[str]) -> Mapping[str, _Row]:
    """Return what the contact of each connection in `known` knows, as rows."""
    missing = set(known) - {row.connection for row in db.execute(select(_w.connection))}
    if missing:
        db.execute(insert(schema.watch), [{"connection": name} for name in sorted(missing)])
    found = {row.connection: row for row in db.execute(select(schema.watch))}
    return {name: found[name] for name in known}


def digest(
    db: Connection, known: Mapping[str, Wellbeing], policy: AlertPolicy, now: datetime
) -> Iterator[Alerted]:
    """Yield for each healthy connection what was set back since it was told last, at most once a day."""
    ill = {row.connection for row in db.execute(select(_i.connection).where(_i.ended.is_(None)))}
    nothing: list[_Row] = []
    found = watches(db, known.keys())
    new = news(db)
    for name, watch in found.items():
        well = known[name].health is Health.OK and name not in ill
        if not well or (watch.digested is not None and now - moment(watch.digested) < policy.every):
            continue
        if name not in new:
            nothing.append(watch)
        elif watch.gathering is None and policy.gather:
            _update(db, name, gathering=milliseconds(now))
        elif watch.gathering is None or now - moment(watch.gathering) >= policy.gather:
            yield _digest(db, known[name], watch.looked, now)
    _nothing_new(db, nothing, now)


def _nothing_new(db: Connection, watched: Sequence[_Row], now: datetime) -> None:
    until = looked_until(now)
    names = [
        each.connection
        for each in watched
        if each.gathering is not None or now - moment(each.looked) > _LOOK_AGAIN
    ]
    for some in parts(names):
        looked = case((_w.looked < until, until), else_=_w.looked)
        db.execute(update(schema.watch).where(_w.connection.in_(some)).values(looked=looked, gathering=None))


def _digest(db: Connection, does: Wellbeing, looked: int, now: datetime) -> Alerted:
    found, more = setbacks(db, does.name, new_since(looked))
    mark_told(db, does.name, new_since(looked), now)
    _update(db, does.name, looked=looked_until(now), gathering=None, digested=milliseconds(now))
    return Alerted(
        kind=AlertKind.DIGEST,
        connection=does.name,
        at=now,
        setbacks=found,
        more=more,
        last_success=does.last_success,
        looks_up=does.looks_up,
    )


def digested_still(db: Connection, digest: Alerted, does: Wellbeing | None) -> Alerted | None:
    """Return what `digest` is to tell by now; None where nothing of it needs anybody any more.

    Args:
        db: The database.
        digest: What was to be told.
        does: How its connection does.
    """
    found, more = setbacks(db, digest.connection, told_between(digest.since or digest.at, digest.at))
    if not found:
        return None
    still = attrs.evolve(digest, setbacks=found, more=more)
    return still if does is None else attrs.evolve(still, health=does.health, looks_up=does.looks_up)


def _update(db: Connection, name: str, **values: object) -> None:
    db.execute(update(schema.watch).where(_w.connection == name).values(values))
