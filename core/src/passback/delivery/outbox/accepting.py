"""Accept results: in one transaction, each fact once, an id never with two contents."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import attrs
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Insert,
    Row,
    bindparam,
    false,
    func,
    insert,
    literal,
    select,
)

from passback.delivery.outbox.attaching import attached_connections
from passback.delivery.outbox.corrections import note_corrections
from passback.delivery.outbox.submission import Key, Submission
from passback.errors import ContentConflict, InvalidResult
from passback.model import Result, read_result
from passback.store import (
    AT_ONCE,
    InsertMany,
    Prepared,
    State,
    grouped,
    groups,
    insert_new,
    milliseconds,
    schema,
    spelled,
    whose,
    words,
)

__all__ = ["UNROUTED", "Acceptance", "accept", "insert_deliveries", "raise_signals"]

# The signal that a result was accepted by a process that knows no connection for it.
UNROUTED = ""

_r = schema.result.c
_d = schema.delivery.c

# Statements of the hot path are built once: to build one costs as much as to run it.
_KNOWN = Prepared(
    lambda dialect: select(_r.organisation, _r.id, _r.body).where(_r.id.in_(words(dialect, "b_ids")))
)
_ROUTED = Prepared(
    lambda dialect: (
        select(_r.organisation, _r.id, _d.connection)
        .join(schema.delivery, _d.result == _r.seq)
        .where(_r.id.in_(words(dialect, "b_ids")))
        .order_by(_d.seq)
    )
)
# What a connection sent may have nowhere to go for ever, and others don't wait for it.
_WAITS = (~_r.routed, _r.source.is_(None))
_SOME_UNROUTED = select(_r.seq).where(*_WAITS).limit(1)
_UNROUTED_PLACES = Prepared(
    lambda dialect: (
        select(_r.organisation, _r.activity)
        .where(*_WAITS, _r.activity.in_(words(dialect, "b_activities")))
        .distinct()
    )
)
_COLUMNS = (
    "id",
    "organisation",
    "learner",
    "whose",
    "activity",
    "kind",
    "at",
    "body",
    "accepted",
    "routed",
    "source",
)
_INSERTED = ("organisation", "id", "seq")
_INSERT = InsertMany(insert_new(schema.result), _COLUMNS, returning=_INSERTED)
_INSERT_NUMBERED = InsertMany(insert_new(schema.result), (*_COLUMNS, "seq"), returning=_INSERTED)
_NUMBERS = select(
    func.nextval(func.pg_get_serial_sequence(schema.result.name, _r.seq.name)),
    func.generate_series(1, bindparam("b_count")),
)


def _deliver_statement(dialect: str) -> Insert:
    pair = groups(dialect, "b_groups")
    given: dict[str, ColumnElement[Any]] = {
        "result": pair.c.number,
        "connection": pair.c.name,
        "state": literal(State.PENDING, _d.state.type),
        "due": literal(AT_ONCE),
        "attempts": literal(0),
        "absent": literal(0),
        "alone": false(),
        "reason": literal(""),
        "changed": bindparam("b_now", type_=BigInteger),
        "kept_from": bindparam("b_now", type_=BigInteger),
    }
    return insert(schema.delivery).from_select(list(given), select(*given.values()))


_DELIVER = Prepared(_deliver_statement)


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


def accept(
    db: Connection, submissions: Sequence[Submission], now: int, *, tell: bool
) -> list[Acceptance | ContentConflict]:
    """Insert what is new of `submissions`; return for each its acceptance, or why it isn't accepted."""
    fresh: dict[Key, Submission] = {}
    for submission in submissions:
        fresh.setdefault(submission.key, submission)
    placed = _insert(db, fresh, now)
    known: dict[Key, bytes] = {}
    while missed := fresh.keys() - placed.keys() - known.keys():
        known |= _known(db, [result_id for _, result_id in missed])
        # Another process was about to accept the rest, and didn't.
        placed |= _insert(db, {key: fresh[key] for key in missed - known.keys()}, now)
    fresh = {key: fresh[key] for key in placed}
    routed = _routed(db, [result_id for _, result_id in known]) | placed
    names = {name for key in fresh for name in routed[key] or (UNROUTED,)}
    # Who has nowhere to go may have to wait for others: whoever routes those is told in any case.
    raise_signals(db, names if tell else names & {UNROUTED})
    answers: list[Acceptance | ContentConflict] = []
    for submission in submissions:
        key = submission.key
        before = known[key] if key in known else fresh[key].body
        if (differences := _differences(before, submission)) is not None:
            answers.append(ContentConflict(submission.result.id, differences))
            continue
        new = fresh.get(key) is submission
        answers.append(
            Acceptance(result_id=submission.result.id, connections=tuple(routed.get(key, ())), new=new)
        )
    return answers


def raise_signals(db: Connection, connections: Iterable[str]) -> None:
    """Tell the dispatcher, wherever it runs, that something of `connections` became due."""
    rows = [{"connection": name} for name in sorted(connections)]
    if rows:
        db.execute(insert(schema.signal), rows)


def _known(db: Connection, ids: Sequence[str]) -> dict[Key, bytes]:
    rows = _KNOWN.run(db, {"b_ids": spelled(ids)})
    return {(row.organisation, row.id): row.body for row in rows}


def _routed(db: Connection, ids: Sequence[str]) -> dict[Key, Sequence[str]]:
    found: dict[Key, list[str]] = {}
    if ids:
        for row in _ROUTED.run(db, {"b_ids": spelled(ids)}):
            found.setdefault((row.organisation, row.id), []).append(row.connection)
    return dict(found)


def _differences(before: bytes, submission: Submission) -> list[str] | None:
    """Return the fields that differ, as far as they are known; None if it's the same fact."""
    if before == submission.body:
        return None
    try:
        # Bytes differ for the same fact where an older Passback knew fewer fields.
        known, given = read_result(before), submission.result
    except InvalidResult:
        return []
    names = [field.name for field in attrs.fields(Result)]
    return [name for name in names if getattr(known, name) != getattr(given, name)] or None


def _insert(db: Connection, fresh: Mapping[Key, Submission], now: int) -> dict[Key, Sequence[str]]:
    """Insert what of `fresh` is unknown, and its deliveries; return for each the connections it goes to."""
    if not fresh:
        return {}
    goes = _destinations(db, fresh)
    rows = [
        (
            (each := submission.result).id,
            each.organisation,
            each.learner.id,
            whose(each.organisation, each.learner.id),
            each.activity.id,
            each.kind.value,
            milliseconds(each.at),
            submission.body,
            now,
            bool(goes[key]),
            submission.source,
        )
        for key, submission in fresh.items()
    ]
    inserted = {(organisation, result_id): seq for organisation, result_id, seq in _inserted(db, rows)}
    insert_deliveries(db, sorted((seq, name) for key, seq in inserted.items() for name in goes[key]), now)
    note_corrections(db, (fresh[key].result for key in inserted), now)
    return {key: goes[key] for key in inserted}


def _inserted(db: Connection, rows: Sequence[Sequence[object]]) -> Sequence[Row[str, str, int]]:
    if db.dialect.name == "sqlite" or len(rows) == 1:
        return _INSERT.run(db, rows)
    # Whoever accepts the same results at the same moment waits for these rows. All take them in one order, so
    # that no two wait for each other; their numbers still say in which order they were given.
    numbers = sorted(db.scalars(_NUMBERS, {"b_count": len(rows)}))
    numbered = sorted((*row, number) for row, number in zip(rows, numbers, strict=True))
    return _INSERT_NUMBERED.run(db, numbered)


def _destinations(db: Connection, fresh: Mapping[Key, Submission]) -> dict[Key, Sequence[str]]:
    results = [submission.result for submission in fresh.values()]
    attached = attached_connections(db, {result.activity.id for result in results})
    queueing = _queueing(db, results)
    goes: dict[Key, Sequence[str]] = {}
    for key, each in fresh.items():
        place = each.result.organisation, each.result.activity.id
        goes[key] = () if place in queueing else _names(each, attached.get(place))
    return goes


def _names(submission: Submission, later: Iterable[str] | None) -> Sequence[str]:
    if not later and submission.source is None:
        return submission.connections
    names = dict.fromkeys([*submission.connections, *(later or ())])
    return tuple(name for name in names if name != submission.source)


def _queueing(db: Connection, results: Sequence[Result]) -> Collection[tuple[str, str]]:
    """Return organisations and activities of `results` that others wait for which came before.

    Their activity was attached at this very moment, and they are being sent on their way.
    """
    if db.scalar(_SOME_UNROUTED) is None:
        return ()
    activities = sorted({result.activity.id for result in results})
    rows = _UNROUTED_PLACES.run(db, {"b_activities": spelled(activities)})
    return {(row.organisation, row.activity) for row in rows}


def insert_deliveries(db: Connection, pairs: Iterable[tuple[int, str]], now: int) -> None:
    """Create a pending delivery for each pair of result number and connection."""
    by_connection: dict[str, list[int]] = {}
    for seq, name in pairs:
        by_connection.setdefault(name, []).append(seq)
    if by_connection:
        _DELIVER.run(db, {"b_groups": grouped(by_connection), "b_now": now})
