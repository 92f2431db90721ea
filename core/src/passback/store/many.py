"""Statements about many rows, compiled once.

SQLAlchemy binds row by row what it executes, which costs more than to write the row. What is here hands the
compiled statement to the driver, with the values in its order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from operator import itemgetter
from typing import Self, TypeAlias

import attrs
from sqlalchemy import Connection, Dialect, Insert, Row, Update, bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.compiler import SQLCompiler

__all__ = ["InsertMany", "UpdateMany"]

_Row: TypeAlias = Sequence[object]
_Found: TypeAlias = Row[tuple[object, ...]]

# Few enough that each is worth compiling, and that no engine has too many values in a statement.
_SIZES = (100, 10, 1)


@attrs.frozen
class _Compiled:
    text: str
    ordered: Callable[[_Row], tuple[object, ...]]
    # The places of values that the driver takes in another form, and how they become that.
    processors: Sequence[tuple[int, Callable[[object], object]]]

    @classmethod
    def of(cls, statement: Insert | Update, given: Sequence[str], db: Connection) -> Self:
        dialect = _positional(db)
        compiled = statement.compile(dialect=dialect)
        assert isinstance(compiled, SQLCompiler)  # noqa: S101 - it's what statements are compiled to
        names = list(compiled.positiontup or ())
        types = [compiled.binds[name].type.dialect_impl(dialect) for name in names]
        processors = [(place, each.bind_processor(dialect)) for place, each in enumerate(types)]
        needed = [(place, process) for place, process in processors if process is not None]
        return cls(str(compiled), itemgetter(*map(given.index, names)), needed)

    def values(self, row: _Row) -> tuple[object, ...]:
        """Return what the values of `row` are to the driver."""
        values = list(self.ordered(row))
        for place, process in self.processors:
            if values[place] is not None:
                values[place] = process(values[place])
        return tuple(values)


def _positional(db: Connection) -> Dialect:
    made = postgresql.psycopg.dialect if db.dialect.name == "postgresql" else sqlite.dialect
    # As each driver takes values that have no names.
    return made(paramstyle="format" if db.dialect.name == "postgresql" else "qmark")


class InsertMany:
    """An insert of many rows in few statements."""

    def __init__(self, statement: Insert, columns: Sequence[str], returning: Sequence[str] = ()) -> None:
        """Prepare it.

        Args:
            statement: The insert, without values.
            columns: What each row has, in order; all that have no default in the database.
            returning: The columns that are returned of each row that is inserted.
        """
        self._statement = statement
        self._columns = tuple(columns)
        self._returning = [statement.table.c[name] for name in returning]
        self._compiled: dict[tuple[str, int], _Compiled] = {}

    def run(self, db: Connection, rows: Sequence[_Row]) -> list[_Found]:
        """Insert `rows`; return what is wanted of those that were inserted."""
        found: list[_Found] = []
        start = 0
        for size in _SIZES:
            while len(rows) - start >= size:
                found.extend(self._insert(db, rows[start : start + size]))
                start += size
        return found

    def _insert(self, db: Connection, rows: Sequence[_Row]) -> Iterable[_Found]:
        key = db.dialect.name, len(rows)
        if key not in self._compiled:
            self._compiled[key] = self._compile(db, len(rows))
        compiled = self._compiled[key]
        answer = db.exec_driver_sql(compiled.text, compiled.values([*chain.from_iterable(rows)]))
        return answer.all() if self._returning else ()

    def _compile(self, db: Connection, size: int) -> _Compiled:
        rows: list[dict[str, object]] = [
            {name: bindparam(f"{name}_{number}") for name in self._columns} for number in range(size)
        ]
        statement = self._statement.values(rows)
        given = [f"{name}_{number}" for number in range(size) for name in self._columns]
        return _Compiled.of(
            statement.returning(*self._returning) if self._returning else statement, given, db
        )


class UpdateMany:
    """An update of many rows, each by values of its own."""

    def __init__(self, statement: Update, names: Sequence[str]) -> None:
        """Prepare it.

        Args:
            statement: The update, with parameters.
            names: The parameters, each of which each row gives, in order; at least two.
        """
        self._statement = statement
        self._names = tuple(names)
        self._compiled: dict[str, _Compiled] = {}

    def run(self, db: Connection, rows: Sequence[_Row]) -> int:
        """Update by `rows`; return how many rows that changed."""
        if db.dialect.name not in self._compiled:
            self._compiled[db.dialect.name] = _Compiled.of(self._statement, self._names, db)
        compiled = self._compiled[db.dialect.name]
        return db.exec_driver_sql(compiled.text, [compiled.values(row) for row in rows]).rowcount
