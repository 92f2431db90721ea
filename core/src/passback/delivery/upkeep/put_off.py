"""What is pending and put off: its system asked for that, it's tried alone, or it waits behind such a one."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, Connection, and_, select, update

from passback.store import AT_ONCE, State, parts, schema

__all__ = ["connections_with", "free_with", "put_off"]

_d = schema.delivery.c
_r = schema.result.c


def put_off(now: int) -> ColumnElement[bool]:
    """Return the condition on a delivery that it's pending, and to be tried later than now."""
    # While it's on the wire, that's when its lease ends.
    return and_(_d.state == State.PENDING, _d.lease.is_(None), _d.due > now)


def connections_with(db: Connection, names: Collection[str], now: int) -> set[str]:
    """Return those of the connections called `names` that have something put off."""
    found: set[str] = set()
    for some in parts(sorted(names)):
        found.update(
            db.scalars(select(_d.connection).where(_d.connection.in_(some), put_off(now)).distinct())
        )
    return found


def free_with(db: Connection, conditions: Sequence[ColumnElement[bool]], now: int) -> None:
    """Make due what itself isn't meant by `conditions`, and waits with what is put off and meant, or for it.

    That is what its learner did in that activity and is put off until then, too. What came before it goes as
    well: it would hold back what is meant.
    """
    # Each only once: of one learner in one activity, thousands may be put off.
    about = (
        select(_r.whose, _r.learner, _r.organisation, _r.activity, _d.connection, _d.due)
        .join(schema.delivery, _d.result == _r.seq)
        .where(*conditions, put_off(now))
        .distinct()
        .subquery()
    )
    later, its = schema.delivery.alias(), schema.result.alias()
    theirs = and_(
        *(its.c[name] == about.c[name] for name in ("whose", "learner", "organisation", "activity"))
    )
    together = (
        select(later.c.seq)
        .join(its, its.c.seq == later.c.result)
        .join(about, theirs)
        .where(later.c.connection == about.c.connection, later.c.due == about.c.due)
        # Said of both, so that neither is looked for among all that is pending.
        .where(later.c.state == State.PENDING, later.c.lease.is_(None), later.c.due > now)
    )
    meant = select(_d.seq).where(*conditions)
    only_with = (_d.seq.in_(together), _d.seq.not_in(meant.correlate(None)))
    db.execute(update(schema.delivery).where(*only_with).values(due=AT_ONCE, changed=now))
