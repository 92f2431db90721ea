"""Settle what was leased: each delivery changes its state, or is given back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial

import attrs
from sqlalchemy import BigInteger, Connection, Update, bindparam, case, cast, delete, null, select, update

from passback.delivery.outbox.changes import Change
from passback.delivery.outbox.history import Event, note, note_outcomes
from passback.delivery.outbox.leasing import Lease
from passback.store import AT_ONCE, Prepared, State, listed, mapped, milliseconds, numbers, schema, texts

__all__ = ["Erased", "Settlement", "settle"]

_d = schema.delivery.c
_r = schema.result.c


class Erased(Exception):
    """Learners of what was leased were erased meanwhile, and what is to be kept may name them.

    Attributes:
        deliveries: What was theirs.
    """

    def __init__(self, deliveries: frozenset[int]) -> None:
        super().__init__(f"{len(deliveries)} deliveries are gone")
        self.deliveries = deliveries


@attrs.frozen(kw_only=True)
class Settlement:
    """What became of a lease.

    Attributes:
        changes: Of the deliveries that have an outcome.
        event: What happened; None if nothing was sent.
        failure: Why the others have none, for a person.
        unsent: Deliveries that weren't sent at all, and weren't tried by that.
        erased: Deliveries whose learners were erased meanwhile, and aren't named by any of this.
    """

    changes: Sequence[Change] = ()
    event: Event | None = None
    failure: str = ""
    unsent: Collection[int] = ()
    erased: Collection[int] = ()


# What the changes of many deliveries have in common.
_COMMON = ("state", "waiting_for", "reason", "due", "alone")


def _settle_statement(dialect: str, *, absent: bool, waiting: bool) -> Update:
    own = texts(dialect, "b_remote_ids")
    said: dict[str, object] = {name: bindparam(f"b_{name}") for name in (*_COMMON, "changed", "event")}
    more = (_ABSENT if absent else {}) | (_LEARNER if waiting else {})
    return (
        update(schema.delivery)
        .where(_d.seq == cast(own.c.key, BigInteger))
        # A sum, so that no index of what is pending is read instead: nothing else has this lease.
        .where(_d.lease == bindparam("b_lease"), _d.state + 0 == State.PENDING)
        .values({**said, "remote_id": own.c.value, "lease": null(), **more})
    )


# Whether it arrived before isn't answered by that it didn't now.
_ABSENT = {"absent": case((_d.absent + 1 == _d.attempts, _d.attempts), else_=_d.absent)}
_LEARNER = {"learner": select(_r.learner).where(_r.seq == _d.result).scalar_subquery()}
_SETTLE = {
    (absent, waiting): Prepared(partial(_settle_statement, absent=absent, waiting=waiting))
    for absent in (False, True)
    for waiting in (False, True)
}


def settle(db: Connection, held: Lease, settlement: Settlement, now: int) -> int:
    """Apply `settlement` to what `held` holds, give the rest back; return how many changes took effect.

    Raises:
        Erased: Others of the learners than `settlement` knows of were erased. Nothing of this may be kept.
    """
    changes = settlement.changes
    event = None
    if settlement.event is not None:
        delivered = sum(change.arrived for change in changes)
        event = note(db, attrs.evolve(settlement.event, delivered=delivered))
    settled, arrived = _settle(db, changes, {"b_lease": held.token, "b_changed": now, "b_event": event})
    changed = {change.delivery for change in changes}
    rest = [row.seq for row in held.rows if row.seq not in changed]
    given_back = _give_back(db, held.token, rest, settlement.unsent) if rest else 0
    if event is not None:
        failed = {seq: settlement.failure for seq in rest if seq not in settlement.unsent}
        outcomes = {change.delivery: change.outcome for change in changes if change.outcome} | failed
        if settled + given_back < len(held.rows):
            there = _there(db, held, settlement)
            _amend(db, event, arrived if there else None)
            outcomes = {seq: outcome for seq, outcome in outcomes.items() if seq in there}
        note_outcomes(db, event, outcomes)
    return settled


def _there(db: Connection, held: Lease, settlement: Settlement) -> Collection[int]:
    """Return which deliveries of `held` are still there; whoever's aren't was erased."""
    seqs = [row.seq for row in held.rows]
    there = set(_THERE.run(db, {"b_seqs": listed(seqs)}).scalars())
    gone = frozenset(seqs) - there
    if not gone.issubset(settlement.erased):
        raise Erased(gone)
    return there


def _amend(db: Connection, event: int, arrived: int | None) -> None:
    """Have `event` tell of what took effect, where anybody is left to whom it happened."""
    this = schema.event.c.id == event
    if arrived is None:
        db.execute(delete(schema.event).where(this))
    else:
        db.execute(update(schema.event).where(this).values(delivered=arrived))


_THERE = Prepared(lambda dialect: select(_d.seq).where(_d.seq.in_(numbers(dialect, "b_seqs"))))


def _settle(db: Connection, changes: Sequence[Change], said: Mapping[str, object]) -> tuple[int, int]:
    """Return how many of `changes` took effect, and how many deliveries arrived by that."""
    alike: dict[tuple[bool, bool, tuple[object, ...]], dict[int, str | None]] = {}
    for change in changes:
        due = milliseconds(change.due) if change.due else AT_ONCE
        common = (change.state.value, change.waiting_for, change.reason, due, change.alone)
        alike.setdefault((change.absent, change.arrived, common), {})[change.delivery] = change.remote_id
    settled = arrived = 0
    for (absent, there, shared), remote_ids in alike.items():
        values = {f"b_{name}": value for name, value in zip(_COMMON, shared, strict=True)}
        statement = _SETTLE[absent, shared[0] == State.WAITING]
        count = statement.run(db, {**said, **values, "b_remote_ids": mapped(remote_ids)}).rowcount
        settled += count
        arrived += count if there else 0
    return settled, arrived


# They keep their place in the queue: that is the order in which they were accepted.
_GIVE_BACK = Prepared(
    lambda dialect: (
        update(schema.delivery)
        .where(_d.seq.in_(numbers(dialect, "b_seqs")), _d.lease == bindparam("b_lease"))
        .values(lease=null(), due=AT_ONCE, attempts=_d.attempts - bindparam("b_untried"))
    )
)


def _give_back(db: Connection, token: int, rest: Sequence[int], unsent: Collection[int]) -> int:
    given_back = 0
    tried = [seq for seq in rest if seq not in unsent]
    for untried, seqs in enumerate((tried, [seq for seq in rest if seq in unsent])):
        if seqs:
            mine = {"b_seqs": listed(seqs), "b_lease": token, "b_untried": untried}
            given_back += _GIVE_BACK.run(db, mine).rowcount
    return given_back
