"""What is kept in words, said without what a learner is called."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import attrs
import msgspec
from sqlalchemy import Column, ColumnElement, Connection, Row, Select, bindparam, select, tuple_, update

from passback.contract import Alerted
from passback.delivery.outbox.mentions import ERASED, Mentions
from passback.store import schema

__all__ = ["portions", "redact", "redact_notices"]

_n = schema.notice.c
_r = schema.result.c

# Few enough to be held at once.
_PORTION = 500


def portions(
    db: Connection, query: Select[*tuple[Any, ...]], *keys: Column[object]
) -> Iterator[Sequence[Row[*tuple[Any, ...]]]]:
    """Yield what `query` finds in portions, in the order of `keys`, which it begins with."""
    ordered = query.order_by(*keys).limit(_PORTION)
    rows = db.execute(ordered).all()
    while rows:
        yield rows
        after = tuple_(*keys) > tuple_(*rows[-1][: len(keys)])
        rows = db.execute(ordered.where(after)).all() if len(rows) == _PORTION else []


def redact(db: Connection, mentions: Mentions, column: Column[str], *keys: Column[object]) -> None:
    """Overwrite in `column` of a table with these `keys` what mentions them."""
    same = [key == bindparam(f"b_{key.name}") for key in keys]
    # Another may have written it anew.
    statement = update(column.table).where(*same, column == bindparam("b_before"))
    for rows in portions(db, select(*keys, column).where(mentions.likely(column)), *keys):
        changed = [
            {f"b_{key.name}": value for key, value in zip(keys, row, strict=False)}
            | {"b_before": row[-1], "b_after": after}
            for row in rows
            if (after := mentions.without(row[-1])) != row[-1]
        ]
        if changed:
            db.execute(statement.values({column: bindparam("b_after")}), changed)


def redact_notices(db: Connection, mentions: Mentions, theirs: ColumnElement[bool]) -> None:
    """Have no notice that is still to be sent mention them, or a result of which `theirs` is true."""
    for rows in portions(db, select(_n.id, _n.body).where(_n.due.is_not(None)), _n.id):
        for row in rows:
            try:
                alert = msgspec.json.decode(row.body, type=Alerted)
            except (msgspec.DecodeError, UnicodeError):
                # Whoever is to send it can't read it either.
                continue
            said = _said_without(db, mentions, theirs, alert)
            if said != alert:
                # What was sent meanwhile is kept no longer.
                changed = update(schema.notice).where(_n.id == row.id, _n.due.is_not(None))
                db.execute(changed.values(body=msgspec.json.encode(said)))


def _said_without(db: Connection, mentions: Mentions, theirs: ColumnElement[bool], alert: Alerted) -> Alerted:
    examples = [each.example for each in alert.setbacks]
    gone = set(db.scalars(select(_r.id).where(_r.id.in_(examples), theirs))) if examples else set()
    setbacks = tuple(
        attrs.evolve(
            each,
            reason=mentions.without(each.reason),
            example=ERASED if each.example in gone else mentions.without(each.example),
        )
        for each in alert.setbacks
    )
    return attrs.evolve(alert, detail=mentions.without(alert.detail), setbacks=setbacks)
