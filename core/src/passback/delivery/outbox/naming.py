"""What a learner is called by everything that is kept of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import TypeVar

import attrs
import msgspec
from sqlalchemy import Connection, select

from passback.model import Learner, Standing, readable
from passback.store import parts, schema

__all__ = ["called", "names_of"]

T = TypeVar("T")

_a = schema.account.c
_k = schema.link.c
_p = schema.person.c
_r = schema.result.c
_s = schema.standing.c


def names_of(db: Connection, learner: str, organisation: str, seqs: Sequence[int]) -> frozenset[str]:
    """Return every id, address and name of `learner`, whose results have the numbers `seqs`."""
    found = {learner}
    for some in parts(seqs):
        for result in readable(db.scalars(select(_r.body).where(_r.seq.in_(some)))):
            found |= called(result.learner)
    stood = select(_s.body).where(_s.learner == learner, _s.organisation == organisation)
    for standing in _read(Standing, db.scalars(stood)):
        found |= called(standing.learner)
    for column in (_a.person, _p.body):
        theirs = (column.table.c.learner == learner, column.table.c.organisation == organisation)
        for person in _read(Learner, db.scalars(select(column).where(*theirs))):
            found |= called(person)
    for column in (_a.user_id, _k.subject):
        theirs = (column.table.c.learner == learner, column.table.c.organisation == organisation)
        found |= {each for each in db.scalars(select(column).where(*theirs)) if each}
    return frozenset(found)


def called(learner: Learner) -> frozenset[str]:
    """Return every id, address and name that `learner` says."""
    return frozenset(each for each in attrs.astuple(learner) if isinstance(each, str))


def _read(kind: type[T], bodies: Iterable[bytes]) -> Iterable[T]:
    for body in bodies:
        with suppress(msgspec.DecodeError, UnicodeError):
            yield msgspec.json.decode(body, type=kind)
