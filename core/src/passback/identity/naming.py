"""The other way round: which learner a user of a system is."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec
from sqlalchemy import Connection, select

from passback.identity.matching import AccountState
from passback.model import Learner
from passback.store import parts, schema

__all__ = ["learners_of"]

_a = schema.account.c


def learners_of(
    db: Connection, connection: str, organisation: str, users: Collection[str]
) -> Mapping[str, Learner]:
    """Return user id → learner, as last heard of, for those `users` of `connection` who are exactly one."""
    mine = (_a.connection == connection, _a.organisation == organisation)
    bound = (*mine, _a.state == AccountState.KNOWN.value)
    found: dict[str, list[Learner]] = {}
    ids = sorted(users)
    for some in parts(ids):
        query = select(_a.user_id, _a.person).where(*bound, _a.user_id.in_(some))
        for row in db.execute(query):
            found.setdefault(row.user_id, []).append(Learner(**msgspec.json.decode(row.person)))
    return {user: learners[0] for user, learners in found.items() if len(learners) == 1}
