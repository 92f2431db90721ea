"""Courses: what a connection's system may list, and since when it's so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

import attrs
import msgspec
from sqlalchemy import Connection, select, tuple_, update

from passback.model import Course
from passback.store import insert_new, milliseconds, moment, schema

__all__ = ["courses", "offer"]

_c = schema.course.c
_NOT_KEPT = ("changed",)


def offer(db: Connection, connection: str, offered: Iterable[Course], now: datetime) -> int:
    """Keep that exactly `offered` is what `connection` lists; return how many courses changed by that.

    What isn't offered any longer stays listed as inactive, so that the system learns of it.
    """
    before = {course.activity.id: course for course in courses(db, connection)}
    wanted = {course.activity.id: course for course in offered}
    gone = {name: attrs.evolve(course, active=False) for name, course in before.items() if name not in wanted}
    changed = [
        course
        for name, course in {**gone, **wanted}.items()
        if name not in before or attrs.evolve(before[name], changed=course.changed) != course
    ]
    for course in changed:
        _write(db, connection, course, milliseconds(now))
    return len(changed)


def courses(db: Connection, connection: str) -> Iterator[Course]:
    """Yield everything that `connection` lists, and what it listed once."""
    mine = select(schema.course).where(_c.connection == connection).order_by(_c.activity)
    for row in db.execute(mine).all():
        yield attrs.evolve(msgspec.json.decode(row.body, type=Course), changed=moment(row.changed))


def _write(db: Connection, connection: str, course: Course, now: int) -> None:
    content = attrs.asdict(course, filter=lambda field, _: field.name not in _NOT_KEPT)
    values = {"body": msgspec.json.encode(content), "changed": now}
    key = {"connection": connection, "activity": course.activity.id}
    db.execute(insert_new(schema.course), {**key, **values})
    where = tuple_(_c.connection, _c.activity) == tuple_(*key.values())
    db.execute(update(schema.course).where(where).values(**values))
