"""Learners who signed in, and whom their systems are asked about: each soon, by what the sign-in told."""

from __future__ import annotations

from datetime import datetime

import attrs
import msgspec
from sqlalchemy import Connection, literal_column, select, update

from passback.identity.accounts import bonds
from passback.identity.matching import WEAK, AccountState
from passback.model import IdentityProposal, Learner
from passback.store import AT_ONCE, insert_once, milliseconds, schema

__all__ = ["expect", "expected", "expected_connections"]

_a = schema.account.c
# Written into the statement: only so a planner knows which partial index serves.
_NOW = _a.checked == literal_column(str(AT_ONCE))


def expect(
    db: Connection,
    connection: str,
    organisation: str,
    learner: Learner,
    proposal: IdentityProposal | None,
    now: datetime,
) -> bool:
    """Have `learner` looked up at `connection`; return whether that's needed.

    Args:
        db: The store.
        connection: Where.
        organisation: Whose learner.
        learner: Who, as they are known since they signed in.
        proposal: What the connector makes of that, if anything.
        now: What time it is.
    """
    before = next(bonds(db, connection, organisation, [learner.id]), None)
    if before is not None and before.account is not None and before.matched_by not in WEAK:
        return False
    key = {"connection": connection, "organisation": organisation, "learner": learner.id}
    values = {
        "person": msgspec.json.encode(attrs.asdict(learner)),
        "checked": AT_ONCE,
        "proposed_by": proposal.matched_by if proposal else None,
        "proposed_id": proposal.user_id if proposal else None,
    }
    unknown = {"state": AccountState.UNKNOWN.value, "changed": milliseconds(now)}
    if not insert_once(db, schema.account, {**key, **unknown, **values}):
        mine = (_a.connection == connection, _a.organisation == organisation, _a.learner == learner.id)
        db.execute(update(schema.account).where(*mine).values(**values))
    return True


def expected_connections(db: Connection) -> list[str]:
    """Return the connections at which somebody is to be looked up at once."""
    return sorted(db.scalars(select(_a.connection).where(_NOW).distinct()))


def expected(db: Connection, connection: str, organisation: str) -> list[Learner]:
    """Return those who are to be looked up at once at `connection`."""
    mine = (_a.connection == connection, _a.organisation == organisation, _NOW)
    bodies = db.scalars(select(_a.person).where(*mine).order_by(_a.learner))
    return [Learner(**msgspec.json.decode(body)) for body in bodies]
