"""What makes kept deliveries due again: a repair, an attachment, a person."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, bindparam, delete, func, or_, select, update

from passback.contract import Health, HealthChanged
from passback.delivery.outbox.history import Event, EventKind, note_all
from passback.delivery.outbox.reconsidering import reconsider_all, refused_at
from passback.delivery.outbox.releasing import count_held, release
from passback.delivery.outbox.routing import Routes, route
from passback.delivery.outbox.selection import Selection
from passback.delivery.upkeep.put_off import connections_with, free_with, put_off
from passback.delivery.upkeep.set_back import set_back
from passback.store import (
    AT_ONCE,
    CONFIGURING,
    FOLLOWS,
    State,
    Store,
    WaitingFor,
    insert_new,
    lock,
    milliseconds,
    parts,
    schema,
)

__all__ = ["Repair", "pull_back", "reopen"]

_d = schema.delivery.c
_r = schema.result.c
_c = schema.connection.c
_RECHECK = timedelta(days=1)
_REPLAYABLE = [state for state, next_states in FOLLOWS.items() if state and State.PENDING in next_states]


_CHANGE = (
    update(schema.connection)
    .where(_c.name == bindparam("b_name"))
    .values(fingerprint=bindparam("b_fingerprint"), next_probe=None)
)
# What failed says when that was decided, so nothing but a person's word leaves a connection like this.
_ASKED = (_c.next_probe.is_(None), _c.decided.is_(None), or_(_c.fails > 0, _c.asked.is_not(None)))


class Repair:
    """Makes kept deliveries due again."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def replay(self, selection: Selection, now: datetime) -> int:
        """Send what `selection` chooses of the waiting, the rejected and what is put off; return how many.

        Where it names a connection that waits out an outage, that one is to be tried now.
        """
        conditions = _replayable(selection, now)
        event = Event(connection=selection.connection or "", kind=EventKind.REPLAYED, at=now)
        return await self._store.run(_replay, conditions, event)

    async def replayable(self, selection: Selection, now: datetime) -> int:
        """Return how many deliveries `replay` would send once more."""
        query = select(func.count()).select_from(schema.delivery).where(*_replayable(selection, now))
        return await self._store.run_soft(lambda db: db.scalar(query) or 0)

    async def asked(self) -> frozenset[str]:
        """Return the connections that somebody asked to try now, and that weren't tried since."""
        query = select(_c.name).where(*_ASKED)
        return frozenset(await self._store.run_soft(lambda db: list(db.scalars(query))))

    async def recheck(self, now: datetime, looks_up: Callable[[str], bool]) -> int:
        """Try again what has waited a day for what nobody tells of once it's there; return how many.

        That is its activity, or its account where users can't be looked up.

        Args:
            now: The time.
            looks_up: Says whether users are looked up at the connection of this name.
        """
        stale = [schema.waiting, _d.changed <= milliseconds(now - _RECHECK)]
        unknown = [*stale, _d.waiting_for == WaitingFor.ACCOUNT]
        query = select(_d.connection).where(*unknown).distinct()
        names = await self._store.run_soft(lambda db: list(db.scalars(query)))
        blind = _d.connection.in_([name for name in names if not looks_up(name)])
        conditions = [
            *stale,
            or_(_d.waiting_for == WaitingFor.ACTIVITY, and_(_d.waiting_for == WaitingFor.ACCOUNT, blind)),
        ]
        event = Event(connection="", kind=EventKind.RELEASED, at=now)
        why = "tried again, as a day has passed"
        return await self._store.run_soft(release, conditions, event, why, tell=True)

    async def park(self, connection: str, reason: str, now: datetime) -> int:
        """Let everything pending of `connection` wait for it, with `reason`; return how many."""
        event = Event(connection=connection, kind=EventKind.PARKED, at=now, summary=reason)
        return await self._store.run_soft(_park, event)

    async def configured(self, fingerprints: Mapping[str, str], now: datetime) -> Sequence[HealthChanged]:
        """Take note of the connections that serve, and free what waited for a configuration like this.

        Returned is which of them couldn't serve before.

        A connection whose fingerprint differs from the one before was repaired, or at least changed:
        everything that waits there or is put off is tried again, and its outage is probed at once. So is what
        it refused since it took anything.
        """
        return await self._store.run(_configured, fingerprints, now)

    async def route(self, routes: Routes, now: datetime, *, tell: bool = False) -> set[str]:
        """Send unrouted results of activities that are attached by now; return the connections they go to.

        Args:
            routes: What the configuration attaches; what was attached while running counts as well.
            now: The time.
            tell: Whether the dispatcher is in another process and must be told.
        """
        reached: set[str] = set()
        count = 1
        while count:
            count, names = await self._store.run(
                route, routes, milliseconds(now), tell=tell or self._store.shared
            )
            reached.update(names)
        return reached

    async def reopen(self, now: datetime, connections: Sequence[str] | None = None) -> None:
        """End every lease, or those of `connections`: whoever held one is gone, as the caller knows.

        What a clock that was wrong once has put into the future is due now.
        """
        await self._store.run_soft(reopen, milliseconds(now), connections)

    async def pull_back(self, now: datetime) -> None:
        """Make due what a clock that was ahead put into the future, and nothing there has happened yet."""
        await self._store.run_soft(_set_back, milliseconds(now))

    async def signals(self) -> list[str]:
        """Take the names of connections for which another process made something due."""
        return await self._store.run_soft(_signals)


def _replayable(selection: Selection, now: datetime) -> list[ColumnElement[bool]]:
    return [*selection.of_deliveries(), or_(_d.state.in_(_REPLAYABLE), put_off(milliseconds(now)))]


def _replay(db: Connection, conditions: Sequence[ColumnElement[bool]], event: Event) -> int:
    waits = (_c.name == event.connection, _c.next_probe.is_not(None))
    db.execute(update(schema.connection).where(*waits).values(next_probe=None, decided=None))
    # Whoever waits for an account may be found in the list only.
    rests = (schema.context.c.connection == event.connection, schema.context.c.list_rests > 0)
    db.execute(update(schema.context).where(*rests).values(list_rests=0))
    free_with(db, conditions, milliseconds(event.at))
    return release(db, conditions, event, "sent once more, as somebody asked", tell=True)


def _park(db: Connection, event: Event) -> int:
    pending = [_d.connection == event.connection, _d.state == State.PENDING]
    if not count_held(db, pending):
        return 0
    note_all(db, event, pending, f"waiting for {WaitingFor.CONNECTION}: {event.summary}")
    return db.execute(
        update(schema.delivery)
        .where(*pending)
        .values(
            state=State.WAITING,
            waiting_for=WaitingFor.CONNECTION,
            reason=event.summary,
            changed=milliseconds(event.at),
            lease=None,
        )
    ).rowcount


def _configured(db: Connection, fingerprints: Mapping[str, str], at: datetime) -> Sequence[HealthChanged]:
    # Others may start with the same configuration at this very moment.
    lock(db, CONFIGURING)
    now = milliseconds(at)
    # Of one, when it alone was changed, not a row of each of the others is read.
    these = [_c.name.in_(fingerprints)] if len(fingerprints) == 1 else []
    before = {row.name: row.fingerprint for row in db.execute(select(_c.name, _c.fingerprint).where(*these))}
    ill = db.scalars(select(_c.name).where(_c.health == Health.MISCONFIGURED, *these)).all()
    healed = [name for name in ill if name in fingerprints]
    well = {"health": Health.OK, "detail": "", "since": now, "fails": 0, "next_probe": None}
    for some in parts(healed):
        db.execute(update(schema.connection).where(_c.name.in_(some)).values(well))
    changed = [name for name, fingerprint in fingerprints.items() if before.get(name) != fingerprint]
    where_something_waits = select(_d.connection).where(schema.waiting).distinct()
    keeping = {row.connection for row in db.execute(where_something_waits)}
    for name in keeping & fingerprints.keys():
        _free(db, name, at, same=before.get(name) == fingerprints[name])
    _hurry(db, before.keys() & changed, at)
    if changed:
        new = [{"name": name, "health": Health.OK, "since": now} for name in changed]
        db.execute(insert_new(schema.connection), new)
        db.execute(_CHANGE, [{"b_name": name, "b_fingerprint": fingerprints[name]} for name in changed])
    return [
        HealthChanged(connection=name, before=Health.MISCONFIGURED, now=Health.OK, detail="", at=at)
        for name in healed
    ]


def _hurry(db: Connection, changed: Collection[str], at: datetime) -> None:
    """Try at once what was put off, or refused for nothing, by another configuration of those `changed`."""
    for name in refused_at(db).intersection(changed) if changed else ():
        reconsider_all(db, name, at)
    now = milliseconds(at)
    for name in connections_with(db, changed, now):
        event = Event(connection=name, kind=EventKind.RELEASED, at=at)
        later = [_d.connection == name, put_off(now)]
        release(db, later, event, "tried at once, as the configuration changed", tell=False)


def _free(db: Connection, name: str, at: datetime, *, same: bool) -> None:
    waiting = [_d.connection == name, schema.waiting]
    if same:
        waiting.append(_d.waiting_for == WaitingFor.CONNECTION)
    event = Event(connection=name, kind=EventKind.RELEASED, at=at)
    why = "the connection serves" if same else "the configuration changed"
    release(db, waiting, event, f"tried again, as {why}", tell=False)


def reopen(db: Connection, now: int, connections: Sequence[str] | None = None) -> None:
    """End every lease, or those of `connections`, and make due what was put into the future by mistake."""
    pending = [_d.state == State.PENDING]
    if connections is not None:
        pending.append(_d.connection.in_(connections))
    pull_back(db, now, connections)
    db.execute(update(schema.delivery).where(*pending, _d.lease.is_not(None)).values(lease=None, due=AT_ONCE))
    # Nobody looks users up any longer, either.
    asking = [schema.context.c.busy > 0]
    if connections is not None:
        asking.append(schema.context.c.connection.in_(connections))
    db.execute(update(schema.context).where(*asking).values(busy=0))


def pull_back(db: Connection, now: int, connections: Sequence[str] | None = None) -> None:
    """Make due what is to be tried again at a time that was told by a clock which was ahead."""
    ahead = [_d.state == State.PENDING, _d.lease.is_(None), _d.due > now, _d.changed > now]
    if connections is not None:
        ahead.append(_d.connection.in_(connections))
    db.execute(update(schema.delivery).where(*ahead).values(due=AT_ONCE, changed=now))


def _set_back(db: Connection, now: int) -> None:
    pull_back(db, now)
    set_back(db, now)


def _signals(db: Connection) -> list[str]:
    taken = db.execute(delete(schema.signal).returning(schema.signal.c.connection))
    return sorted({row.connection for row in taken})
