"""What stands in the outbox, for people and programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs
from sqlalchemy import ColumnElement, CompoundSelect, Connection, Row, exists, func, or_, select

from passback.contract import Health
from passback.delivery.outbox.history import Step, steps
from passback.delivery.outbox.selection import Selection
from passback.delivery.outbox.standing import standings
from passback.delivery.outbox.wellbeing import wellbeing
from passback.model import Standing
from passback.store import State, Store, milliseconds, moment, schema

__all__ = ["ConnectionState", "DeliveryState", "Overview", "Totals", "delivery_states"]

_d = schema.delivery.c
_r = schema.result.c
_c = schema.connection.c
_t = schema.tally.c


@attrs.frozen(kw_only=True)
class DeliveryState:
    """One delivery, as it stands.

    Attributes:
        id: Its number.
        result_id: Its result's id.
        organisation: Whose learner and activity.
        learner: Whose result.
        activity: In which activity.
        kind: What happened.
        connection: Where it goes.
        state: ``pending``, ``sending``, ``delivered``, ``waiting`` or ``rejected``.
        waiting_for: What it waits for.
        reason: Why, for a person.
        attempts: How often it was tried.
        accepted: When it was accepted.
        changed: When its state changed last.
        remote_id: Its id over there.
        next_try: When it's tried next, where it's put off until then.
    """

    id: int
    result_id: str
    organisation: str
    learner: str
    activity: str
    kind: str
    connection: str
    state: str
    waiting_for: str | None
    reason: str
    attempts: int
    accepted: datetime
    changed: datetime
    remote_id: str | None
    next_try: datetime | None = None


@attrs.frozen(kw_only=True)
class ConnectionState:
    """One connection, as it does.

    Attributes:
        name: Its name.
        organisation: Whose results it takes; empty where the configuration doesn't name it any longer.
        health: In the words of `Health`, whether delivering there fails, or looking users up does; ``not
            configured`` where the configuration doesn't name it.
        detail: Why.
        since: Since when.
        last_success: When something was delivered last.
        next_probe: When an open connection is tried next; None where only its users can't be looked up, which
            is tried again every minute.
        counts: How many deliveries are in each state, or ended in it and aren't kept any longer.
        oldest: Since when the oldest pending delivery waits to be sent.
        gone: How many of those in `counts` aren't kept any longer.
    """

    name: str
    health: str
    detail: str
    since: datetime | None
    last_success: datetime | None
    next_probe: datetime | None
    counts: Mapping[str, int]
    oldest: datetime | None
    organisation: str = ""
    gone: Mapping[str, int] = attrs.field(factory=dict)

    def shown(self, state: State) -> int:
        """Return how many deliveries are in `state`; of what was delivered, all, also what isn't kept."""
        count = self.counts.get(state.word, 0)
        return count if state is State.DELIVERED else count - self.gone.get(state.word, 0)

    @classmethod
    def untouched(cls, name: str, broken: str | None) -> ConnectionState:
        """Return the state of a connection that was never used; `broken` says why it can't be."""
        return cls(
            name=name,
            health=(Health.MISCONFIGURED if broken else Health.OK).value,
            detail=broken or "",
            since=None,
            last_success=None,
            next_probe=None,
            counts={},
            oldest=None,
        )


@attrs.frozen(kw_only=True)
class Totals:
    """The whole outbox in numbers.

    Attributes:
        accepted: Results accepted, all of them.
        unrouted: Results whose activity is attached to no connection yet.
        kept: Results that are kept still.
        removed: Results that aren't kept any longer: ``settled`` or ``erased`` → how many.
        connections: Each connection.
    """

    accepted: int
    unrouted: int
    kept: int
    removed: Mapping[str, int]
    connections: Sequence[ConnectionState]

    def count(self, state: State) -> int:
        """Return how many deliveries are in `state`."""
        return sum(each.counts.get(state.word, 0) for each in self.connections)


class Overview:
    """Reads what stands in the outbox."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def totals(self) -> Totals:
        """Return the whole outbox in numbers."""
        return await self._store.read(_totals)

    async def pending(self) -> bool:
        """Return whether anything is still to be sent."""
        query = select(_d.seq).where(_d.state == State.PENDING).limit(1)
        return await self._store.run_soft(lambda db: db.scalar(query) is not None)

    async def deliveries(self, selection: Selection, limit: int, now: datetime) -> list[DeliveryState]:
        """Return the deliveries that `selection` chooses, newest change first, at most `limit`."""
        return await self._store.run_soft(_deliveries, selection, limit, milliseconds(now))

    async def standings(self, organisation: str, learner: str) -> list[Standing]:
        """Return where `learner` of `organisation` stands in every activity, the latest first."""
        return await self._store.run_soft(standings, organisation, learner)

    async def steps(self, delivery: int) -> list[Step]:
        """Return what happened to the delivery with this number, the oldest first."""
        return await self._store.run_soft(steps, delivery)

    async def pending_connections(self, due: datetime | None = None) -> list[str]:
        """Return the names of connections that have something to send, at all or by `due`.

        Those in an outage are among them: somebody waits for its end, though nothing is left to send.
        """
        query = _pending_connections(None if due is None else milliseconds(due))
        return await self._store.run_soft(lambda db: list(db.scalars(query)))


def _pending_connections(due: int | None) -> CompoundSelect[tuple[str]]:
    # From one name to the next: there may be a million deliveries of a few connections.
    of_pending = select(func.min(_d.connection).label("name")).where(_d.state == State.PENDING)
    names = of_pending.cte("names", recursive=True)
    following = of_pending.where(_d.connection > names.c.name).scalar_subquery()
    names = names.union_all(select(following).where(names.c.name.is_not(None)))
    found = select(names.c.name).where(names.c.name.is_not(None))
    if due is not None:
        by_then = (_d.connection == names.c.name, _d.state == State.PENDING, _d.due <= due)
        found = found.where(exists().where(*by_then))
    ill = select(_c.name).where(or_(_c.fails > 0, _c.asked.is_not(None)))
    return found.union(ill)


def _totals(db: Connection) -> Totals:
    gone = _gone(db)
    removed = gone.pop("", {})
    counts = _counts(db, gone)
    doing = wellbeing(db)
    oldest = _oldest(db)
    connections = []
    for name in sorted(counts.keys() | doing.keys()):
        does = doing.get(name)
        connections.append(
            ConnectionState(
                name=name,
                health=(does.health if does else Health.OK).value,
                detail=does.detail if does else "",
                since=does.since if does else None,
                last_success=does.last_success if does else None,
                next_probe=does.next_try if does else None,
                counts=counts.get(name, {}),
                oldest=oldest.get(name),
                gone=gone.get(name, {}),
            )
        )
    kept = db.scalar(select(func.count()).select_from(schema.result)) or 0
    return Totals(
        accepted=kept + sum(removed.values()),
        unrouted=db.scalar(select(func.count()).select_from(schema.result).where(~_r.routed)) or 0,
        kept=kept,
        removed=removed,
        connections=connections,
    )


def _gone(db: Connection) -> dict[str, dict[str, int]]:
    """Return for each connection how many deliveries aren't kept any longer; for none, how many results."""
    gone: dict[str, dict[str, int]] = {}
    for name, ended, many in db.execute(select(_t.connection, _t.ended, _t.many)):
        gone.setdefault(name, {})[ended] = many
    return gone


def _counts(db: Connection, gone: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, int]]:
    counts = {name: dict(ended) for name, ended in gone.items()}
    grouped = select(_d.connection, _d.state, func.count()).group_by(_d.connection, _d.state)
    for name, state, count in db.execute(grouped):
        mine = counts.setdefault(name, {})
        mine[State(state).word] = mine.get(State(state).word, 0) + count
    return counts


def _oldest(db: Connection) -> Mapping[str, datetime]:
    first = (
        select(_d.connection, func.min(_d.result).label("result"))
        .where(_d.state == State.PENDING)
        .group_by(_d.connection)
        .subquery()
    )
    query = select(first.c.connection, _r.accepted).join(schema.result, _r.seq == first.c.result)
    return {row.connection: moment(row.accepted) for row in db.execute(query)}


def _deliveries(db: Connection, selection: Selection, limit: int, now: int) -> list[DeliveryState]:
    newest = (_d.changed.desc(), _d.seq.desc())
    return [state for _, state in delivery_states(db, selection.of_deliveries(), now, newest, limit)]


def delivery_states(
    db: Connection,
    conditions: Sequence[ColumnElement[bool]],
    now: int,
    order: Sequence[ColumnElement[Any]] = (_d.seq,),
    limit: int | None = None,
) -> Iterator[tuple[int, DeliveryState]]:
    """Yield the deliveries that fulfil `conditions`, each with the number of its result."""
    query = (
        select(
            *(_d.seq, _d.result, _d.connection, _d.state, _d.lease, _d.due, _d.waiting_for, _d.reason),
            *(_d.attempts, _d.changed, _d.remote_id),
            *(_r.id, _r.organisation, _r.learner, _r.activity, _r.kind, _r.accepted),
        )
        .join(schema.result, _r.seq == _d.result)
        .where(*conditions)
        .order_by(*order)
        .limit(limit)
    )
    for row in db.execute(query):
        yield row.result, _state(row, now)


def _state(row: Row[*tuple[Any, ...]], now: int) -> DeliveryState:
    later = row.state == State.PENDING and row.due > now
    return DeliveryState(
        id=row.seq,
        result_id=row.id,
        organisation=row.organisation,
        learner=row.learner,
        activity=row.activity,
        kind=row.kind,
        connection=row.connection,
        state="sending" if later and row.lease is not None else State(row.state).word,
        waiting_for=row.waiting_for,
        reason=row.reason,
        attempts=row.attempts,
        accepted=moment(row.accepted),
        changed=moment(row.changed),
        remote_id=row.remote_id,
        next_try=moment(row.due) if later and row.lease is None else None,
    )
