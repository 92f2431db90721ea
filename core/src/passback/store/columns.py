"""Types of columns, and a statement, that are the same on every engine."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any

import sqlalchemy
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Dialect,
    Integer,
    SmallInteger,
    Table,
    TypeDecorator,
    literal_column,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql import operators
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import TypeEngine

__all__ = ["LARGEST", "Code", "Serial", "Text", "insert_new", "insert_once", "storable"]

# The largest number that a row can have.
LARGEST = 2**63 - 1
Serial = BigInteger().with_variant(Integer, "sqlite")


class Text(TypeDecorator[str]):
    """Text as other systems send it: what PostgreSQL can't keep becomes a replacement character.

    It's compared byte by byte: an index doesn't depend on the operating system's idea of an alphabet, which
    changes under it.
    """

    impl = sqlalchemy.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type of `dialect`."""
        collation = "C" if dialect.name == "postgresql" else None
        return dialect.type_descriptor(sqlalchemy.Text(collation=collation))

    def process_bind_param(self, value: str | None, _: Dialect) -> str | None:
        """Return `value` as it can be kept."""
        return None if value is None else storable(value)


def storable(text: str) -> str:
    """Return `text` as every engine can keep it."""
    if text.isascii() and "\0" not in text:
        return str(text)
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")


class Code(TypeDecorator[int]):
    """A number that stands for a word.

    What it's compared with is written into the statement: only so a planner knows which partial index serves.
    """

    impl = SmallInteger
    cache_ok = True

    class comparator_factory(TypeDecorator.Comparator[int]):  # noqa: D106, N801 - SQLAlchemy's name for it
        def operate(self, op: OperatorType, *other: Any, **kwargs: Any) -> ColumnElement[Any]:  # noqa: ANN401
            """Return the comparison."""
            (value,) = other
            if op in (operator.eq, operator.ne) and isinstance(value, int):
                value = _written(value)
            elif op is operators.in_op and isinstance(value, list):
                value = [_written(each) for each in value]
            return super().operate(op, value, **kwargs)


def _written(code: int) -> ColumnElement[int]:
    return literal_column(str(int(code)), SmallInteger)


def insert_new(table: Table) -> postgresql.Insert:
    """Return an insert into `table` that passes over what is there already, or comes from another at once."""
    # SQLite has the same clause, and compiles it.
    return postgresql.insert(table).on_conflict_do_nothing()


def insert_once(db: Connection, table: Table, row: Mapping[str, object]) -> bool:
    """Insert `row`, unless what must be unique in it is there already; return whether it was inserted."""
    first = next(iter(table.primary_key))
    return db.execute(insert_new(table).returning(first), row).first() is not None
