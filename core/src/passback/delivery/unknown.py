"""The learners whose results wait for an account."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from passback.model import Learner, readable
from passback.store import WaitingFor, schema

__all__ = ["last_seen", "waiting_connections", "waiting_learners"]

_d = schema.delivery.c
_r = schema.result.c
_WAITS = (schema.waiting, _d.waiting_for == WaitingFor.ACCOUNT)


def waiting_connections(db: Connection) -> list[str]:
    """Return the connections at which anything waits for an account."""
    return sorted(db.scalars(select(_d.connection).where(*_WAITS).distinct()))


def waiting_learners(
    db: Connection, connection: str, organisation: str, after: str, limit: int
) -> list[Learner]:
    """Return learners who have something waiting at `connection`, as their last such result has them.

    Args:
        db: The store.
        connection: Where it waits.
        organisation: Whose learners.
        after: The id of the last learner of the page before; empty for the first page.
        limit: The most of them.
    """
    last = (
        select(func.max(_r.seq))
        .select_from(schema.delivery)
        .join(schema.result, _r.seq == _d.result)
        .where(*_WAITS, _d.connection == connection, _r.organisation == organisation, _r.learner > after)
        .group_by(_r.learner)
        .order_by(_r.learner)
        .limit(limit)
        .scalar_subquery()
    )
    rows = db.execute(select(_r.learner, _r.body).where(_r.seq.in_(last)).order_by(_r.learner))
    return [_learner(row.body) or Learner(id=row.learner) for row in rows]


def last_seen(db: Connection, organisation: str, learner: str) -> Learner | None:
    """Return `learner` as their last result has them; None where there is none."""
    theirs = (_r.organisation == organisation, _r.learner == learner)
    body = db.scalar(select(_r.body).where(*theirs).order_by(_r.seq.desc()).limit(1))
    return None if body is None else _learner(body)


def _learner(body: bytes) -> Learner | None:
    return next((result.learner for result in readable([body])), None)
