"""Where learners stand, read from the outbox: what they did, and where that was delivered."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
from sqlalchemy import Connection, func, select

from passback.delivery import schema
from passback.delivery.states import State
from passback.delivery.times import moment
from passback.model import Reach, Standing, read_result, stand

__all__ = ["standings"]

_d = schema.delivery.c
_r = schema.result.c


def standings(db: Connection, organisation: str, learner: str) -> list[Standing]:
    """Return where `learner` of `organisation` stands in every activity, the latest first."""
    theirs = (_r.learner == learner, _r.organisation == organisation)
    results = [read_result(row.body) for row in db.execute(select(_r.body).where(*theirs))]
    reached: dict[str, dict[str, Reach]] = {}
    counted = (
        select(
            _r.activity,
            _d.connection,
            _d.state,
            func.count().label("count"),
            func.max(_d.changed).label("changed"),
        )
        .join(schema.delivery, _d.result == _r.seq)
        .where(*theirs)
        .group_by(_r.activity, _d.connection, _d.state)
        .order_by(_d.connection)
    )
    for activity, connection, state, count, changed in db.execute(counted):
        reach = reached.setdefault(activity, {})
        before = reach.get(connection) or Reach(connection=connection, changed=moment(changed))
        reach[connection] = attrs.evolve(
            before, changed=max(before.changed, moment(changed)), **{State(state).word: count}
        )
    return [_with(each, reached.get(each.activity.id, {})) for each in stand(results)]


def _with(standing: Standing, reached: Mapping[str, Reach]) -> Standing:
    return attrs.evolve(standing, reached=tuple(reached.values()))
