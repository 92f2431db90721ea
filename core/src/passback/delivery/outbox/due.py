"""What is due, as it's read: in the order in which it was accepted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, Select, bindparam, select

from passback.store import Prepared, State, schema

__all__ = ["DueRow", "due_rows", "subject"]

_d = schema.delivery.c
_r = schema.result.c


class DueRow(NamedTuple):
    """A delivery that is due, with what its result is about, in the order in which it's read."""

    # Not SQLAlchemy's row: to name a column of that costs as much as to read it.
    seq: int
    attempts: int
    absent: int
    result: int
    kept_from: int
    body: bytes
    organisation: str
    learner: str
    activity: str
    kind: str
    at: int
    source: str | None


def subject(row: DueRow | Row[*tuple[Any, ...]]) -> tuple[str, str, str]:
    """Return whose result in what `row` is: results of the same keep their order."""
    return row.organisation, row.learner, row.activity


def due_rows(db: Connection, connection: str, now: int, limit: int, *, alone: bool) -> Sequence[DueRow]:
    """Return the first of what is due for `connection`: what is sent together, or what is tried `alone`."""
    wanted = {"b_connection": connection, "b_now": now, "b_alone": alone, "b_limit": limit}
    return [DueRow._make(row) for row in _DUE.run(db, wanted).all()]


def _due_statement() -> Select[tuple[Any, ...]]:
    due = (
        select(_d.seq, _d.attempts, _d.absent, _d.result, _d.kept_from)
        .where(_d.connection == bindparam("b_connection"), _d.state == State.PENDING)
        # A sum, so that the index of the order is used and not that of what is due: nearly all is due.
        .where(_d.due + 0 <= bindparam("b_now"), _d.alone == bindparam("b_alone"))
        .order_by(_d.result)
        .limit(bindparam("b_limit"))
        # Whoever has them now is waited for: what was passed over here might be overtaken.
        .with_for_update()
        .subquery()
    )
    return (
        select(due.c.seq, due.c.attempts, due.c.absent, due.c.result, due.c.kept_from)
        .add_columns(_r.body, _r.organisation, _r.learner, _r.activity, _r.kind, _r.at, _r.source)
        .join(schema.result, _r.seq == due.c.result)
        .order_by(due.c.result)
    )


_DUE = Prepared(lambda _: _due_statement())
