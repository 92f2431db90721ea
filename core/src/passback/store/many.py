"""Statements about many rows, compiled once.

SQLAlchemy binds row by row what it executes, which costs more than to write the row. What is here hands the
compiled statement to the driver, with the values in its order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from operator import itemgetter
from typing import Generic, Self, TypeAlias, TypeVar

import attrs
import msgspec
import sqlalchemy
from sqlalchemy import (
    BigInteger,
    Connection,
    Dialect,
    Insert,
    Row,
    Select,
    Subquery,
    TableValuedAlias,
    bindparam,
    cast,
    func,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.compiler import SQLCompiler

from passback.store.columns import storable

__all__ = [
    "InsertMany",
    "PerEngine",
    "grouped",
    "groups",
    "listed",
    "mapped",
    "numbers",
    "parts",
    "spelled",
    "texts",
    "words",
]

S = TypeVar("S")
V = TypeVar("V")
_Row: TypeAlias = Sequence[object]
_Found: TypeAlias = Row[tuple[object, ...]]

# Few enough that each is worth compiling, and that no engine has too many values in a statement.
_SIZES = (100, 10, 1)
_FEW = 500


@attrs.frozen
class _Compiled:
    text: str
    ordered: Callable[[_Row], tuple[object, ...]]
    # The places of values that the driver takes in another form, and how they become that.
    processors: Sequence[tuple[int, Callable[[object], object]]]

    @classmethod
    def of(cls, statement: Insert, given: Sequence[str], db: Connection) -> Self:
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

    def __init__(self, statement: Insert, columns: Sequence[str], returning: Sequence[str]) -> None:
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
        return answer.all()

    def _compile(self, db: Connection, size: int) -> _Compiled:
        rows: list[dict[str, object]] = [
            {name: bindparam(f"{name}_{number}") for name in self._columns} for number in range(size)
        ]
        statement = self._statement.values(rows)
        given = [f"{name}_{number}" for number in range(size) for name in self._columns]
        return _Compiled.of(statement.returning(*self._returning), given, db)


def parts(values: Sequence[V]) -> Iterator[Sequence[V]]:
    """Yield `values` in parts, each few enough for one statement."""
    for start in range(0, len(values), _FEW):
        yield values[start : start + _FEW]


class PerEngine(Generic[S]):
    """A statement that each engine has in words of its own, built once."""

    def __init__(self, make: Callable[[str], S]) -> None:
        """Prepare it; `make` builds it for the dialect of that name."""
        self._make = make
        self._made: dict[str, S] = {}

    def of(self, db: Connection) -> S:
        """Return it as the engine of `db` has it."""
        name = db.dialect.name
        if name not in self._made:
            self._made[name] = self._make(name)
        return self._made[name]


def numbers(dialect: str, parameter: str) -> Select[tuple[int]]:
    """Return a query for the numbers that a parameter holds, as `listed` writes them.

    One parameter however many there are: a statement with a parameter for each is another for each length.
    """
    given = bindparam(parameter, type_=sqlalchemy.Text)
    if dialect == "postgresql":
        each = func.json_array_elements_text(cast(given, postgresql.JSON)).table_valued("value")
        return select(cast(each.c.value, BigInteger))
    return select(func.json_each(given).table_valued("value").c.value)


def words(dialect: str, parameter: str) -> Select[tuple[str]]:
    """Return a query for the texts that a parameter holds, as `spelled` writes them."""
    given = bindparam(parameter, type_=sqlalchemy.Text)
    if dialect == "postgresql":
        return select(
            func.json_array_elements_text(cast(given, postgresql.JSON)).table_valued("value").c.value
        )
    return select(func.json_each(given).table_valued("value").c.value)


def spelled(values: Sequence[str]) -> str:
    """Return `values` as a parameter takes them that `words` reads."""
    return msgspec.json.encode([storable(each) for each in values]).decode()


def listed(values: Sequence[int]) -> str:
    """Return `values` as a parameter takes them that `numbers` reads."""
    return msgspec.json.encode(values).decode()


def texts(dialect: str, parameter: str) -> TableValuedAlias:
    """Return a table of the numbers (``key``) and texts (``value``) that `mapped` wrote into a parameter."""
    given = bindparam(parameter, type_=sqlalchemy.Text)
    if dialect == "postgresql":
        return func.json_each_text(cast(given, postgresql.JSON)).table_valued("key", "value")
    return func.json_each(given).table_valued("key", "value")


def mapped(values: Mapping[int, str | None]) -> str:
    """Return `values` as a parameter takes them that `texts` reads."""
    kept = {str(number): None if text is None else storable(text) for number, text in values.items()}
    return msgspec.json.encode(kept).decode()


def groups(dialect: str, parameter: str) -> Subquery:
    """Return a table of names (``name``), each with its numbers (``number``), that `grouped` wrote."""
    given = bindparam(parameter, type_=sqlalchemy.Text)
    if dialect == "postgresql":
        group = func.json_each(cast(given, postgresql.JSON)).table_valued("key", "value")
        each = func.json_array_elements_text(group.c.value).table_valued("value", joins_implicitly=True)
        return select(group.c.key.label("name"), cast(each.c.value, BigInteger).label("number")).subquery()
    group = func.json_each(given).table_valued("key", "value")
    each = func.json_each(group.c.value).table_valued("value", joins_implicitly=True)
    return select(group.c.key.label("name"), each.c.value.label("number")).subquery()


def grouped(values: Mapping[str, Sequence[int]]) -> str:
    """Return `values` as a parameter takes them that `groups` reads."""
    return msgspec.json.encode(values).decode()
