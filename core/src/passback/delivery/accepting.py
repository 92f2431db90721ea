"""Accept results: in one transaction, each fact once, an id never with two contents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import attrs
from sqlalchemy import Connection, bindparam, insert, select

from passback.delivery import schema
from passback.delivery.states import State
from passback.delivery.times import milliseconds
from passback.errors import ContentConflict
from passback.model import Result, canonical, read_result

__all__ = ["Acceptance", "Submission", "accept", "insert_deliveries", "raise_signals"]

_r = schema.result.c

# Statements of the hot path are built once: to build one costs as much as to run it.
_KNOWN = select(_r.id, _r.body).where(_r.id.in_(bindparam("ids", expanding=True)))
_ROUTED = (
    select(_r.id, schema.delivery.c.connection)
    .join(schema.delivery, schema.delivery.c.result == _r.seq)
    .where(_r.id.in_(bindparam("ids", expanding=True)))
    .order_by(schema.delivery.c.seq)
)
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


def accept(
    db: Connection, submissions: Sequence[Submission], now: int, *, tell: bool
) -> list[Acceptance | ContentConflict]:
    """Insert what is new of `submissions`; return for each its acceptance, or why it isn't accepted."""
    known = _known(db, [submission.result.id for submission in submissions])
    routed = _routed(db, list(known))
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
        goes = submission.connections if result_id not in known else tuple(routed.get(result_id, ()))
        answers.append(Acceptance(result_id=result_id, connections=goes, new=before is None))
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


def _routed(db: Connection, ids: Sequence[str]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for start in range(0, len(ids), 500):
        for row in db.execute(_ROUTED, {"ids": ids[start : start + 500]}):
            found.setdefault(row.id, []).append(row.connection)
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
