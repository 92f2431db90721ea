"""What the host has said of its learners, in whichever of their results."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

import attrs
import msgspec
from sqlalchemy import Connection, Row, Select, bindparam, func, select

from passback.delivery.outbox.history import Event, EventKind
from passback.delivery.outbox.releasing import anything_waits, release
from passback.model import Delivery, Learner
from passback.store import Prepared, WaitingFor, listed, numbers, parts, schema, spelled, whose, words

__all__ = [
    "complete",
    "completed",
    "filled",
    "lacks",
    "learner_in",
    "release_better_known",
    "release_incomplete",
    "said_of",
]

_d = schema.delivery.c
_r = schema.result.c
# What makes a request of a learner; an address is what `Learner.address` makes of it.
_FIELDS = ("name", "username", "external_id", "openid")
# Who has thousands of results is known by the last of them.
_RECENT = 100


class _Part(msgspec.Struct):
    learner: Learner


# Nothing else of those results is looked at, so nothing else has to be readable.
_decoder = msgspec.json.Decoder(_Part)


def _last_said_statement(dialect: str) -> Select[tuple[str, bytes, int]]:
    place = func.row_number().over(partition_by=_r.learner, order_by=_r.seq.desc()).label("place")
    ranked = (
        select(_r.seq, place)
        .where(_r.whose.in_(numbers(dialect, "b_whose")), _r.learner.in_(words(dialect, "b_learners")))
        # What a connection sent is its system's word, not the host's.
        .where(_r.organisation == bindparam("b_organisation"), _r.source.is_(None))
        .subquery()
    )
    recent = select(ranked.c.seq).where(ranked.c.place <= _RECENT)
    return select(_r.learner, _r.body, _r.accepted).where(_r.seq.in_(recent)).order_by(_r.seq.desc())


# With every probe of an outage.
_LAST_SAID = Prepared(_last_said_statement)


@attrs.frozen
class _Said:
    # What one result said of its learner, and when it was accepted, in milliseconds.

    learner: Learner
    at: int


def lacks(learner: Learner) -> bool:
    """Return whether anything of `learner` isn't known."""
    return learner.address is None or not all(getattr(learner, name) for name in _FIELDS)


def filled(learner: Learner, said: Iterable[Learner]) -> Learner:
    """Return `learner` with what they lack, as it was `said` last; the last comes first."""
    more: dict[str, str] = {}
    for each in said:
        if learner.address is None and each.address is not None:
            more.setdefault("email", each.address)
        for name in _FIELDS:
            if not getattr(learner, name) and (value := getattr(each, name)):
                more.setdefault(name, value)
    return attrs.evolve(learner, **more) if more else learner


def completed(deliveries: Sequence[Delivery], foreign: Collection[int]) -> tuple[Delivery, ...]:
    """Return `deliveries` with the learners of first attempts as any of them has said.

    Else one that says more would arrive before those of its learner that came before it.

    Args:
        deliveries: What is sent together, of one organisation.
        foreign: Those of results that a connection sent.
    """
    # Lists, as they nearly always hold one: to hash a learner costs more than to compare two.
    said: dict[str, list[Learner]] = {}
    for each in reversed(deliveries):
        learner = each.result.learner
        those = said.setdefault(learner.id, [])
        if each.id not in foreign and learner not in those:
            those.append(learner)
    return tuple(_completed(each, said[each.result.learner.id]) for each in deliveries)


def _completed(delivery: Delivery, said: Sequence[Learner]) -> Delivery:
    # As nearly all are, of whom the others say the same.
    alike = said == [delivery.result.learner]
    return delivery if alike or delivery.attempt > 1 else complete(delivery, said)


def complete(delivery: Delivery, said: Iterable[Learner]) -> Delivery:
    """Return `delivery` with what its learner lacks, as it was `said` last; the last comes first."""
    learner = filled(delivery.result.learner, said)
    if learner is delivery.result.learner:
        return delivery
    return attrs.evolve(delivery, result=attrs.evolve(delivery.result, learner=learner))


def said_of(db: Connection, organisation: str, learners: Collection[str]) -> Mapping[str, Sequence[Learner]]:
    """Return what the host has said of each of `learners` in their last results, the last first."""
    found = _last_said(db, organisation, learners)
    return {name: [each.learner for each in said] for name, said in found.items()}


def _last_said(db: Connection, organisation: str, learners: Collection[str]) -> Mapping[str, Sequence[_Said]]:
    found: dict[str, list[_Said]] = {}
    for some in parts(sorted(learners)):
        theirs = {
            "b_whose": listed([whose(organisation, each) for each in some]),
            "b_learners": spelled(some),
            "b_organisation": organisation,
        }
        for row in _LAST_SAID.run(db, theirs):
            found.setdefault(row.learner, []).extend(
                _Said(learner, row.accepted) for learner in _learners([row.body])
            )
    return found


def _learners(bodies: Iterable[bytes]) -> Iterator[Learner]:
    """Yield the learners of the results that are kept as `bodies`, of those that can be read."""
    for body in bodies:
        with suppress(msgspec.DecodeError, UnicodeError, RecursionError):
            yield _decoder.decode(body).learner


def learner_in(body: bytes) -> Learner | None:
    """Return the learner of the result that is kept as `body`, as it says; None where that can't be read."""
    return next(_learners([body]), None)


def release_better_known(
    db: Connection, connection: str, organisation: str, learners: Collection[str], now: datetime
) -> int:
    """Try again what waits at `connection` for the accounts of those `learners` of whom more is known by now.

    That is more than when it was settled last; return how many. What became known while it was on the wire is
    for `release_incomplete`.
    """
    if not anything_waits(db, connection):
        return 0
    found: list[int] = []
    for some in parts(sorted(learners)):
        rows = db.execute(
            select(_d.seq, _d.attempts, _d.changed, _r.learner, _r.body)
            .join(schema.result, _r.seq == _d.result)
            .where(_d.connection == connection, schema.waiting_of_learner, _d.learner.in_(some))
            .where(_d.waiting_for == WaitingFor.ACCOUNT, _r.organisation == organisation)
        ).all()
        said = _last_said(db, organisation, {row.learner for row in rows})
        found += [row.seq for row in rows if _more_is_known(row, said.get(row.learner, ()))]
    return _release(db, connection, found, now)


def release_incomplete(db: Connection, connection: str, sent: Sequence[Delivery], now: datetime) -> int:
    """Try again what was `sent` without all that is known of its learner by now; return how many.

    Args:
        db: Where it waits by now.
        connection: Who doesn't know them.
        sent: As it was sent, of one organisation.
        now: The time.
    """
    as_sent = {each.id: each.result.learner for each in sent if lacks(each.result.learner)}
    if not as_sent:
        return 0
    said = said_of(db, sent[0].result.organisation, {each.id for each in as_sent.values()})
    found: list[int] = []
    for some in parts(sorted(as_sent)):
        bodies = select(_d.seq, _r.body).join(schema.result, _r.seq == _d.result).where(_d.seq.in_(some))
        for row in db.execute(bodies):
            found += [
                row.seq
                for learner in _learners([row.body])
                if filled(learner, said.get(learner.id, ())) != as_sent[row.seq]
            ]
    return _release(db, connection, found, now)


def _release(db: Connection, connection: str, seqs: Sequence[int], now: datetime) -> int:
    event = Event(connection=connection, kind=EventKind.RELEASED, at=now)
    why = "tried again, as more is known of its learner"
    chosen = ([_d.seq.in_(some), schema.waiting] for some in parts(seqs))
    return sum(release(db, conditions, event, why, tell=True) for conditions in chosen)


def _more_is_known(row: Row[*tuple[Any, ...]], said: Sequence[_Said]) -> bool:
    for learner in _learners([row.body]):
        # A first attempt shows the learner as the result has them.
        before = [each.learner for each in said if each.at <= row.changed] if row.attempts > 1 else ()
        return filled(learner, [each.learner for each in said]) != filled(learner, before)
    return False
