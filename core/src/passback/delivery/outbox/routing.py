"""Which connections take the results of which activity, and the way of those that had none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs
from sqlalchemy import ColumnElement, Connection, or_, select, true, update

from passback.delivery.outbox.accepting import insert_deliveries, raise_signals
from passback.delivery.outbox.attaching import attached_connections
from passback.model import Result
from passback.store import schema

__all__ = ["Routes", "route"]

_r = schema.result.c

# Few enough that whoever submits meanwhile isn't kept waiting.
_CHUNK = 500


@attrs.frozen(kw_only=True)
class Routes:
    """What the configuration attaches to what; nothing crosses an organisation.

    Attributes:
        attached: Organisation and activity → connections.
        everywhere: Organisation → connections that take every activity of it.
    """

    attached: Mapping[tuple[str, str], Sequence[str]] = attrs.field(factory=dict)
    everywhere: Mapping[str, Sequence[str]] = attrs.field(factory=dict)

    def of(self, result: Result) -> tuple[str, ...]:
        """Return the connections that take `result`."""
        return self.connections(result.organisation, result.activity.id)

    def connections(self, organisation: str, activity: str) -> tuple[str, ...]:
        """Return the connections that take the results of `activity` in `organisation`."""
        everywhere = self.everywhere.get(organisation, ())
        if not (attached := self.attached.get((organisation, activity))):
            return tuple(everywhere)
        return tuple(dict.fromkeys([*attached, *everywhere]))


def route(db: Connection, routes: Routes, now: int, *, tell: bool) -> tuple[int, Sequence[str]]:
    """Send unrouted results of activities that are attached by now, some at a time.

    Returns:
        How many were sent on their way, and the connections that they go to; 0 if none is left.
    """
    goes = _attached_by_now(db, routes)
    rows: list[tuple[int, Sequence[str]]] = []
    for (organisation, activity), connections in sorted(goes.items()):
        unrouted = (
            select(_r.seq, _r.source)
            .where(~_r.routed, _r.organisation == organisation, _r.activity == activity)
            .where(_has_somewhere_to_go(connections))
            .order_by(_r.seq)
            .limit(_CHUNK - len(rows))
            .with_for_update(key_share=True)
        )
        rows += [
            (row.seq, [name for name in connections if name != row.source]) for row in db.execute(unrouted)
        ]
        if len(rows) == _CHUNK:
            break
    insert_deliveries(db, [(seq, name) for seq, connections in sorted(rows) for name in connections], now)
    if rows:
        db.execute(update(schema.result).where(_r.seq.in_([seq for seq, _ in rows])).values(routed=True))
    names = sorted({name for _, connections in rows for name in connections})
    if tell:
        raise_signals(db, names)
    return len(rows), names


def _has_somewhere_to_go(connections: Sequence[str]) -> ColumnElement[bool]:
    # What a connection sent to us doesn't go back there.
    return true() if len(connections) > 1 else or_(_r.source.is_(None), _r.source != connections[0])


def _attached_by_now(db: Connection, routes: Routes) -> Mapping[tuple[str, str], Sequence[str]]:
    unrouted = select(_r.organisation, _r.activity).where(~_r.routed).distinct()
    places = [(row.organisation, row.activity) for row in db.execute(unrouted)]
    later = attached_connections(db, {activity for _, activity in places})
    goes = {
        place: tuple(dict.fromkeys([*routes.connections(*place), *later.get(place, ())])) for place in places
    }
    return {place: connections for place, connections in goes.items() if connections}
