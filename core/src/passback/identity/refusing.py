"""Users whom a system doesn't know when results come for them, though it's found out that they are there."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, case, select, update

from passback.identity.matching import AccountState
from passback.store import milliseconds, parts, schema

__all__ = ["refuse", "refused", "take"]

_a = schema.account.c
_REFUSED = _a.refused == _a.user_id


def refuse(
    db: Connection, connection: str, organisation: str, learner: str, user_id: str, now: datetime
) -> None:
    """Take note that the system doesn't know the user `user_id`, who `learner` was thought to be."""
    mine = _of(connection, organisation, [learner])
    since = case((_REFUSED, _a.changed), else_=milliseconds(now))
    db.execute(
        update(schema.account).where(*mine, _a.user_id == user_id).values(refused=user_id, changed=since)
    )


def refused(db: Connection, connection: str, organisation: str, learners: Collection[str]) -> list[str]:
    """Return those of `learners` who are thought to be a user whom the system didn't know last."""
    known = (_REFUSED, _a.state == AccountState.KNOWN)
    found: list[str] = []
    for some in parts(sorted(learners)):
        found += db.scalars(select(_a.learner).where(*_of(connection, organisation, some), *known))
    return found


def take(db: Connection, connection: str, organisation: str, learners: Collection[str]) -> list[str]:
    """Take note that the system knows the users who `learners` are; return those of whom it didn't before."""
    mine = _of(connection, organisation, sorted(learners))
    taken = update(schema.account).where(*mine, _REFUSED).values(refused=None).returning(_a.learner)
    return list(db.scalars(taken))


def _of(connection: str, organisation: str, learners: Collection[str]) -> tuple[ColumnElement[bool], ...]:
    return _a.connection == connection, _a.organisation == organisation, _a.learner.in_(learners)
