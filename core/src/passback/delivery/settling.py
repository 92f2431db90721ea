"""Settle what was leased: each delivery changes its state, or is given back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import attrs
from sqlalchemy import BigInteger, Connection, Update, bindparam, cast, null, update

from passback.delivery.changes import Change
from passback.delivery.history import Event, note, note_outcomes
from passback.delivery.leasing import Lease
from passback.store import AT_ONCE, PerEngine, State, listed, mapped, milliseconds, numbers, schema, texts

__all__ = ["Settlement", "settle"]

_d = schema.delivery.c


@attrs.frozen(kw_only=True)
class Settlement:
    """What became of a lease.

    Attributes:
        changes: Of the deliveries that have an outcome.
        event: What happened; None if nothing was sent.
        failure: Why the others have none, for a person.
        unsent: Deliveries that weren't sent at all, and weren't tried by that.
    """

    changes: Sequence[Change] = ()
    event: Event | None = None
    failure: str = ""
    unsent: Collection[int] = ()


# What the changes of many deliveries have in common.
_COMMON = ("state", "waiting_for", "reason", "due", "alone")


def _settle_statement(dialect: str) -> Update:
    own = texts(dialect, "b_remote_ids")
    said: dict[str, object] = {name: bindparam(f"b_{name}") for name in (*_COMMON, "changed", "event")}
    return (
        update(schema.delivery)
        .where(_d.seq == cast(own.c.key, BigInteger))
        # A sum, so that no index of what is pending is read instead: nothing else has this lease.
        .where(_d.lease == bindparam("b_lease"), _d.state + 0 == State.PENDING)
        .values({**said, "remote_id": own.c.value, "lease": null()})
    )


_SETTLE = PerEngine(_settle_statement)


def settle(db: Connection, held: Lease, settlement: Settlement, now: int) -> int:
    """Apply `settlement` to what `held` holds, give the rest back; return how many changes took effect."""
    changes = settlement.changes
    event = None
    if settlement.event is not None:
        delivered = sum(change.state is State.DELIVERED for change in changes)
        event = note(db, attrs.evolve(settlement.event, delivered=delivered))
    settled = _settle(db, changes, {"b_lease": held.token, "b_changed": now, "b_event": event})
    changed = {change.delivery for change in changes}
    rest = [row.seq for row in held.rows if row.seq not in changed]
    if rest:
        _give_back(db, held.token, rest, settlement.unsent)
    if event is not None:
        failed = {seq: settlement.failure for seq in rest if seq not in settlement.unsent}
        outcomes = {change.delivery: change.outcome for change in changes if change.outcome}
        note_outcomes(db, event, outcomes | failed)
    return settled


def _settle(db: Connection, changes: Sequence[Change], said: Mapping[str, object]) -> int:
    alike: dict[tuple[object, ...], dict[int, str | None]] = {}
    for change in changes:
        due = milliseconds(change.due) if change.due else AT_ONCE
        common = (change.state.value, change.waiting_for, change.reason, due, change.alone)
        alike.setdefault(common, {})[change.delivery] = change.remote_id
    settled = 0
    for shared, remote_ids in alike.items():
        values = {f"b_{name}": value for name, value in zip(_COMMON, shared, strict=True)}
        settled += db.execute(_SETTLE.of(db), {**said, **values, "b_remote_ids": mapped(remote_ids)}).rowcount
    return settled


# They keep their place in the queue: that is the order in which they were accepted.
_GIVE_BACK = PerEngine(
    lambda dialect: (
        update(schema.delivery)
        .where(_d.seq.in_(numbers(dialect, "b_seqs")), _d.lease == bindparam("b_lease"))
        .values(lease=null(), due=AT_ONCE, attempts=_d.attempts - bindparam("b_untried"))
    )
)


def _give_back(db: Connection, token: int, rest: Sequence[int], unsent: Collection[int]) -> None:
    tried = [seq for seq in rest if seq not in unsent]
    for untried, seqs in enumerate((tried, [seq for seq in rest if seq in unsent])):
        if seqs:
            db.execute(_GIVE_BACK.of(db), {"b_seqs": listed(seqs), "b_lease": token, "b_untried": untried})
