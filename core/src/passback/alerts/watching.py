"""What of a connection needs somebody although it's well: what was set back, and what is given up soon."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from sqlalchemy import Connection, Row, and_, case, func, insert, select, update

from passback.alerts.policy import AlertPolicy
from passback.alerts.setbacks import looked_until, mark_told, new_since, news, setbacks
from passback.contract import Alerted, AlertKind, Health
from passback.delivery import foreseen
from passback.store import State, milliseconds, moment, parts, schema

__all__ = ["digest", "expiring", "watches"]

_w = schema.watch.c
_i = schema.incident.c
_d = schema.delivery.c
_Row: TypeAlias = Row[tuple[Any, ...]]
# Nothing depends on how far it was looked but how long the next look takes.
_LOOK_AGAIN = timedelta(hours=1)


def watches(db: Connection, known: Mapping[str, _Row]) -> Mapping[str, _Row]:
    """Return what the contact of each connection in `known` knows, as rows."""
    missing = known.keys() - {row.connection for row in db.execute(select(_w.connection))}
    if missing:
        db.execute(insert(schema.watch), [{"connection": name} for name in sorted(missing)])
    found = {row.connection: row for row in db.execute(select(schema.watch))}
    return {name: found[name] for name in known}


def digest(
    db: Connection, known: Mapping[str, _Row], policy: AlertPolicy, now: datetime
) -> Iterator[Alerted]:
    """Yield for each healthy connection what was set back since it was told last, at most once a day."""
    ill = {row.connection for row in db.execute(select(_i.connection).where(_i.ended.is_(None)))}
    nothing: list[_Row] = []
    found = watches(db, known)
    new = news(db)
    for name, watch in found.items():
        well = known[name].health == Health.OK and name not in ill
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


def _digest(db: Connection, row: _Row, looked: int, now: datetime) -> Alerted:
    found, more = setbacks(db, row.name, new_since(looked))
    mark_told(db, row.name, new_since(looked), now)
    _update(db, row.name, looked=looked_until(now), gathering=None, digested=milliseconds(now))
    return Alerted(
        kind=AlertKind.DIGEST,
        connection=row.name,
        at=now,
        setbacks=found,
        more=more,
        last_success=None if row.last_success is None else moment(row.last_success),
    )


def expiring(
    db: Connection, known: Mapping[str, _Row], policy: AlertPolicy, now: datetime
) -> Iterator[Alerted]:
    """Yield for each connection what is given up soon, and not again until nothing is."""
    soon = milliseconds(foreseen(db, now) - policy.warned)
    old: dict[str, list[_Row]] = {}
    for undelivered in schema.undelivered:
        query = (
            select(_d.connection, func.count().label("number"), func.min(_d.kept_from).label("first"))
            .where(undelivered, _d.kept_from <= soon)
            .group_by(_d.connection)
        )
        for row in db.execute(query):
            old.setdefault(row.connection, []).append(row)
    for name, watch in watches(db, known).items():
        rows = old.get(name, ())
        if bool(rows) != watch.expiring:
            _update(db, name, expiring=bool(rows))
        if rows and not watch.expiring:
            found, more = setbacks(db, name, and_(_d.state == State.WAITING, _d.kept_from <= soon))
            yield Alerted(
                kind=AlertKind.EXPIRING,
                connection=name,
                at=now,
                health=Health(known[name].health),
                detail=known[name].detail,
                next_try=None if known[name].next_probe is None else moment(known[name].next_probe),
                asks_to_wait=known[name].asked is not None,
                undelivered=sum(row.number for row in rows),
                setbacks=found,
                more=more,
                deadline=moment(min(row.first for row in rows)) + policy.undelivered,
            )


def _update(db: Connection, name: str, **values: object) -> None:
    db.execute(update(schema.watch).where(_w.connection == name).values(values))
