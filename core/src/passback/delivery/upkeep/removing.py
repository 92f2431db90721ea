"""Results that are removed, and still counted."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, func, insert, select, update

from passback.store import State, parts, schema

__all__ = ["ERASED", "SETTLED", "remove"]

_d = schema.delivery.c
_h = schema.history.c
_r = schema.result.c
_t = schema.tally.c

# How results ended that aren't kept; those of no connection count results, the others deliveries.
SETTLED = "settled"
ERASED = "erased"


def remove(db: Connection, seqs: Sequence[int], ended: str) -> None:
    """Remove the results with the numbers `seqs`, which `ended` so, and all that happened to them."""
    for chunk in parts(seqs):
        of_these = _d.result.in_(chunk)
        grouped = (
            select(_d.connection, _d.state, func.count().label("many"))
            .where(of_these)
            .group_by(_d.connection, _d.state)
        )
        for row in db.execute(grouped).all():
            state = State(row.state)
            how = state.word if state in (State.DELIVERED, State.REJECTED) else ERASED
            _count(db, row.connection, how, row.many)
        db.execute(delete(schema.history).where(_h.delivery.in_(select(_d.seq).where(of_these))))
        db.execute(delete(schema.delivery).where(of_these))
        db.execute(delete(schema.result).where(_r.seq.in_(chunk)))
    if seqs:
        _count(db, "", ended, len(seqs))


def _count(db: Connection, connection: str, ended: str, count: int) -> None:
    same = (_t.connection == connection, _t.ended == ended)
    if not db.execute(update(schema.tally).where(*same).values(many=_t.many + count)).rowcount:
        db.execute(insert(schema.tally), {"connection": connection, "ended": ended, "many": count})
