"""The outbox: accept, lease, settle.

Accepted means on disk. A lease is a visibility timeout with a random token: nothing can be stuck in an
"executing" state, and whoever comes back late with another token changes nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs
from sqlalchemy import Connection, Row, Select, bindparam, insert, select, update

from passback.delivery import schema
from passback.delivery.states import Change, State
from passback.delivery.store import Store
from passback.delivery.times import milliseconds, moment
from passback.errors import ContentConflict
from passback.model import Delivery, Result, canonical, read_result

__all__ = ["Acceptance", "Lease", "Outbox", "Submission", "insert_deliveries", "raise_signals"]

_d = schema.delivery.c
_r = schema.result.c

# Statements of the hot path are built once: to build one costs as much as to run it.
_KNOWN = select(_r.id, _r.body).where(_r.id.in_(bindparam("ids", expanding=True)))
_INSERT_RESULTS = insert(schema.result).returning(_r.id, _r.seq)
_INSERT_DELIVERIES = insert(schema.delivery)


@attrs.frozen(kw_only=True)
class Submission:
    """A result and where it goes.

    Attributes:
        result: The result.
        body: Its canonical bytes.
        connections: The connections that its activity is attached to; none keeps it unrouted.
    """

    result: Result
    body: bytes
    connections: tuple[str, ...]

    @classmethod
    def of(cls, result: Result, connections: Iterable[str]) -> Submission:
        """Return `result` ready to be put.

        Raises:
            InvalidResult: It holds something that couldn't be read back.
        """
        return cls(result=result, body=canonical(result), connections=tuple(connections))


@attrs.frozen(kw_only=True)
class Acceptance:
    """A result is accepted: on disk, and in exactly one state from now on.

    Attributes:
        result_id: The result's id.
        connections: Where it goes; none means that it's kept until its activity is attached.
        new: Whether it was unknown before.
    """

    result_id: str
    connections: tuple[str, ...]
    new: bool


@attrs.frozen(kw_only=True)
class Lease:
    """Deliveries that are ours to send until the lease ends.

    Attributes:
        token: What settles them.
        deliveries: In order.
        passed_over: Deliveries that were due before these and were left out on purpose.
        alone: Whether this is a delivery that is tried alone.
    """

    token: int
    deliveries: tuple[Delivery, ...] = ()
    passed_over: tuple[int, ...] = ()
    alone: bool = False


class Outbox:
    """Accepts results and hands them out for delivery."""

    def __init__(self, store: Store) -> None:
        self.store = store

    async def put(
        self, submissions: Sequence[Submission], now: datetime, *, tell: bool
    ) -> list[Acceptance | ContentConflict]:
        """Accept `submissions` in one transaction, durably.

        Args:
            submissions: What to accept.
            now: The time.
            tell: Whether the dispatcher is in another process and must be told.

        Returns:
            For each of them its acceptance, or why it isn't accepted.
        """
        return await self.store.run(_put, submissions, milliseconds(now), tell=tell)

    async def lease(
        self, connection: str, limit: int, now: datetime, until: datetime, *, pass_over: int = 0
    ) -> Lease:
        """Lease the deliveries of `connection` that are due, at most `limit`, oldest first.

        Args:
            connection: Whose.
            limit: How many.
            now: The time.
            until: When the lease ends.
            pass_over: How many of the oldest to leave out.
        """
        return await self.store.run_soft(
            _lease, connection, limit, milliseconds(now), milliseconds(until), pass_over
        )

    async def settle(
        self,
        lease: Lease,
        changes: Sequence[Change],
        now: datetime,
        also: Callable[[Connection], None] | None = None,
    ) -> int:
        """Apply `changes` to what `lease` holds and give the rest of it back.

        Args:
            lease: What was leased.
            changes: What became of it.
            now: The time.
            also: What else to write in the same transaction.

        Returns:
            How many changes took effect; fewer than given if the lease had ended meanwhile.
        """
        # Only what can be done again safely may be lost in a power cut.
        durable = any(change.state is State.REJECTED for change in changes)
        run = self.store.run if durable else self.store.run_soft
        return await run(_settle, lease, changes, milliseconds(now), also)

    async def isolate(self, deliveries: Sequence[int], due: datetime, reason: str) -> None:
        """Have `deliveries` tried alone from now on, next at `due`."""
        await self.store.run_soft(_isolate, deliveries, milliseconds(due), reason)

    async def next_due(self, connection: str) -> datetime | None:
        """Return when the next pending delivery of `connection` is due, None if there is none."""
        query = (
            select(_d.due)
            .where(_d.connection == connection, _d.state == State.PENDING)
            .order_by(_d.due)
            .limit(1)
        )
        value = await self.store.run_soft(lambda db: db.scalar(query))
        return None if value is None else moment(value)


def _put(
    db: Connection, submissions: Sequence[Submission], now: int, *, tell: bool
) -> list[Acceptance | ContentConflict]:
    known = _known(db, [submission.result.id for submission in submissions])
    fresh: dict[str, Submission] = {}
    answers: list[Acceptance | ContentConflict] = []
    for submission in submissions:
        result_id = submission.result.id
        before = fresh[result_id].body if result_id in fresh else known.get(result_id)
        if before is not None and not _same(before, submission):
            answers.append(ContentConflict(result_id))
            continue
        if before is None:
            fresh[result_id] = submission
        answers.append(
            Acceptance(result_id=result_id, connections=submission.connections, new=before is None)
        )
    if fresh:
        _insert(db, fresh, now)
    if tell:
        signals = {name for submission in fresh.values() for name in submission.connections}
        raise_signals(db, signals)
    return answers


def raise_signals(db: Connection, connections: Iterable[str]) -> None:
    """Tell the dispatcher, wherever it runs, that something of `connections` became due."""
    rows = [{"connection": name} for name in sorted(connections)]
    if rows:
        db.execute(insert(schema.signal), rows)


def _known(db: Connection, ids: Sequence[str]) -> Mapping[str, bytes]:
    found: dict[str, bytes] = {}
    for start in range(0, len(ids), 500):
        rows = db.execute(_KNOWN, {"ids": ids[start : start + 500]})
        found.update((row.id, row.body) for row in rows)
    return found


def _same(before: bytes, submission: Submission) -> bool:
    # Bytes differ for the same fact where an older Passback knew fewer fields.
    return before == submission.body or read_result(before) == submission.result


def _insert(db: Connection, fresh: Mapping[str, Submission], now: int) -> None:
    rows = [
        {
            "id": result_id,
            "learner": submission.result.learner.id,
            "activity": submission.result.activity.id,
            "kind": submission.result.kind.value,
            "at": milliseconds(submission.result.at),
            "body": submission.body,
            "accepted": now,
            "routed": bool(submission.connections),
        }
        for result_id, submission in fresh.items()
    ]
    inserted = db.execute(_INSERT_RESULTS, rows)
    pairs = [(row.seq, name) for row in inserted for name in fresh[row.id].connections]
    insert_deliveries(db, sorted(pairs), now)


def insert_deliveries(db: Connection, pairs: Sequence[tuple[int, str]], now: int) -> None:
    """Create a pending delivery for each pair of result number and connection."""
    if pairs:
        rows = [
            {"result": seq, "connection": name, "state": State.PENDING.value, "due": now, "changed": now}
            for seq, name in pairs
        ]
        db.execute(_INSERT_DELIVERIES, rows)


def _lease(db: Connection, connection: str, limit: int, now: int, until: int, pass_over: int) -> Lease:
    token = secrets.randbits(62)
    for alone in (False, True):
        rows = _due_rows(db, connection, now, alone=alone, limit=1 if alone else limit + pass_over)
        passed_over, taken = rows[:pass_over], rows[pass_over:]
        if alone or len(rows) <= pass_over:
            passed_over, taken = [], rows[:limit]
        if taken:
            db.execute(_TAKE, {"b_seqs": [row.seq for row in taken], "b_lease": token, "b_until": until})
            return Lease(
                token=token,
                deliveries=tuple(_delivery(row) for row in taken),
                passed_over=tuple(row.seq for row in passed_over),
                alone=alone,
            )
    return Lease(token=token)


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
        changed=bindparam("b_changed"),
        lease=None,
    )
)


def _settle(
    db: Connection,
    lease: Lease,
    changes: Sequence[Change],
    now: int,
    also: Callable[[Connection], None] | None,
) -> int:
    settled = 0
    if also is not None:
        also(db)
    if changes:
        rows = [
            {
                "b_seq": change.delivery,
                "b_lease": lease.token,
                "b_state": change.state.value,
                "b_waiting_for": change.waiting_for,
                "b_reason": change.reason,
                "b_remote_id": change.remote_id,
                "b_due": milliseconds(change.due) if change.due else now,
                "b_changed": now,
            }
            for change in changes
        ]
        settled = db.execute(_SETTLE, rows).rowcount
    changed = {change.delivery for change in changes}
    rest = [delivery.id for delivery in lease.deliveries if delivery.id not in changed]
    if rest:
        # Due when they were accepted, so that they keep their place in the queue.
        accepted = select(_r.accepted).where(_r.seq == _d.result).scalar_subquery()
        db.execute(
            update(schema.delivery)
            .where(_d.seq.in_(rest), _d.lease == lease.token)
            .values(lease=None, due=accepted)
        )
    return settled


def _isolate(db: Connection, deliveries: Sequence[int], due: int, reason: str) -> None:
    db.execute(
        update(schema.delivery)
        .where(_d.seq.in_(deliveries), _d.state == State.PENDING)
        .values(alone=True, due=due, reason=reason)
    )
