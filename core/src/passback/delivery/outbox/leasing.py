"""Lease what is due.

A lease is a visibility timeout with a random token: nothing can be stuck in an "executing" state, and whoever
comes back late with another token changes nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

import attrs
from sqlalchemy import Connection, bindparam, select, update

from passback.delivery.outbox.coalescing import chosen, covered
from passback.delivery.outbox.due import DueRow, due_rows, subject
from passback.delivery.outbox.ordering import finished, in_order, overtaken
from passback.delivery.outbox.retrying import (
    Waits,
    behind_none,
    let_go_by,
    release_before,
    release_first,
    waits_of,
)
from passback.errors import InvalidResult
from passback.model import Delivery, read_result
from passback.store import Prepared, State, listed, milliseconds, moment, numbers, schema

__all__ = ["Lease", "Wish", "hold", "lease"]

_d = schema.delivery.c
_r = schema.result.c

# How long until it's looked again whether what others must wait for has arrived, in milliseconds.
_STUCK = 200
# How far to look for a delivery that may go before others.
_ASIDE = 50
# How far to look for what says later progress too, and for what needn't wait for what is on the wire.
_LOOK_AHEAD = 500
# How many times as far to look next, where what was looked at waits for what is on the wire.
_FURTHER = 4


@attrs.frozen(kw_only=True)
class Wish:
    """What to lease.

    Attributes:
        connection: Whose deliveries.
        limit: The most of them that are sent.
        until: When the lease ends.
        pass_over: How many of the oldest to leave out.
        fails: How many attempts of the connection failed in a row by now.
        latest_only: Whether its system keeps only a status: to find progress that a later result says too, or
            that is from before what was delivered already, and who had finished.
    """

    connection: str
    limit: int
    until: datetime
    pass_over: int = 0
    fails: int = 0
    latest_only: bool = False


@attrs.frozen(kw_only=True)
class Lease:
    """Deliveries that are ours to send until the lease ends.

    Attributes:
        token: What settles them.
        rows: What they were read as, in order.
        ended: Those whose learner had finished the activity.
        passed_over: How many were due before these and were left out on purpose.
        alone: Whether this is a delivery that is tried alone.
        fails: How many attempts of the connection had failed in a row.
        covered: Progress among them → the delivery among them that says it too.
        overtaken: Progress among them from before what was delivered already.
        let_go: What waits, was the first of its learner and activity, and lets these go by.
        next_due: Where there was nothing to lease: when something will be due; None if nothing is pending.
    """

    token: int
    rows: tuple[DueRow, ...] = ()
    ended: frozenset[int] = frozenset()
    passed_over: int = 0
    alone: bool = False
    fails: int = 0
    covered: Mapping[int, int] = attrs.field(factory=dict)
    overtaken: frozenset[int] = frozenset()
    let_go: frozenset[int] = frozenset()
    next_due: datetime | None = None

    @property
    def deliveries(self) -> tuple[Delivery, ...]:
        """The deliveries, in order, without those that can't be read."""
        return self._read[0]

    @property
    def unreadable(self) -> Mapping[int, str]:
        """Delivery → why what is kept of its result can't be read."""
        return self._read[1]

    @property
    def foreign(self) -> frozenset[int]:
        """Those of results that a connection sent: what they say is its system's word, not the host's."""
        return frozenset(row.seq for row in self.rows if row.source is not None)

    # By who sends them, when it's first asked for: the store's thread serves everybody, and what one core
    # makes for another costs both.
    @cached_property
    def _read(self) -> tuple[tuple[Delivery, ...], Mapping[int, str]]:
        deliveries: list[Delivery] = []
        unreadable: dict[int, str] = {}
        for row in self.rows:
            try:
                deliveries.append(_delivery(row, self.ended))
            except InvalidResult as error:
                unreadable[row.seq] = str(error)
        return tuple(deliveries), unreadable


class _Free(NamedTuple):
    # What is due and overtakes nothing, what `covered` says of it if that's asked for, and what of it waits.
    # Where what is on the wire holds back all that is due, as far as anybody looked, that's said; and whether
    # more is due than that.

    rows: Sequence[DueRow]
    left_out: Mapping[int, int]
    waits: Waits
    held_back: bool
    more: bool = False


def lease(db: Connection, wish: Wish, now: int) -> Lease:
    """Lease the oldest of what is due: first what is sent together, then one of what is tried alone."""
    stuck = False
    for alone in (False, True):
        free = _free_rows(db, wish, now, alone=alone)
        stuck = stuck or free.held_back
        start = _first_apart(free.rows, wish.pass_over)
        candidates = _of_one_learner(free.rows[start:]) if start else free.rows
        taken = chosen(candidates, 1 if alone else wish.limit, free.left_out)
        if taken:
            return _taken(db, wish, taken, free, passed_over=start, alone=alone)
        if free.more:
            # What is tried alone might overtake what nobody looked at.
            break
    due = now + _STUCK if stuck else _NEXT_DUE.run(db, {"b_connection": wish.connection}).scalar()
    return Lease(token=0, fails=wish.fails, next_due=None if due is None else moment(due))


def hold(db: Connection, lease: Lease, until: datetime) -> None:
    """Have `lease` end at `until`, as far as it's held still."""
    wanted = {"b_seqs": listed([row.seq for row in lease.rows]), "b_lease": lease.token}
    _HOLD.run(db, wanted | {"b_until": milliseconds(until)})


def _taken(
    db: Connection,
    wish: Wish,
    taken: Sequence[DueRow],
    free: _Free,
    *,
    passed_over: int,
    alone: bool,
) -> Lease:
    token = secrets.randbits(62)
    until = milliseconds(wish.until)
    _TAKE.run(db, {"b_seqs": listed([row.seq for row in taken]), "b_lease": token, "b_until": until})
    return Lease(
        token=token,
        rows=tuple(taken),
        ended=finished(db, wish.connection, taken) if wish.latest_only else frozenset(),
        passed_over=passed_over,
        alone=alone,
        fails=wish.fails,
        covered={row.seq: free.left_out[row.seq] for row in taken if row.seq in free.left_out},
        overtaken=overtaken(db, wish.connection, taken) if wish.latest_only else frozenset(),
        let_go=let_go_by(taken, free.waits),
    )


def _looked_at(wish: Wish, *, alone: bool) -> int:
    """Return how many of what is due to look at, of which some are leased."""
    if wish.latest_only:
        return max(wish.limit, wish.pass_over + _ASIDE, _LOOK_AHEAD)
    if wish.pass_over:
        return wish.pass_over + _ASIDE
    return 1 if alone else wish.limit


def _free_rows(db: Connection, wish: Wish, now: int, *, alone: bool) -> _Free:
    """Return what is due and overtakes nothing."""
    looked_at = _looked_at(wish, alone=alone)
    furthest = max(2 * looked_at, _LOOK_AHEAD)
    while True:
        due = due_rows(db, wish.connection, now, looked_at, alone=alone)
        waits = waits_of(db, wish.connection, due)
        released = release_before(db, wish.connection, due, waits, now)
        if not released:
            apart = behind_none(due, waits)
            left_out = covered(apart) if wish.latest_only else None
            free = in_order(db, wish.connection, apart, now, left_out)
            released = release_first(db, wish.connection, free.rows, waits, now)
        if released and alone:
            # It's sent with others, before any of these.
            return _Free((), {}, {}, held_back=True)
        if released or (free.put_off and not free.rows):
            continue
        more = len(due) == looked_at
        lacking = len(free.rows) < (1 if alone else wish.limit)
        if not (free.waiting and lacking and more and looked_at < furthest):
            return _Free(free.rows, left_out or {}, waits, bool(due) and not free.rows, more)
        # From the first on again: nothing of a learner goes before what came before it.
        looked_at = min(looked_at * _FURTHER, furthest)


def _of_one_learner(rows: Sequence[DueRow]) -> Sequence[DueRow]:
    """Return what of `rows` has the first one's subject: others may have to wait for what was passed over."""
    return [row for row in rows if subject(row) == subject(rows[0])]


def _first_apart(rows: Sequence[DueRow], pass_over: int) -> int:
    """Return the place of the first row from `pass_over` on that may go before those it passes over.

    What a learner did in an activity is never overtaken by what they did in it later. Where there are fewer
    rows than that, each has its turn.
    """
    if not pass_over or not rows:
        return 0
    firsts: dict[tuple[str, str, str], int] = {}
    for place, row in enumerate(rows):
        firsts.setdefault(subject(row), place)
    apart = [*firsts.values()]
    return next((place for place in apart if place >= pass_over), apart[pass_over % len(apart)])


_HOLD = Prepared(
    lambda dialect: (
        update(schema.delivery)
        .where(_d.seq.in_(numbers(dialect, "b_seqs")), _d.lease == bindparam("b_lease"))
        .values(due=bindparam("b_until"))
    )
)
_TAKE = Prepared(
    lambda dialect: (
        update(schema.delivery)
        .where(_d.seq.in_(numbers(dialect, "b_seqs")))
        .values(lease=bindparam("b_lease"), due=bindparam("b_until"), attempts=_d.attempts + 1)
    )
)


_NEXT_DUE = Prepared(
    lambda _: (
        select(_d.due)
        .where(_d.connection == bindparam("b_connection"), _d.state == State.PENDING)
        .order_by(_d.due)
        .limit(1)
    )
)


def _delivery(row: DueRow, ended: Collection[int]) -> Delivery:
    result = read_result(row.body)
    return Delivery(
        id=row.seq,
        result=result,
        attempt=row.attempts + 1,
        unsure=row.attempts > row.absent,
        finished=row.seq in ended,
    )
