"""Say which user a learner is, and have what waited for that go."""

from __future__ import annotations

from datetime import datetime

import attrs
from sqlalchemy import Connection as Database

from passback.delivery import last_seen, release_learners
from passback.identity import Bond, Finding, bonds, keep

__all__ = ["recognise"]


def recognise(db: Database, connection: str, organisation: str, finding: Finding, now: datetime) -> Bond:
    """Keep `finding` at `connection`; return what is known of its learner now.

    They are kept as the bond before or their last result has them: the finding may have no more of them
    than an id.
    """
    name = finding.learner.id
    before = next(bonds(db, connection, organisation, [name]), None)
    who = before.learner if before else last_seen(db, organisation, name)
    keep(db, connection, organisation, [attrs.evolve(finding, learner=who or finding.learner)], now)
    release_learners(db, connection, organisation, [name], now)
    return next(bonds(db, connection, organisation, [name]))
