"""How long things are kept: the one clock that gives up, and what keeps the database from growing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import attrs
from sqlalchemy import ColumnElement, Connection, case, delete, exists, func, or_, select, update

from passback.contract import GIVEN_UP, Health
from passback.delivery.outbox.elapsed import sighted
from passback.delivery.outbox.history import Event, EventKind, note_all
from passback.delivery.outbox.standing import keep_standings
from passback.delivery.upkeep.erasing import erase
from passback.delivery.upkeep.removing import SETTLED, remove
from passback.model import readable
from passback.store import RETAINING, State, Store, lock, milliseconds, schema

__all__ = ["Retention", "RetentionPolicy"]

_c = schema.connection.c
_d = schema.delivery.c
_e = schema.event.c
_r = schema.result.c

# How its connection does, where that may be why.
_ILL = (
    select("; the connection: " + _c.health + ": " + _c.detail)
    .where(_c.name == _d.connection, _c.health != Health.OK, _c.detail != _d.reason)
    .scalar_subquery()
)
# Few enough that whoever submits meanwhile isn't kept waiting.
_CHUNK = 500


def _nothing_more(_: Connection) -> None:
    pass


@attrs.frozen(kw_only=True)
class RetentionPolicy:
    """How long things are kept.

    Attributes:
        undelivered: Until what couldn't be delivered is rejected.
        notice: How long before that whoever looks after its connection is told, so that nothing is rejected
            sooner after that; None where nobody is. What they were told while results were kept for longer
            isn't enough.
        settled: Until a result is removed whose deliveries are all delivered or rejected. What went nowhere
            yet is kept.
    """

    undelivered: timedelta = timedelta(days=30)
    notice: timedelta | None = None
    settled: timedelta = timedelta(days=90)


class Retention:
    """Rejects what is too old, and removes what needn't be kept."""

    def __init__(self, store: Store, policy: RetentionPolicy) -> None:
        self._store = store
        self._policy = policy

    async def sweep(self, now: datetime) -> tuple[int, int]:
        """Reject and remove what is due for it; return how many of each."""
        rejected = removed = 0
        today = await self._store.run(sighted, now)
        for undelivered in schema.undelivered:
            old = undelivered & (_d.kept_from < milliseconds(today - self._policy.undelivered))
            if self._policy.notice is not None:
                old &= _told_by(today - self._policy.notice, self._policy.undelivered)
            while count := await self._store.run(_expire, old, self._policy, now):
                rejected += count
        seq: int | None = 0
        while seq is not None:
            count, seq = await self._store.run(_purge, today - self._policy.settled, seq)
            removed += count
        # What an event is about is gone by then.
        oldest = today - self._policy.settled - self._policy.undelivered
        while await self._store.run_soft(_forget_events, milliseconds(oldest)):
            pass
        return rejected, removed

    async def erase(
        self, learner: str, organisation: str, forget: Callable[[Connection], None] = _nothing_more
    ) -> int:
        """Remove everything that is known of a learner; return how many results that were.

        What is on the wire may still arrive. The account of what was accepted stays whole, and where others'
        history and what is still to be mailed names the learner, that is overwritten.

        Args:
            learner: The learner's id.
            organisation: Whose learner.
            forget: Removes, in the same transaction, what else is kept of them.

        Raises:
            OutboxNotRewritten: They are erased, but what was removed still stands in the file or beside it.
            OutboxError: The outbox can't do it, and all is as it was.
        """
        erased = await self._store.run(erase, learner, organisation, forget)
        # Also where nothing was there any more: whoever asked before may have been killed before this.
        await self._store.rewrite()
        return erased


def _told_by(before: datetime, kept: timedelta) -> ColumnElement[bool]:
    """Return the condition on a delivery that somebody was told `before` then that it's given up soon.

    What they were told while results were `kept` for longer doesn't count: perhaps it named this one not.
    """
    told = schema.watch.c
    return exists().where(
        told.connection == _d.connection,
        told.warned <= milliseconds(before),
        told.kept_for <= kept // timedelta(milliseconds=1),
    )


def _expire(db: Connection, old: ColumnElement[bool], policy: RetentionPolicy, now: datetime) -> int:
    lock(db, RETAINING)
    theirs = (
        select(_d.seq)
        .where(old)
        # What is on the wire gets its answer first.
        .where(or_(_d.lease.is_(None), _d.due <= milliseconds(now)))
        .limit(_CHUNK)
        .with_for_update()
    )
    seqs = [row.seq for row in db.execute(theirs)]
    if not seqs:
        return 0
    chosen = [_d.seq.in_(seqs)]
    days = policy.undelivered / timedelta(days=1)
    why = f"{GIVEN_UP} {days:g} days"
    note_all(db, Event(connection="", kind=EventKind.EXPIRED, at=now), chosen, f"rejected: {why}")
    return db.execute(
        update(schema.delivery)
        .where(*chosen)
        .values(
            state=State.REJECTED,
            waiting_for=None,
            lease=None,
            reason=why
            + case((_d.reason == "", ""), else_="; at last: " + _d.reason)
            + func.coalesce(_ILL, ""),
            changed=milliseconds(now),
        )
    ).rowcount


def _purge(db: Connection, before: datetime, after: int) -> tuple[int, int | None]:
    """Remove what is settled of the next results; return how many, and after which to go on."""
    lock(db, RETAINING)
    cutoff = milliseconds(before)
    looked_at = select(_r.seq, _r.accepted).where(_r.seq > after).order_by(_r.seq).limit(_CHUNK)
    page = db.execute(looked_at).all()
    old = [row.seq for row in page if row.accepted < cutoff]
    # They stand as they came: where there is none, those after it are younger.
    if not old:
        return 0, None
    needed = exists().where(
        _d.result == _r.seq, or_(_d.state.in_([State.PENDING, State.WAITING]), _d.changed >= cutoff)
    )
    settled = select(_r.seq, _r.body).where(_r.routed, _r.seq.in_(old), ~needed).order_by(_r.seq)
    rows = db.execute(settled).all()
    seqs = [row.seq for row in rows]
    if seqs:
        keep_standings(db, seqs, readable(row.body for row in rows))
        remove(db, seqs, SETTLED)
    return len(seqs), page[-1].seq


def _forget_events(db: Connection, before: int) -> int:
    oldest = select(_e.id, _e.at).order_by(_e.id).limit(_CHUNK)
    ids = [row.id for row in db.execute(oldest) if row.at < before]
    if ids:
        db.execute(delete(schema.event).where(_e.id.in_(ids)))
    return len(ids)
