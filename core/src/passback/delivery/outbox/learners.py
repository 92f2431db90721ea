"""Whose results are meant: conditions on a result, by the index of learners."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import ColumnElement, bindparam, select

from passback.store import CODES, schema, whose

__all__ = ["PERHAPS_OF_THESE", "of_learner", "of_learner_anywhere", "of_learners", "these"]

_r = schema.result.c

# Of the learners that `these` binds, and of the few others who share a number with one of them.
PERHAPS_OF_THESE = _r.whose.in_(bindparam("b_these", expanding=True))


def these(subjects: Iterable[tuple[str, str, str]]) -> dict[str, list[int]]:
    """Return what `PERHAPS_OF_THESE` takes for the organisations and learners of `subjects`."""
    return {"b_these": sorted({whose(organisation, learner) for organisation, learner, _ in subjects})}


def of_learner(organisation: str, learner: str) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions on a result that it's one of `learner`."""
    return _r.whose == whose(organisation, learner), _r.organisation == organisation, _r.learner == learner


def of_learners(organisation: str, learners: Collection[str]) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions on a result that it's one of `learners`."""
    numbers = sorted({whose(organisation, each) for each in learners})
    return _r.whose.in_(numbers), _r.organisation == organisation, _r.learner.in_(learners)


def of_learner_anywhere(learner: str) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions on a result that it's one of a `learner`, of whichever organisation."""
    # Every number is read for that, but no result.
    numbers = select(_r.whose - _r.whose % CODES + whose("", learner) % CODES).distinct()
    return _r.whose.in_(numbers), _r.learner == learner
