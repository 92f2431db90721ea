"""Where learners stand: what they did, and where that was delivered."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress

import attrs
import msgspec
from sqlalchemy import ColumnElement, Connection, delete, func, insert, select

from passback.errors import InvalidResult
from passback.model import Reach, Result, Standing, readable, stand
from passback.store import State, moment, schema

__all__ = ["keep_standings", "standings"]

_d = schema.delivery.c
_r = schema.result.c
_s = schema.standing.c
_encoder = msgspec.json.Encoder(order="sorted")
_decoder = msgspec.json.Decoder(Standing)


def standings(db: Connection, organisation: str, learner: str) -> list[Standing]:
    """Return where `learner` of `organisation` stands in every activity, the latest first."""
    theirs = (_r.learner == learner, _r.organisation == organisation)
    kept = select(_s.body).where(_s.learner == learner, _s.organisation == organisation)
    known = _readable(db.scalars(kept))
    results = readable(db.scalars(select(_r.body).where(*theirs)))
    reached = _reached(db, theirs)
    return [
        attrs.evolve(each, reached=_together([*each.reached, *reached.get(each.activity.id, ())]))
        for each in stand(results, known)
    ]


def keep_standings(db: Connection, seqs: Collection[int], results: Sequence[Result]) -> None:
    """Fold `results`, which have the numbers `seqs` and won't be kept, into where their learners stand."""
    before: dict[tuple[str, str, str], Standing] = {}
    for learner in sorted({each.learner.id for each in results}):
        kept = select(_s.body).where(_s.learner == learner)
        before |= {_key(each): each for each in _readable(db.scalars(kept))}
    touched = {(each.organisation, each.learner.id, each.activity.id) for each in results}
    known = [each for key, each in before.items() if key in touched]
    for each in stand(results, known):
        organisation, learner, activity = _key(each)
        theirs = (_r.learner == learner, _r.organisation == organisation, _r.activity == activity)
        gone = _reached(db, (*theirs, _r.seq.in_(seqs))).get(activity, ())
        body = _encoder.encode(attrs.evolve(each, reached=_together([*each.reached, *gone])))
        same = (_s.learner == learner, _s.organisation == organisation, _s.activity == activity)
        db.execute(delete(schema.standing).where(*same))
        values = {"learner": learner, "organisation": organisation, "activity": activity, "body": body}
        db.execute(insert(schema.standing), values)


def _readable(bodies: Iterable[bytes]) -> list[Standing]:
    found: list[Standing] = []
    for body in bodies:
        # One that was damaged mustn't keep all results from being removed in their time.
        with suppress(msgspec.DecodeError, UnicodeError, InvalidResult):
            found.append(_decoder.decode(body))
    return found


def _key(standing: Standing) -> tuple[str, str, str]:
    return standing.organisation, standing.learner.id, standing.activity.id


def _reached(db: Connection, conditions: Iterable[ColumnElement[bool]]) -> dict[str, list[Reach]]:
    """Return activity → how far the results that fulfil `conditions` got."""
    counted = (
        select(
            _r.activity,
            _d.connection,
            _d.state,
            func.count().label("count"),
            func.max(_d.changed).label("changed"),
        )
        .join(schema.delivery, _d.result == _r.seq)
        .where(*conditions)
        .group_by(_r.activity, _d.connection, _d.state)
        .order_by(_d.connection)
    )
    found: dict[str, list[Reach]] = {}
    for activity, connection, state, count, changed in db.execute(counted):
        counts = {State(state).word: count}
        reach = Reach(connection=connection, changed=moment(changed), **counts)
        found.setdefault(activity, []).append(reach)
    return found


def _together(reached: Iterable[Reach]) -> tuple[Reach, ...]:
    by_connection: dict[str, Reach] = {}
    for each in reached:
        before = by_connection.get(each.connection)
        by_connection[each.connection] = each if before is None else before + each
    return tuple(by_connection[name] for name in sorted(by_connection))
