"""Statements about many rows, compiled once.

SQLAlchemy binds row by row what it executes, which costs more than to write the row. What is here hands the
compiled statement to the driver, with the values in its order.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import Any, TypeAlias, TypeVar

import attrs
import msgspec
import sqlalchemy
from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnClause,
    Connection,
    Dialect,
    Insert,
    LargeBinary,
    Row,
    Select,
    Subquery,
    TableValuedAlias,
    bindparam,
    cast,
    func,
    select,
)
from sqlalchemy.dialects import postgresql

from passback.store.columns import Text, storable
from passback.store.prepared import compiled_for

__all__ = [
    "InsertMany",
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

V = TypeVar("V")
# What makes of the values of a column what a driver takes.
_Take: TypeAlias = Callable[[Sequence[Any]], Iterable[object]]
_Row: TypeAlias = Sequence[object]
_Found: TypeAlias = Row[*tuple[Any, ...]]

# Few enough that each is worth compiling, and that no engine has too many values in a statement.
_SIZES = (100, 10, 1)
_FEW = 500


@attrs.frozen
class _Compiled:
    text: str
    # The places of the columns in what is given, as the statement has them, and how the driver takes each.
    columns: Sequence[tuple[int, _Take | None]]

    def values(self, rows: Sequence[_Row]) -> tuple[object, ...]:
        """Return the values of `rows` as the driver takes them, in the statement's order."""
        given = [*zip(*rows, strict=True)]
        taken = [take(given[place]) if take else given[place] for place, take in self.columns]
        return tuple(chain.from_iterable(zip(*taken, strict=True)))


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
        self._optional = [place for place, name in enumerate(columns) if statement.table.c[name].nullable]
        self._compiled: dict[tuple[str, int, frozenset[int]], _Compiled] = {}

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
        unsaid = frozenset(place for place in self._optional if all(row[place] is None for row in rows))
        key = db.dialect.name, len(rows), unsaid
        if key not in self._compiled:
            self._compiled[key] = self._compile(db, len(rows), unsaid)
        compiled = self._compiled[key]
        return db.exec_driver_sql(compiled.text, compiled.values(rows)).all()

    def _compile(self, db: Connection, size: int, unsaid: Collection[int]) -> _Compiled:
        """Return the insert of `size` rows, without the columns that none of them has a value for."""
        said = {name: place for place, name in enumerate(self._columns) if place not in unsaid}
        rows: list[dict[str, object]] = [
            {name: bindparam(f"{name}_{number}") for name in said} for number in range(size)
        ]
        compiled = compiled_for(db, self._statement.values(rows).returning(*self._returning))
        # Each row has the order of the first.
        order = [name.rpartition("_")[0] for name in (compiled.positiontup or ())[: len(said)]]
        columns = self._statement.table.c
        taken = [(said[name], _taken(columns[name], compiled.dialect)) for name in order]
        return _Compiled(str(compiled), taken)


# SQLite's driver looks for an adapter of all but int, float, str and bytearray, which costs six times as much
# as to keep the value.
_PLAIN: Mapping[type[object], Callable[[Any], object]] = {LargeBinary: bytearray, Boolean: int}


def _taken(column: ColumnClause[Any], dialect: Dialect) -> _Take | None:
    """Return what makes of values of `column` what the driver takes; None if it takes them as they are."""
    one = _PLAIN.get(type(column.type)) if dialect.name == "sqlite" else None
    process = one or column.type.dialect_impl(dialect).bind_processor(dialect)
    if process is None:
        return None
    if column.nullable:
        return lambda values: [None if each is None else process(each) for each in values]
    return _texts if isinstance(column.type, Text) else partial(map, process)


def _texts(values: Sequence[str]) -> Iterable[str]:
    # Nearly always all of them can be kept as they are, which is seen of all at once.
    together = "".join(values)
    if together.isascii() and "\0" not in together and {*map(type, values)} == {str}:
        return values
    return map(storable, values)


def parts(values: Sequence[V]) -> Iterator[Sequence[V]]:
    """Yield `values` in parts, each few enough for one statement."""
    for start in range(0, len(values), _FEW):
        yield values[start : start + _FEW]


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
