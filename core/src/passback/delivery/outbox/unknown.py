"""The learners whose results wait for an account."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, exists, func, or_, select, update

from passback.delivery.outbox.learners import of_learner
from passback.delivery.outbox.said import filled, learner_in, said_of
from passback.model import Learner
from passback.store import State, WaitingFor, parts, schema

__all__ = ["anybody_waits", "explain_waiting", "last_seen", "waiting_connections", "waiting_learners"]

_a = schema.account.c
_d = schema.delivery.c
_r = schema.result.c
_WAITS = (schema.waiting, _d.waiting_for == WaitingFor.ACCOUNT)


def waiting_connections(db: Connection) -> list[str]:
    """Return the connections at which anything waits for an account."""
    return sorted(db.scalars(select(_d.connection).where(*_WAITS).distinct()))


def anybody_waits(db: Connection, connection: str) -> bool:
    """Return whether anything waits for an account at `connection`, or is tried just now without one.

    What waits is tried again whenever somebody asks for that, or the configuration changes.
    """
    waits = select(_d.seq).where(*_WAITS, _d.connection == connection).limit(1)
    if db.scalar(waits) is not None:
        return True
    theirs = (_a.connection == connection, _a.learner == _r.learner, _a.organisation == _r.organisation)
    taken = or_(_a.refused.is_(None), _a.refused != _a.user_id)
    tried = (
        select(_d.seq)
        .join(schema.result, _r.seq == _d.result)
        .where(_d.connection == connection, _d.state == State.PENDING)
        .where(~exists().where(*theirs, _a.user_id.is_not(None), taken))
        .limit(1)
    )
    return db.scalar(tried) is not None


def waiting_learners(
    db: Connection, connection: str, organisation: str, after: str, limit: int
) -> list[Learner]:
    """Return learners who have something waiting at `connection`, as the host has said of them.

    Their last such result counts, and what it doesn't say is as any other result said it last.

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
    found = [learner_in(row.body) or Learner(id=row.learner) for row in rows]
    said = said_of(db, organisation, [each.id for each in found])
    return [filled(each, said.get(each.id, ())) for each in found]


def last_seen(db: Connection, organisation: str, learner: str) -> Learner | None:
    """Return `learner` as the host has said of them, their last result first; None where there is none."""
    theirs = of_learner(organisation, learner)
    body = db.scalar(select(_r.body).where(*theirs).order_by(_r.seq.desc()).limit(1))
    found = None if body is None else learner_in(body)
    return found and filled(found, said_of(db, organisation, [learner]).get(learner, ()))


def explain_waiting(
    db: Connection, connection: str, organisation: str, learners: Collection[str], reason: str
) -> None:
    """Say that what waits at `connection` for the accounts of `learners` does so for this `reason`."""
    theirs = exists().where(_r.seq == _d.result, _r.organisation == organisation)
    said = (_d.connection == connection, schema.waiting_of_learner, _d.waiting_for == WaitingFor.ACCOUNT)
    ids = sorted(learners)
    for some in parts(ids):
        which = (*said, _d.learner.in_(some), _d.reason != reason, theirs)
        db.execute(update(schema.delivery).where(*which).values(reason=reason))
