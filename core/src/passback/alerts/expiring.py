"""What is given up soon: it's told before, also of connections that the configuration names no longer."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import attrs
from sqlalchemy import Connection, Row, and_, func, select, update

from passback.alerts.hold import served
from passback.alerts.policy import AlertPolicy
from passback.alerts.setbacks import setbacks
from passback.alerts.watching import watches
from passback.contract import Alerted, AlertKind
from passback.delivery import Wellbeing, believed, foreseen
from passback.store import State, milliseconds, moment, schema

__all__ = ["expiring", "expiring_still", "given_up_from"]

_w = schema.watch.c
_d = schema.delivery.c
_Row: TypeAlias = Row[tuple[Any, ...]]


def expiring(
    db: Connection,
    doing: Mapping[str, Wellbeing],
    configured: Collection[str],
    policy: AlertPolicy,
    now: datetime,
) -> Iterator[Alerted]:
    """Yield for each connection what is given up soon, and not again until nothing is.

    But again where results are kept for less long than when that was told: more is given up then, and sooner.

    Args:
        db: The database.
        doing: How all connections do that there ever were.
        configured: Those that the configuration names.
        policy: When somebody is told.
        now: The time.
    """
    soon = _soon(db, policy, now)
    today = milliseconds(believed(db, now))
    old = _with_old(db, soon)
    warned = set(db.scalars(select(_w.connection).where(_w.warned.is_not(None))))
    # Another process may have a newer configuration, and then tells of what is given up there.
    gone = (old | warned) - set(configured) - served(db)
    for name, watch in watches(db, {*configured, *gone} & (doing.keys() | old)).items():
        told = watch.warned if _holds(watch.kept_for, policy) else None
        # A clock may have been ahead then.
        since = min(today if told is None else told, today) if name in old else None
        # Where they are kept for longer by now, a later return to less is news again.
        known = {"warned": since, "kept_for": None if since is None else _kept_for(policy)}
        if known == {"warned": watch.warned, "kept_for": watch.kept_for}:
            continue
        db.execute(update(schema.watch).where(_w.connection == name).values(known))
        if told is None and (alert := expiring_still(db, name, doing, configured, policy, now)):
            yield alert


def expiring_still(
    db: Connection,
    name: str,
    doing: Mapping[str, Wellbeing],
    configured: Collection[str],
    policy: AlertPolicy,
    now: datetime,
) -> Alerted | None:
    """Return what `expiring` would yield by now for the connection called `name`, whoever was told before."""
    soon = _soon(db, policy, now)
    theirs = _old(db, name, soon)
    if not theirs:
        return None
    alert = _warning(db, name, theirs, soon, policy, now)
    return _as_it_does(alert, doing.get(name)) if name in configured else alert


def _kept_for(policy: AlertPolicy) -> int:
    return policy.undelivered // timedelta(milliseconds=1)


def _holds(kept_for: int | None, policy: AlertPolicy) -> bool:
    """Return whether what was told of results that were `kept_for` so long holds by `policy`, too."""
    return kept_for is not None and kept_for <= _kept_for(policy)


def _soon(db: Connection, policy: AlertPolicy, now: datetime) -> int:
    """Return since when what is given up soon is undelivered."""
    return milliseconds(foreseen(db, now) - policy.warned)


def given_up_from(db: Connection, name: str, first: datetime, policy: AlertPolicy, now: datetime) -> datetime:
    """Return when what the connection called `name` has is given up, where the oldest of it is of `first`.

    That is in its time, and no sooner than its contact had time to do something about it.
    """
    told = db.execute(select(_w.warned, _w.kept_for).where(_w.connection == name)).one_or_none()
    since = moment(told.warned) if told is not None and _holds(told.kept_for, policy) else now
    return max(first + policy.undelivered, since + policy.notice)


def _with_old(db: Connection, soon: int) -> AbstractSet[str]:
    """Return the connections that have something undelivered since before `soon`."""
    found = (
        db.scalars(select(_d.connection).where(undelivered, _d.kept_from <= soon).distinct())
        for undelivered in schema.undelivered
    )
    return {name for names in found for name in names}


def _old(db: Connection, name: str, soon: int) -> Sequence[_Row]:
    """Return how many are undelivered since before `soon`, and since when the first, by what keeps them."""
    query = select(func.count().label("number"), func.min(_d.kept_from).label("first"))
    theirs = query.where(_d.connection == name, _d.kept_from <= soon)
    rows = [db.execute(theirs.where(undelivered)).one() for undelivered in schema.undelivered]
    return [row for row in rows if row.number]


def _warning(
    db: Connection, name: str, old: Sequence[_Row], soon: int, policy: AlertPolicy, now: datetime
) -> Alerted:
    found, more = setbacks(db, name, and_(_d.state == State.WAITING, _d.kept_from <= soon))
    return Alerted(
        kind=AlertKind.EXPIRING,
        connection=name,
        at=now,
        # How it did when it was served last is no longer how it does.
        configured=False,
        undelivered=sum(each.number for each in old),
        setbacks=found,
        more=more,
        deadline=given_up_from(db, name, moment(min(each.first for each in old)), policy, now),
    )


def _as_it_does(alert: Alerted, does: Wellbeing | None) -> Alerted:
    alert = attrs.evolve(alert, configured=True)
    if does is None:
        return alert
    return attrs.evolve(
        alert,
        health=does.health,
        detail=does.detail,
        next_try=does.next_try,
        asks_to_wait=does.asks_to_wait,
        looks_up=does.looks_up,
    )
