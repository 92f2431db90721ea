"""What makes kept deliveries due again: a repair, an attachment, a person."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

import attrs
from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update

from passback.contract import Health
from passback.delivery import schema
from passback.delivery.accepting import insert_deliveries, raise_signals
from passback.delivery.states import FOLLOWS, State, WaitingFor
from passback.delivery.store import Store
from passback.delivery.times import milliseconds

__all__ = ["Repair", "Selection"]

_d = schema.delivery.c
_r = schema.result.c
_c = schema.connection.c
_ACTIVITY_RECHECK = timedelta(days=1)
_REPLAYABLE = [state for state, next_states in FOLLOWS.items() if state and State.PENDING in next_states]


@attrs.frozen(kw_only=True)
class Selection:
    """Which deliveries to replay; what isn't given doesn't narrow.

    Attributes:
        deliveries: These numbers.
        results: Of these results.
        connection: Of this connection.
        state: In this state.
    """

    deliveries: Collection[int] = ()
    results: Collection[str] = ()
    connection: str | None = None
    state: State | None = None

    def where(self) -> list[ColumnElement[bool]]:
        """Return the conditions that choose them."""
        conditions: list[ColumnElement[bool]] = []
        if self.deliveries:
            conditions.append(_d.seq.in_(self.deliveries))
        if self.results:
            chosen = select(_r.seq).where(_r.id.in_(self.results))
            conditions.append(_d.result.in_(chosen))
        if self.connection is not None:
            conditions.append(_d.connection == self.connection)
        if self.state is not None:
            conditions.append(_d.state == self.state)
        return conditions


class Repair:
    """Makes kept deliveries due again."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def replay(self, selection: Selection, now: datetime) -> int:
        """Send what `selection` chooses of the waiting and the rejected once more; return how many."""
        conditions = [*selection.where(), _d.state.in_(_REPLAYABLE)]
        return await self._store.run(_release, conditions, milliseconds(now), tell=True)

    async def recheck_activities(self, now: datetime) -> int:
        """Try again what has waited a day for its activity; return how many."""
        before = milliseconds(now - _ACTIVITY_RECHECK)
        conditions = [
            _d.state == State.WAITING,
            _d.waiting_for == WaitingFor.ACTIVITY,
            _d.changed <= before,
        ]
        return await self._store.run_soft(_release, conditions, milliseconds(now), tell=True)

    async def park(self, connection: str, reason: str, now: datetime) -> int:
        """Let everything pending of `connection` wait for it, with `reason`; return how many."""
        return await self._store.run_soft(_park, connection, reason, milliseconds(now))

    async def configured(self, fingerprints: Mapping[str, str], now: datetime) -> None:
        """Take note of the connections that serve, and free what waited for a configuration like this.

        A connection whose fingerprint differs from the one before was repaired, or at least changed:
        everything that waits there is tried again, and its outage is probed at once.
        """
        await self._store.run(_configured, fingerprints, milliseconds(now))

    async def route(
        self, attached: Mapping[str, Sequence[str]], everywhere: Sequence[str], now: datetime
    ) -> int:
        """Send unrouted results of activities that are attached by now; return how many.

        Args:
            attached: Activity id → the connections it's attached to.
            everywhere: Connections that every activity is attached to.
            now: The time.
        """
        return await self._store.run(_route, attached, everywhere, milliseconds(now))

    async def reopen(self, now: datetime) -> None:
        """End every lease: whoever held one is gone, as only one dispatcher delivers from this outbox.

        What a clock that was wrong once has put into the future is due now.
        """
        await self._store.run_soft(_reopen, milliseconds(now))

    async def signals(self) -> list[str]:
        """Take the names of connections for which another process made something due."""
        return await self._store.run_soft(_signals)


def _release(db: Connection, conditions: Sequence[ColumnElement[bool]], now: int, *, tell: bool) -> int:
    released = db.execute(
        update(schema.delivery)
        .where(*conditions)
        .values(state=State.PENDING, waiting_for=None, due=now, changed=now, alone=False)
        .returning(_d.connection)
    ).all()
    if tell:
        raise_signals(db, {row.connection for row in released})
    return len(released)


def _park(db: Connection, connection: str, reason: str, now: int) -> int:
    return db.execute(
        update(schema.delivery)
        .where(_d.connection == connection, _d.state == State.PENDING)
        .values(
            state=State.WAITING, waiting_for=WaitingFor.CONNECTION, reason=reason, changed=now, lease=None
        )
    ).rowcount


def _configured(db: Connection, fingerprints: Mapping[str, str], now: int) -> None:
    before = {row.name: row.fingerprint for row in db.execute(select(_c.name, _c.fingerprint))}
    ill = db.execute(select(_c.name).where(_c.health == Health.MISCONFIGURED)).all()
    for row in ill:
        if row.name in fingerprints:
            healed = {"health": Health.OK, "detail": "", "since": now, "fails": 0, "next_probe": None}
            db.execute(update(schema.connection).where(_c.name == row.name).values(healed))
    where_something_waits = select(_d.connection).where(_d.state == State.WAITING).distinct()
    keeping = {row.connection for row in db.execute(where_something_waits)}
    for name, fingerprint in fingerprints.items():
        waiting = [_d.connection == name, _d.state == State.WAITING]
        same = before.get(name) == fingerprint
        if same:
            waiting.append(_d.waiting_for == WaitingFor.CONNECTION)
        if name in keeping:
            _release(db, waiting, now, tell=False)
        if same:
            continue
        values = {"fingerprint": fingerprint, "next_probe": now}
        if name in before:
            db.execute(update(schema.connection).where(_c.name == name).values(values))
        else:
            db.execute(insert(schema.connection), {"name": name, "health": Health.OK, "since": now} | values)


def _route(db: Connection, attached: Mapping[str, Sequence[str]], everywhere: Sequence[str], now: int) -> int:
    unrouted = db.execute(select(_r.seq, _r.activity).where(~_r.routed))
    rows = [row for row in unrouted if everywhere or row.activity in attached]
    pairs = [
        (row.seq, name)
        for row in rows
        for name in dict.fromkeys([*attached.get(row.activity, ()), *everywhere])
    ]
    insert_deliveries(db, pairs, now)
    for start in range(0, len(rows), 500):
        chunk = [row.seq for row in rows[start : start + 500]]
        db.execute(update(schema.result).where(_r.seq.in_(chunk)).values(routed=True))
    return len(rows)


def _reopen(db: Connection, now: int) -> None:
    untried = (_d.state == State.PENDING, _d.attempts == 0, _d.due > now)
    db.execute(update(schema.delivery).where(*untried).values(due=now))
    accepted = select(_r.accepted).where(_r.seq == _d.result).scalar_subquery()
    db.execute(
        update(schema.delivery)
        .where(_d.state == State.PENDING, _d.lease.is_not(None))
        .values(lease=None, due=accepted)
    )


def _signals(db: Connection) -> list[str]:
    last = db.scalar(select(func.max(schema.signal.c.id)))
    if last is None:
        return []
    named = select(schema.signal.c.connection).where(schema.signal.c.id <= last).distinct()
    names = [row.connection for row in db.execute(named)]
    db.execute(delete(schema.signal).where(schema.signal.c.id <= last))
    return names
