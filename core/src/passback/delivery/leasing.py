"""Lease what is due, and settle it.

A lease is a visibility timeout with a random token: nothing can be stuck in an "executing" state, and whoever
comes back late with another token changes nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from typing import Any

import attrs
from sqlalchemy import Connection, Row, Select, bindparam, select, update

from passback.delivery import schema
from passback.delivery.states import Change, State
from passback.delivery.times import milliseconds
from passback.model import Delivery, read_result

__all__ = ["Lease", "lease", "settle"]

_d = schema.delivery.c
_r = schema.result.c

# How far to look for a delivery that may go before others.
_ASIDE = 50


@attrs.frozen(kw_only=True)
class Lease:
    """Deliveries that are ours to send until the lease ends.

    Attributes:
        token: What settles them.
        deliveries: In order.
        passed_over: How many were due before these and were left out on purpose.
        alone: Whether this is a delivery that is tried alone.
    """

    token: int
    deliveries: tuple[Delivery, ...] = ()
    passed_over: int = 0
    alone: bool = False


def lease(db: Connection, connection: str, limit: int, now: int, until: int, pass_over: int) -> Lease:
    """Lease the oldest of what is due: first what is sent together, then one of what is tried alone."""
    token = secrets.randbits(62)
    for alone in (False, True):
        wanted = 1 if alone else limit
        rows = _due_rows(db, connection, now, alone=alone, limit=pass_over + _ASIDE if pass_over else wanted)
        start = _first_apart(rows, pass_over)
        taken = rows[start : start + wanted]
        if taken:
            db.execute(_TAKE, {"b_seqs": [row.seq for row in taken], "b_lease": token, "b_until": until})
            return Lease(
                token=token,
                deliveries=tuple(_delivery(row) for row in taken),
                passed_over=start,
                alone=alone,
            )
    return Lease(token=token)


def _first_apart(rows: Sequence[Row[Any, Any, Any]], pass_over: int) -> int:
    """Return the place of the first row from `pass_over` on that may go before those it passes over.

    What a learner did in an activity is never overtaken by what they did in it later.
    """
    seen: set[tuple[str, str]] = set()
    for place, row in enumerate(rows if pass_over else ()):
        result = read_result(row.body)
        what = (result.learner.id, result.activity.id)
        if place >= pass_over and what not in seen:
            return place
        seen.add(what)
    return 0


def _due_statement() -> Select[Any]:
    due = (
        select(_d.seq, _d.attempts, _d.result, _d.due)
        .where(_d.connection == bindparam("b_connection"), _d.state == State.PENDING)
        .where(_d.due <= bindparam("b_now"), _d.alone == bindparam("b_alone"))
        .order_by(_d.due, _d.seq)
        .limit(bindparam("b_limit"))
        .subquery()
    )
    return (
        select(due.c.seq, due.c.attempts, _r.body)
        .join(schema.result, _r.seq == due.c.result)
        .order_by(due.c.due, due.c.seq)
    )


_DUE = _due_statement()
_TAKE = (
    update(schema.delivery)
    .where(_d.seq.in_(bindparam("b_seqs", expanding=True)))
    .values(lease=bindparam("b_lease"), due=bindparam("b_until"), attempts=_d.attempts + 1)
)


def _due_rows(
    db: Connection, connection: str, now: int, *, alone: bool, limit: int
) -> Sequence[Row[Any, Any, Any]]:
    return db.execute(
        _DUE, {"b_connection": connection, "b_now": now, "b_alone": alone, "b_limit": limit}
    ).all()


def _delivery(row: Row[Any, Any, Any]) -> Delivery:
    return Delivery(id=row.seq, result=read_result(row.body), attempt=row.attempts + 1)


_SETTLE = (
    update(schema.delivery)
    .where(_d.seq == bindparam("b_seq"), _d.lease == bindparam("b_lease"), _d.state == State.PENDING)
    .values(
        state=bindparam("b_state"),
        waiting_for=bindparam("b_waiting_for"),
        reason=bindparam("b_reason"),
        remote_id=bindparam("b_remote_id"),
        due=bindparam("b_due"),
        alone=bindparam("b_alone"),
        changed=bindparam("b_changed"),
        lease=None,
    )
)


def settle(
    db: Connection,
    held: Lease,
    changes: Sequence[Change],
    now: int,
    also: Callable[[Connection], None] | None,
) -> int:
    """Apply `changes` to what `held` holds, give the rest back; return how many took effect."""
    settled = 0
    if also is not None:
        also(db)
    if changes:
        rows = [
            {
                "b_seq": change.delivery,
                "b_lease": held.token,
                "b_state": change.state.value,
                "b_waiting_for": change.waiting_for,
                "b_reason": change.reason,
                "b_remote_id": change.remote_id,
                "b_due": milliseconds(change.due) if change.due else now,
                "b_alone": change.alone,
                "b_changed": now,
            }
            for change in changes
        ]
        settled = db.execute(_SETTLE, rows).rowcount
    changed = {change.delivery for change in changes}
    rest = [delivery.id for delivery in held.deliveries if delivery.id not in changed]
    if rest:
        # Due when they were accepted, so that they keep their place in the queue.
        accepted = select(_r.accepted).where(_r.seq == _d.result).scalar_subquery()
        db.execute(
            update(schema.delivery)
            .where(_d.seq.in_(rest), _d.lease == held.token)
            .values(lease=None, due=accepted)
        )
    return settled
