"""Incidents: when a connection is ill for long enough to tell somebody, and when it's over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import attrs
from sqlalchemy import ColumnElement, Connection, Row, and_, delete, func, insert, or_, select, update

from passback.alerts.expiring import given_up_from
from passback.alerts.hold import served
from passback.alerts.policy import AlertPolicy
from passback.alerts.setbacks import mark_told, new_since, setbacks
from passback.contract import GIVEN_UP, Alerted, AlertKind, Health
from passback.delivery import Wellbeing, foreseen
from passback.store import State, WaitingFor, milliseconds, moment, schema

__all__ = ["follow_incidents"]

_i = schema.incident.c
_d = schema.delivery.c
_e = schema.event.c
_Row: TypeAlias = Row[tuple[Any, ...]]
_ILL = frozenset({Health.CANNOT_CONNECT, Health.SERVER_ERROR, Health.MISCONFIGURED})
_LAST_DAY = timedelta(days=1)
# A mail that says how many were sent waits for them, but not for ever.
_DRAINING = timedelta(minutes=15)
# No lease that ends later is looked for: what is put off till then may be many thousands.
_LONGEST_LEASE = timedelta(minutes=15)
# What made it well ended just when it became that, but for what is lost where times are rounded.
_ROUNDED = 1000


def follow_incidents(
    db: Connection, known: Mapping[str, Wellbeing], policy: AlertPolicy, now: datetime
) -> Iterator[Alerted]:
    """Begin, continue and end incidents; yield what somebody is told of them.

    Args:
        db: The database.
        known: How the configured connections do.
        policy: When somebody is told.
        now: The time.
    """
    unended = {row.connection: row for row in db.execute(select(schema.incident).where(_i.ended.is_(None)))}
    _forget(db, [unended[name] for name in unended.keys() - known.keys()], policy, now)
    for name, does in known.items():
        incident = unended.get(name)
        if does.health in _ILL:
            # A clock may have been set back.
            began = min(moment(incident.began) if incident else does.since, now)
            if incident is None:
                db.execute(insert(schema.incident), {"connection": name, "began": milliseconds(began)})
            if kind := _due_kind(incident, began, policy, now):
                alert = _told(db, does, began, kind, now)
                yield attrs.evolve(alert, deadline=_deadline(db, does, policy, now))
        elif incident is not None:
            yield from _after(db, does, incident, policy, now)


def _forget(db: Connection, unknown: Sequence[_Row], policy: AlertPolicy, now: datetime) -> None:
    """End the incidents of connections that are configured nowhere, and weren't for long."""
    # A file that is just being written names none, and another process may have a newer one.
    gone = [row for row in unknown if row.told is None or now - moment(row.reminded) >= policy.forgotten]
    if gone:
        elsewhere = served(db)
        for incident in gone:
            if incident.connection not in elsewhere:
                _end(db, incident, now)


def _due_kind(incident: _Row | None, began: datetime, policy: AlertPolicy, now: datetime) -> AlertKind | None:
    if incident is None or incident.told is None:
        return AlertKind.INCIDENT_BEGAN if now - began >= policy.after else None
    reminded = now - moment(incident.reminded) >= policy.every
    return AlertKind.INCIDENT_LASTS if reminded else None


def _told(db: Connection, does: Wellbeing, began: datetime, kind: AlertKind, now: datetime) -> Alerted:
    at = milliseconds(now)
    values = {"reminded": at} | ({"told": at} if kind is AlertKind.INCIDENT_BEGAN else {})
    db.execute(update(schema.incident).where(_i.connection == does.name, _i.ended.is_(None)).values(values))
    given_up = (_d.changed >= milliseconds(began)) & _d.reason.startswith(GIVEN_UP)
    found, more = setbacks(db, does.name, given_up)
    return Alerted(
        kind=kind,
        connection=does.name,
        at=now,
        health=does.health,
        detail=does.detail,
        since=began,
        accepted=_accepted(db, does),
        undelivered=sum(_count(db, _d.connection == does.name, each) for each in _held(does)),
        next_try=does.next_try,
        asks_to_wait=does.asks_to_wait,
        looks_up=does.looks_up,
        setbacks=found,
        more=more,
    )


def _accepted(db: Connection, does: Wellbeing) -> bool:
    """Return whether anything is known to have been accepted for a connection."""
    # No index has what was delivered by its connection, but that is remembered.
    ways = (_d.state == State.PENDING, schema.kept)
    queries = (select(_d.seq).where(_d.connection == does.name, each).limit(1) for each in ways)
    return does.last_success is not None or any(db.scalar(each) is not None for each in queries)


def _held(does: Wellbeing) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions on a delivery that it goes by itself once its connection is well."""
    awaited = [WaitingFor.CONNECTION] if does.looks_up else [WaitingFor.CONNECTION, WaitingFor.ACCOUNT]
    # Each by an index of its own.
    return _d.state == State.PENDING, and_(schema.waiting, _d.waiting_for.in_(awaited))


def _deadline(db: Connection, does: Wellbeing, policy: AlertPolicy, now: datetime) -> datetime | None:
    """Return when the first of what would go by itself is given up: if that's soon, or before a next try."""
    oldest = select(func.min(_d.kept_from)).where(_d.connection == does.name)
    first = [each for held in _held(does) if (each := db.scalar(oldest.where(held))) is not None]
    if not first:
        return None
    end = given_up_from(db, does.name, moment(min(first)), policy, now)
    soon = moment(min(first)) <= foreseen(db, now) - policy.warned
    return end if soon or (does.next_try is not None and does.next_try >= end) else None


def _after(
    db: Connection, does: Wellbeing, incident: _Row, policy: AlertPolicy, now: datetime
) -> Iterator[Alerted]:
    """End the `incident` of a connection that isn't ill, once it's well for long enough."""
    if does.health is not Health.OK:
        _end(db, incident, now)
        return
    well = now - does.since
    if well < policy.calm_after(_lately(db, does.name, now)):
        return
    if incident.told is not None:
        pending = (_d.connection == does.name, _d.state == State.PENDING)
        if _still_at_it(db, does, incident, well, now):
            return
        yield _over(db, does, incident, _count(db, *pending), now)
    _end(db, incident, now)


def _still_at_it(db: Connection, does: Wellbeing, incident: _Row, well: timedelta, now: datetime) -> bool:
    """Return whether it's too early to say that a connection which is well works again."""
    pending = select(_d.seq).where(_d.connection == does.name, _d.state == State.PENDING).limit(1)
    if well < _DRAINING and db.scalar(pending.where(*_on_its_way(now))) is not None:
        return True
    # Some answer friendly words to whatever they're sent, and take nothing.
    arrived = select(_e.id).where(*_since(incident), _e.delivered > 0).limit(1)
    refused = select(_d.seq).where(
        _d.connection == does.name,
        schema.kept,
        _d.state == State.REJECTED,
        _d.changed >= milliseconds(does.since),
        ~_d.reason.startswith(GIVEN_UP),
    )
    return (
        db.scalar(pending) is not None and db.scalar(arrived) is None and db.scalar(refused.limit(1)) is None
    )


def _on_its_way(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions on what is pending that it's due, or on the wire: due is then when that ends."""
    due = _d.due <= milliseconds(now)
    return _d.due <= milliseconds(now + _LONGEST_LEASE), or_(due, _d.lease.is_not(None))


def _over(db: Connection, does: Wellbeing, incident: _Row, pending: int, now: datetime) -> Alerted:
    # What waited before, was tried again and waits for the same is no news.
    began = new_since(0) & (_d.changed >= incident.began)
    found, more = setbacks(db, incident.connection, began)
    mark_told(db, incident.connection, began, now)
    delivered = db.scalar(select(func.sum(_e.delivered)).where(*_since(incident))) or 0
    return Alerted(
        kind=AlertKind.INCIDENT_OVER,
        connection=incident.connection,
        at=now,
        since=moment(incident.began),
        until=min(does.since, now),
        accepted=delivered > 0 or _accepted(db, does),
        undelivered=pending,
        looks_up=does.looks_up,
        delivered=delivered,
        came_and_went=_came_and_went(db, incident),
        setbacks=found,
        more=more,
    )


def _came_and_went(db: Connection, incident: _Row) -> bool:
    """Return whether something arrived during `incident` before it became well for the last time."""
    c = schema.connection.c
    # Since when delivering is well: while users can't be looked up, who is known already has their results.
    well = select(c.since - _ROUNDED).where(c.name == incident.connection).scalar_subquery()
    ended = _e.at + func.coalesce(_e.took, 0)
    query = select(_e.id).where(*_since(incident), _e.delivered > 0, ended < well).limit(1)
    return db.scalar(query) is not None


def _since(incident: _Row) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions on an event that it happened during `incident`."""
    return _e.connection == incident.connection, _e.at >= incident.began


def _end(db: Connection, incident: _Row, now: datetime) -> None:
    this = _i.id == incident.id
    if incident.told is None:
        db.execute(delete(schema.incident).where(this))
    else:
        db.execute(update(schema.incident).where(this).values(ended=milliseconds(now)))


def _lately(db: Connection, name: str, now: datetime) -> int:
    since = milliseconds(now - _LAST_DAY)
    query = select(func.count()).select_from(schema.incident).where(_i.connection == name, _i.ended >= since)
    return db.scalar(query) or 0


def _count(db: Connection, *conditions: Any) -> int:  # noqa: ANN401 - SQLAlchemy's own
    return db.scalar(select(func.count()).select_from(schema.delivery).where(*conditions)) or 0
