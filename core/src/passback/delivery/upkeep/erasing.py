"""Erasing a learner: their results, and what is said of them anywhere else."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import Connection, and_, delete, exists, select, union, update

from passback.delivery.outbox.learners import of_learner
from passback.delivery.outbox.mentions import Mentions
from passback.delivery.outbox.naming import names_of
from passback.delivery.upkeep.redacting import portions, redact, redact_notices
from passback.delivery.upkeep.removing import ERASED, remove
from passback.store import RETAINING, listed, lock, numbers, parts, schema

__all__ = ["erase"]

_c = schema.connection.c
_d = schema.delivery.c
_e = schema.event.c
_h = schema.history.c
_i = schema.incident.c
_r = schema.result.c
_s = schema.standing.c
_u = schema.context.c

# So `Attempt.event` begins of a single result.
_OF_ONE = "1 result;"
_MANY = 10_000


def erase(db: Connection, learner: str, organisation: str, forget: Callable[[Connection], None]) -> int:
    """Remove everything that is known of a learner; return how many results that were.

    Args:
        db: The store.
        learner: The learner's id.
        organisation: Whose learner.
        forget: Removes what others keep of them, once it's known what they are called.
    """
    lock(db, RETAINING)
    theirs = and_(*of_learner(organisation, learner))
    seqs = [row.seq for row in db.execute(select(_r.seq).where(theirs).order_by(_r.seq))]
    mentions = Mentions(names_of(db, learner, organisation, seqs))
    # As long as it's known which results are theirs.
    redact_notices(db, mentions, theirs)
    events = _events_of(db, seqs)
    remove(db, seqs, ERASED)
    db.execute(delete(schema.standing).where(_s.learner == learner, _s.organisation == organisation))
    forget(db)
    _drop(db, sorted(events | _events_of_one(db, mentions)))
    redact(db, mentions, _e.summary, _e.id)
    redact(db, mentions, _h.outcome, _h.delivery, _h.event)
    redact(db, mentions, _d.reason, _d.seq)
    redact(db, mentions, _c.detail, _c.name)
    redact(db, mentions, _u.detail, _u.connection)
    return len(seqs)


def _events_of(db: Connection, seqs: Sequence[int]) -> set[int]:
    """Return what happened to the results with the numbers `seqs`."""
    found: set[int] = set()
    for some in parts(seqs):
        mine = select(_d.seq).where(_d.result.in_(some))
        found |= set(db.scalars(select(_h.event).where(_h.delivery.in_(mine)).distinct()))
        found |= set(db.scalars(select(_d.event).where(_d.result.in_(some), _d.event.is_not(None))))
    return found


def _events_of_one(db: Connection, mentions: Mentions) -> set[int]:
    """Return what happened to a single result, and mentions them: nothing else may know of it any more."""
    query = select(_e.id, _e.summary).where(
        _e.summary.startswith(_OF_ONE, autoescape=True), mentions.likely(_e.summary)
    )
    return {
        row.id
        for rows in portions(db, query, _e.id)
        for row in rows
        if mentions.without(row.summary) != row.summary
    }


def _drop(db: Connection, events: Sequence[int]) -> None:
    """Drop those of `events` to which no delivery refers."""
    for start in range(0, len(events), _MANY):
        some = events[start : start + _MANY]
        these = numbers(db.dialect.name, "b_events")
        # Each table is read once for many.
        referred = union(
            select(_h.event).where(_h.event.in_(these)), select(_d.event).where(_d.event.in_(these))
        )
        kept = set(db.scalars(referred, {"b_events": listed(some)}))
        for few in parts([each for each in some if each not in kept]):
            _drop_all(db, few)


def _drop_all(db: Connection, events: Sequence[int]) -> None:
    chosen = _e.id.in_(events)
    lasting = exists().where(_i.connection == _e.connection, _i.ended.is_(None), _i.began <= _e.at)
    # How much arrived since it broke is told when it's over.
    counted = and_(_e.delivered > 0, lasting)
    db.execute(update(schema.event).where(chosen, counted).values(summary=""))
    db.execute(delete(schema.event).where(chosen, ~counted))
