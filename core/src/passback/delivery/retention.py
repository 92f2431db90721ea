"""How long things are kept: the one clock that gives up, and what keeps the database from growing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import attrs
from sqlalchemy import ColumnElement, Connection, case, delete, exists, func, insert, or_, select, update

from passback.contract import GIVEN_UP
from passback.delivery.elapsed import sighted
from passback.delivery.history import Event, EventKind, note_all
from passback.delivery.standing import keep_standings
from passback.model import readable
from passback.store import RETAINING, State, Store, lock, milliseconds, overwriting, parts, schema

__all__ = ["Retention", "RetentionPolicy"]

_d = schema.delivery.c
_e = schema.event.c
_h = schema.history.c
_r = schema.result.c
_t = schema.tally.c

# How results ended that aren't kept; those of no connection count results, the others deliveries.
_SETTLED = "settled"
_ERASED = "erased"
# Few enough that whoever submits meanwhile isn't kept waiting.
_CHUNK = 500


@attrs.frozen(kw_only=True)
class RetentionPolicy:
    """How long things are kept.

    Attributes:
        undelivered: Until what couldn't be delivered is rejected.
        settled: Until a result is removed whose deliveries are all delivered or rejected. What went nowhere
            yet is kept.
    """

    undelivered: timedelta = timedelta(days=30)
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

    async def erase(self, learner: str, organisation: str) -> int:
        """Remove everything that is known of a learner; return how many results that were.

        What is on the wire may still arrive. The account of what was accepted stays whole.
        """
        erased = await self._store.run(_erase, learner, organisation)
        await self._store.write_back()
        return erased


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
            reason=why + case((_d.reason == "", ""), else_="; at last: " + _d.reason),
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
        _remove(db, seqs, _SETTLED)
    return len(seqs), page[-1].seq


def _erase(db: Connection, learner: str, organisation: str) -> int:
    lock(db, RETAINING)
    theirs = [_r.learner == learner, _r.organisation == organisation]
    seqs = [row.seq for row in db.execute(select(_r.seq).where(*theirs))]
    known = schema.standing.c
    with overwriting(db):
        _remove(db, seqs, _ERASED)
        db.execute(
            delete(schema.standing).where(known.learner == learner, known.organisation == organisation)
        )
    return len(seqs)


def _remove(db: Connection, seqs: Sequence[int], ended: str) -> None:
    for chunk in parts(seqs):
        of_these = _d.result.in_(chunk)
        grouped = (
            select(_d.connection, _d.state, func.count().label("many"))
            .where(of_these)
            .group_by(_d.connection, _d.state)
        )
        for row in db.execute(grouped).all():
            state = State(row.state)
            how = state.word if state in (State.DELIVERED, State.REJECTED) else _ERASED
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


def _forget_events(db: Connection, before: int) -> int:
    oldest = select(_e.id, _e.at).order_by(_e.id).limit(_CHUNK)
    ids = [row.id for row in db.execute(oldest) if row.at < before]
    if ids:
        db.execute(delete(schema.event).where(_e.id.in_(ids)))
    return len(ids)
