"""Accept results: in one transaction, each fact once, an id never with two contents."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Self, TypeAlias

import attrs
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Insert,
    bindparam,
    false,
    insert,
    literal,
    select,
)

from passback.delivery.attaching import attached_connections
from passback.errors import ContentConflict, InvalidResult
from passback.model import Result, canonical, read_result
from passback.store import (
    AT_ONCE,
    InsertMany,
    PerEngine,
    State,
    grouped,
    groups,
    insert_new,
    milliseconds,
    schema,
    spelled,
    words,
)

__all__ = ["UNROUTED", "Acceptance", "Submission", "accept", "insert_deliveries", "raise_signals"]

# The signal that a result was accepted by a process that knows no connection for it.
UNROUTED = ""

# What the ids of a result may take together, in bytes.
_LONGEST = 2560
# What a character takes at most, in bytes.
_WIDEST = 4

_r = schema.result.c
_d = schema.delivery.c
_Key: TypeAlias = tuple[str, str]

# Statements of the hot path are built once: to build one costs as much as to run it.
_KNOWN = PerEngine(
    lambda dialect: select(_r.organisation, _r.id, _r.body).where(_r.id.in_(words(dialect, "b_ids")))
)
_ROUTED = PerEngine(
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
_UNROUTED_PLACES = PerEngine(
    lambda dialect: (
        select(_r.organisation, _r.activity)
        .where(*_WAITS, _r.activity.in_(words(dialect, "b_activities")))
        .distinct()
    )
)
_INSERT_RESULTS = InsertMany(
    insert_new(schema.result),
    ("id", "organisation", "learner", "activity", "kind", "at", "body", "accepted", "routed", "source"),
    returning=("organisation", "id", "seq"),
)


def _deliver_statement(dialect: str) -> Insert:
    pair = groups(dialect, "b_groups")
    given: dict[str, ColumnElement[Any]] = {
        "result": pair.c.number,
        "connection": pair.c.name,
        "state": literal(State.PENDING, _d.state.type),
        "due": literal(AT_ONCE),
        "attempts": literal(0),
        "alone": false(),
        "reason": literal(""),
        "changed": bindparam("b_now", type_=BigInteger),
        "kept_from": bindparam("b_now", type_=BigInteger),
    }
    return insert(schema.delivery).from_select(list(given), select(*given.values()))


_DELIVER = PerEngine(_deliver_statement)


@attrs.frozen(kw_only=True)
class Submission:
    """A result and where it goes.

    Attributes:
        result: The result.
        body: Its canonical bytes.
        connections: The connections that the configuration attaches its activity to.
        source: The connection that it came from, and doesn't go to; None if it's the host's own.
    """

    result: Result
    body: bytes
    connections: tuple[str, ...]
    source: str | None = None

    @classmethod
    def of(cls, result: Result, connections: Iterable[str], source: str | None = None) -> Self:
        """Return `result` ready to be put.

        Raises:
            InvalidResult: It holds something that couldn't be read back, or looked up by.
        """
        body = canonical(result)
        _require_indexable(result)
        return cls(result=result, body=body, connections=tuple(connections), source=source)

    @property
    def key(self) -> _Key:
        """What makes it this fact and no other."""
        return self.result.organisation, self.result.id


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
    known = _known(db, [submission.result.id for submission in submissions])
    fresh: dict[_Key, Submission] = {}
    for submission in submissions:
        if submission.key not in known:
            fresh.setdefault(submission.key, submission)
    placed = _insert(db, fresh, now)
    while missed := fresh.keys() - placed.keys() - known.keys():
        # Another process accepted them at this very moment.
        known |= _known(db, [result_id for _, result_id in missed])
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


def _require_indexable(result: Result) -> None:
    together = f"{result.id}{result.learner.id}{result.activity.id}{result.organisation}"
    if len(together) * _WIDEST <= _LONGEST and "\0" not in together:
        return
    ids = {
        "id": result.id,
        "learner.id": result.learner.id,
        "activity.id": result.activity.id,
        "organisation": result.organisation,
    }
    for field, text in ids.items():
        if "\0" in text:
            raise InvalidResult(field, "expected a text without a NUL character")
    sizes = {field: len(text.encode()) for field, text in ids.items()}
    # They stand together in an index, whose entries PostgreSQL limits.
    for field in ("id", "learner.id"):
        others = [each for each in sizes if (each == "id") == (field == "id") or each == "organisation"]
        if sum(sizes[each] for each in others) > _LONGEST:
            together = ", ".join(each for each in others if each != field)
            raise InvalidResult(field, f"expected at most {_LONGEST} bytes in UTF-8 together with {together}")


def raise_signals(db: Connection, connections: Iterable[str]) -> None:
    """Tell the dispatcher, wherever it runs, that something of `connections` became due."""
    rows = [{"connection": name} for name in sorted(connections)]
    if rows:
        db.execute(insert(schema.signal), rows)


def _known(db: Connection, ids: Sequence[str]) -> dict[_Key, bytes]:
    rows = db.execute(_KNOWN.of(db), {"b_ids": spelled(ids)})
    return {(row.organisation, row.id): row.body for row in rows}


def _routed(db: Connection, ids: Sequence[str]) -> dict[_Key, Sequence[str]]:
    found: dict[_Key, list[str]] = {}
    if ids:
        for row in db.execute(_ROUTED.of(db), {"b_ids": spelled(ids)}):
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


def _insert(db: Connection, fresh: Mapping[_Key, Submission], now: int) -> dict[_Key, Sequence[str]]:
    """Insert what of `fresh` is unknown, and its deliveries; return for each the connections it goes to."""
    if not fresh:
        return {}
    goes = _destinations(db, fresh)
    rows = [
        (
            (each := submission.result).id,
            each.organisation,
            each.learner.id,
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
    inserted = _INSERT_RESULTS.run(db, rows)
    pairs = [(row.seq, name) for row in inserted for name in goes[row.organisation, row.id]]
    insert_deliveries(db, sorted(pairs), now)
    return {key: goes[key] for key in ((row.organisation, row.id) for row in inserted)}


def _destinations(db: Connection, fresh: Mapping[_Key, Submission]) -> dict[_Key, Sequence[str]]:
    results = [submission.result for submission in fresh.values()]
    attached = attached_connections(db, {result.activity.id for result in results})
    queueing = _queueing(db, results)
    goes: dict[_Key, Sequence[str]] = {}
    for key, each in fresh.items():
        later = attached.get((each.result.organisation, each.result.activity.id), ())
        names = dict.fromkeys([*each.connections, *later])
        goes[key] = tuple(name for name in names if name != each.source)
    return {key: () if _place(key, fresh) in queueing else names for key, names in goes.items()}


def _place(key: _Key, fresh: Mapping[_Key, Submission]) -> tuple[str, str]:
    return key[0], fresh[key].result.activity.id


def _queueing(db: Connection, results: Sequence[Result]) -> Collection[tuple[str, str]]:
    """Return organisations and activities of `results` that others wait for which came before.

    Their activity was attached at this very moment, and they are being sent on their way.
    """
    if db.scalar(_SOME_UNROUTED) is None:
        return ()
    activities = sorted({result.activity.id for result in results})
    rows = db.execute(_UNROUTED_PLACES.of(db), {"b_activities": spelled(activities)})
    return {(row.organisation, row.activity) for row in rows}


def insert_deliveries(db: Connection, pairs: Iterable[tuple[int, str]], now: int) -> None:
    """Create a pending delivery for each pair of result number and connection."""
    by_connection: dict[str, list[int]] = {}
    for seq, name in pairs:
        by_connection.setdefault(name, []).append(seq)
    if by_connection:
        db.execute(_DELIVER.of(db), {"b_groups": grouped(by_connection), "b_now": now})
