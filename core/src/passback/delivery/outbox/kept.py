"""How much is kept of a learner: what there is to erase."""

from __future__ import annotations

import attrs
from sqlalchemy import ColumnElement, Connection, Table, func, select

from passback.delivery.outbox.learners import of_learner
from passback.store import schema

__all__ = ["Kept", "kept"]

_TABLES = {
    "results": schema.result,
    "standings": schema.standing,
    "accounts": schema.account,
    "launches": schema.launch,
    "people": schema.person,
    "links": schema.link,
    "provisions": schema.provision,
}


@attrs.frozen(kw_only=True)
class Kept:
    """How much is kept of one learner; false if nothing is.

    Attributes:
        results: Their results.
        standings: Activities of which older results were removed, and where they stand is kept.
        accounts: Bonds to users of learning systems.
        launches: Launches from learning systems that they claimed.
        people: 1 if the host knows them as a person who signs in.
        links: Bonds to those who vouch for them.
        provisions: What identity providers gave them last.
    """

    results: int
    standings: int
    accounts: int
    launches: int
    people: int
    links: int
    provisions: int

    def __bool__(self) -> bool:
        return any(attrs.astuple(self))


def kept(db: Connection, learner: str, organisation: str) -> Kept:
    """Return how much is kept of `learner`."""
    counts: dict[str, int] = {}
    for name, table in _TABLES.items():
        theirs = _theirs(table, learner, organisation)
        counts[name] = db.scalar(select(func.count()).select_from(table).where(*theirs)) or 0
    return Kept(**counts)


def _theirs(table: Table, learner: str, organisation: str) -> tuple[ColumnElement[bool], ...]:
    if table is schema.result:
        return of_learner(organisation, learner)
    return table.c.learner == learner, table.c.organisation == organisation
