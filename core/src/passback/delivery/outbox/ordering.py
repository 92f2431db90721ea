"""Order: what a learner did in an activity is never overtaken by what they did in it later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import Connection, Row, bindparam, func, select, update

from passback.delivery.outbox.due import DueRow, subject
from passback.delivery.outbox.learners import PERHAPS_OF_THESE, these
from passback.delivery.outbox.standing import said_before
from passback.delivery.outbox.subjects import END, STATUS
from passback.model import ResultKind, readable
from passback.store import Prepared, State, listed, numbers, schema, whose

__all__ = ["InOrder", "finished", "in_order", "overtaken"]

_d = schema.delivery.c
_r = schema.result.c
_Row: TypeAlias = Row[*tuple[Any, ...]]


class InOrder(NamedTuple):
    """What of some rows overtakes nothing.

    Attributes:
        rows: These, in order.
        put_off: For how many others some were put off.
        waiting: How many wait for what is on the wire.
    """

    rows: Sequence[DueRow]
    put_off: int = 0
    waiting: int = 0


_LATER = Prepared(
    lambda _: (
        select(_d.seq)
        .where(_d.connection == bindparam("b_connection"), _d.state == State.PENDING)
        .where(_d.due > bindparam("b_now"))
        .limit(1)
    )
)
_HOLDING = (
    select(_d.seq, _d.result, _d.due, _d.lease, _d.alone, _r.organisation, _r.learner, _r.activity)
    .join(schema.result, _r.seq == _d.result)
    .where(_d.connection == bindparam("b_connection"), _d.state == State.PENDING)
    .where(_d.due > bindparam("b_now"), PERHAPS_OF_THESE)
)


# All of them at once: there may be thousands.
_PUT_OFF = (
    update(schema.delivery)
    .where(_d.connection == bindparam("b_connection"), _d.state == State.PENDING)
    .where(_d.result > bindparam("b_result"), _d.due <= bindparam("b_now"))
    .where(
        _d.result.in_(
            select(_r.seq).where(
                _r.whose == bindparam("b_whose"),
                _r.organisation == bindparam("b_organisation"),
                _r.learner == bindparam("b_learner"),
                _r.activity == bindparam("b_activity"),
            )
        )
    )
    .values(due=bindparam("b_due"), changed=bindparam("b_now"))
)
_PUT_OFF_WITH_THEM = Prepared(
    lambda dialect: (
        update(schema.delivery)
        .where(_d.seq.in_(numbers(dialect, "b_seqs")), _d.state == State.PENDING)
        .values(due=bindparam("b_due"), changed=bindparam("b_now"))
    )
)
_SAID = (
    select(_r.organisation, _r.learner, _r.activity, func.max(_r.at).label("at"))
    .join(schema.delivery, _d.result == _r.seq)
    .where(_d.connection == bindparam("b_connection"), _d.state == State.DELIVERED)
    .where(_r.kind.in_(sorted(STATUS)), PERHAPS_OF_THESE)
    .group_by(_r.organisation, _r.learner, _r.activity)
)
# Of two at the same time, what came later counts.
_LAST = (
    select(func.max(_r.seq))
    .join(schema.delivery, _d.result == _r.seq)
    .where(_d.connection == bindparam("b_connection"), _d.state == State.DELIVERED)
    .where(_r.kind.in_(sorted(STATUS)), _r.whose == bindparam("b_whose"))
    .where(_r.organisation == bindparam("b_organisation"), _r.learner == bindparam("b_learner"))
    .where(_r.activity == bindparam("b_activity"), _r.at == bindparam("b_at"))
)
_ENDED = (
    select(_r.organisation, _r.learner, _r.activity, _r.body)
    .join(schema.delivery, _d.result == _r.seq)
    .where(_d.connection == bindparam("b_connection"), _d.state == State.DELIVERED)
    .where(_r.kind.in_(sorted(END)), PERHAPS_OF_THESE)
)


def in_order(
    db: Connection, connection: str, rows: Sequence[DueRow], now: int, covered: Mapping[int, int] | None
) -> InOrder:
    """Return what of `rows`, which are due, overtakes nothing.

    What must wait for another that is due later is put off until then; what must wait for another that is
    on the wire is left out.

    Args:
        db: Where they are.
        connection: Whose they are.
        rows: What is due, in order.
        now: The time.
        covered: Where a system keeps only a status: progress → what says it too, and with which it waits.
            What came later and is on the wire is then waited for, too: whether the earlier is to be sent at
            all is known when that has arrived.
    """
    if not rows or _LATER.run(db, {"b_connection": connection, "b_now": now}).scalar() is None:
        return InOrder(rows)
    holding: dict[tuple[str, str, str], list[_Row]] = {}
    wanted = {"b_connection": connection, "b_now": now, **these(map(subject, rows))}
    for holder in db.execute(_HOLDING, wanted):
        holding.setdefault(subject(holder), []).append(holder)
    held: dict[int, DueRow] = {}
    waiting = 0
    put_off: dict[tuple[str, str, str], _Row] = {}
    for row in rows:
        those = holding.get(subject(row), ())
        before = [each for each in those if _holds(each, row, latest_only=covered is not None)]
        if before:
            held[row.seq] = row
            if all(each.lease is None for each in before):
                put_off[subject(row)] = max(before, key=lambda each: each.due)
            else:
                waiting += 1
    with_them = [row for row in rows if row.seq not in held and (covered or {}).get(row.seq) in held]
    for holder in put_off.values():
        db.execute(_PUT_OFF, _until(holder, connection, now))
        if same := [row.seq for row in with_them if subject(row) == subject(holder)]:
            together = {"b_seqs": listed(same), "b_due": holder.due, "b_now": now}
            _PUT_OFF_WITH_THEM.run(db, together)
    left = held.keys() | {row.seq for row in with_them}
    return InOrder([row for row in rows if row.seq not in left], len(put_off), waiting)


def _holds(holder: _Row, row: DueRow, *, latest_only: bool) -> bool:
    if latest_only and holder.lease is not None:
        return True
    # What is tried alone holds nobody back: the system may fail on it for ever.
    return not holder.alone and bool(holder.result < row.result)


def _until(holder: _Row, connection: str, now: int) -> dict[str, object]:
    return {
        "b_connection": connection,
        "b_now": now,
        "b_result": holder.result,
        "b_due": holder.due,
        "b_whose": whose(holder.organisation, holder.learner),
        "b_organisation": holder.organisation,
        "b_learner": holder.learner,
        "b_activity": holder.activity,
    }


def overtaken(db: Connection, connection: str, rows: Sequence[DueRow]) -> frozenset[int]:
    """Return those of `rows` that are progress from before what was delivered already."""
    progress = [row for row in rows if row.kind == ResultKind.PROGRESSED]
    if not progress:
        return frozenset()
    wanted = {"b_connection": connection, **these(map(subject, progress))}
    said = {subject(row): row.at for row in db.execute(_SAID, wanted)}
    for about, at in said_before(db, connection, map(subject, progress)).items():
        said[about] = max(at, said.get(about, at))
    return frozenset(
        row.seq for row in progress if _is_overtaken(db, connection, row, said.get(subject(row)))
    )


def _is_overtaken(db: Connection, connection: str, row: DueRow, said: int | None) -> bool:
    at: int = row.at
    if said is None or at != said:
        return said is not None and at < said
    tied = {
        "b_connection": connection,
        "b_whose": whose(row.organisation, row.learner),
        "b_organisation": row.organisation,
        "b_learner": row.learner,
        "b_activity": row.activity,
        "b_at": said,
    }
    last: int | None = db.scalar(_LAST, tied)
    return last is not None and last > row.result


def finished(db: Connection, connection: str, rows: Sequence[DueRow]) -> frozenset[int]:
    """Return those of `rows` whose learners have finished their activity, as was delivered already."""
    wanted = {"b_connection": connection, **these(map(subject, rows))}
    ended = {
        subject(row)
        for row in db.execute(_ENDED, wanted)
        # Whoever failed may have to go on.
        if all(result.completion is not False for result in readable([row.body]))
    }
    return frozenset(row.seq for row in rows if subject(row) in ended)
