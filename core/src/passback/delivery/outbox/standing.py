"""Where learners stand: what they did, and where that was delivered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TypeAlias

import attrs
import msgspec
from sqlalchemy import ColumnElement, Connection, and_, bindparam, case, delete, func, insert, select, tuple_

from passback.delivery.outbox.learners import of_learner
from passback.delivery.outbox.subjects import STATUS
from passback.errors import InvalidResult
from passback.model import Reach, Result, Standing, readable, stand
from passback.store import State, listed, milliseconds, moment, numbers, parts, schema

__all__ = ["keep_standings", "said_before", "standings"]

_d = schema.delivery.c
_r = schema.result.c
_s = schema.standing.c
_SAYS = and_(_d.state == State.DELIVERED, _r.kind.in_(sorted(STATUS)))
_encoder = msgspec.json.Encoder(order="sorted")
_decoder = msgspec.json.Decoder(Standing)


# Whose it is: organisation, learner, activity.
_Key: TypeAlias = tuple[str, str, str]


def standings(db: Connection, organisation: str, learner: str) -> list[Standing]:
    """Return where `learner` of `organisation` stands in every activity, the latest first."""
    theirs = of_learner(organisation, learner)
    kept = select(_s.body).where(_s.learner == learner, _s.organisation == organisation)
    known = _readable(db.scalars(kept))
    results = readable(db.scalars(select(_r.body).where(*theirs)))
    reached = _reached(db, theirs)
    return [_with(each, reached) for each in stand(results, known)]


def said_before(
    db: Connection, connection: str, subjects: Iterable[tuple[str, str, str]]
) -> Mapping[tuple[str, str, str], int]:
    """Return when the latest happened that told `connection` how far a learner is and isn't kept any more.

    Args:
        db: Where it's kept.
        connection: Whose system knows it.
        subjects: Organisation, learner and activity.
    """
    found: dict[_Key, int] = {}
    for some in parts(sorted(set(subjects))):
        theirs = select(_s.body).where(tuple_(_s.organisation, _s.learner, _s.activity).in_(some))
        for standing in _readable(db.scalars(theirs)):
            for reach in standing.reached:
                if reach.connection == connection and reach.said is not None:
                    found[_key(standing)] = milliseconds(reach.said)
    return found


def keep_standings(db: Connection, seqs: Sequence[int], results: Sequence[Result]) -> None:
    """Fold `results`, which have the numbers `seqs` and won't be kept, into where their learners stand."""
    learners = sorted({each.learner.id for each in results})
    touched = {(each.organisation, each.learner.id, each.activity.id) for each in results}
    before = [
        each
        for some in parts(learners)
        for each in _readable(db.scalars(select(_s.body).where(_s.learner.in_(some))))
        if _key(each) in touched
    ]
    reached = _reached(db, [_r.seq.in_(numbers(db.dialect.name, "b_seqs"))], {"b_seqs": listed(seqs)})
    rows = [_row(_with(each, reached)) for each in stand(results, before)]
    if rows:
        db.execute(_REPLACED, [{f"b_{name}": row[name] for name in _PLACE} for row in rows])
        db.execute(insert(schema.standing), rows)


_PLACE = ("organisation", "learner", "activity")
_REPLACED = delete(schema.standing).where(
    *(schema.standing.c[name] == bindparam(f"b_{name}") for name in _PLACE)
)


def _row(standing: Standing) -> dict[str, object]:
    return dict(zip(_PLACE, _key(standing), strict=True)) | {"body": _encoder.encode(standing)}


def _with(standing: Standing, reached: Mapping[_Key, Sequence[Reach]]) -> Standing:
    more = reached.get(_key(standing), ())
    return attrs.evolve(standing, reached=_together([*standing.reached, *more]))


def _readable(bodies: Iterable[bytes]) -> list[Standing]:
    found: list[Standing] = []
    for body in bodies:
        # One that was damaged mustn't keep all results from being removed in their time.
        with suppress(msgspec.DecodeError, UnicodeError, InvalidResult):
            found.append(_decoder.decode(body))
    return found


def _key(standing: Standing) -> _Key:
    return standing.organisation, standing.learner.id, standing.activity.id


def _reached(
    db: Connection, conditions: Iterable[ColumnElement[bool]], given: Mapping[str, str] | None = None
) -> Mapping[_Key, Sequence[Reach]]:
    """Return how far the results that fulfil `conditions`, with the values `given`, got."""
    whose = (_r.organisation, _r.learner, _r.activity)
    counted = (
        select(
            *whose,
            _d.connection,
            _d.state,
            func.count().label("count"),
            func.max(_d.changed).label("changed"),
            func.max(case((_SAYS, _r.at))).label("said"),
        )
        .join(schema.delivery, _d.result == _r.seq)
        .where(*conditions)
        .group_by(*whose, _d.connection, _d.state)
        .order_by(_d.connection)
    )
    found: dict[_Key, list[Reach]] = {}
    for *key, connection, state, count, changed, said in db.execute(counted, given or {}):
        counts = {State(state).word: count}
        at = None if said is None else moment(said)
        reach = Reach(connection=connection, changed=moment(changed), said=at, **counts)
        found.setdefault(tuple(key), []).append(reach)
    return found


def _together(reached: Iterable[Reach]) -> tuple[Reach, ...]:
    by_connection: dict[str, Reach] = {}
    for each in reached:
        before = by_connection.get(each.connection)
        by_connection[each.connection] = each if before is None else before + each
    return tuple(by_connection[name] for name in sorted(by_connection))
