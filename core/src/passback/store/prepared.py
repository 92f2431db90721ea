"""Statements that run again and again, compiled once.

Around a small statement SQLAlchemy takes longer than the database does for it. What is here hands the driver
the compiled statement, with the values in its order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import attrs
from sqlalchemy import Connection, CursorResult, Delete, Dialect, Insert, Select, Update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.compiler import SQLCompiler

__all__ = ["Prepared", "compiled_for"]

Statement: TypeAlias = Select[*tuple[Any, ...]] | Insert | Update | Delete
# What makes of a value what a driver takes.
_Take: TypeAlias = Callable[[Any], object]


def compiled_for(db: Connection, statement: Statement) -> SQLCompiler:
    """Return `statement` as the driver of `db` takes it, with places for values rather than names."""
    made = postgresql.psycopg.dialect if db.dialect.name == "postgresql" else sqlite.dialect
    # As each driver takes values that have no names.
    dialect: Dialect = made(paramstyle="format" if db.dialect.name == "postgresql" else "qmark")
    compiled = statement.compile(dialect=dialect)
    assert isinstance(compiled, SQLCompiler)  # noqa: S101 - it's what statements are compiled to
    return compiled


@attrs.frozen
class _Compiled:
    text: str
    # The names of the values in the statement's order, and how the driver takes each.
    names: Sequence[tuple[str, _Take | None]]
    # Those that are the same each time.
    constant: Mapping[str, object]

    def values(self, given: Mapping[str, object]) -> tuple[object, ...]:
        """Return `given` as the driver takes it, in the statement's order."""
        said = {**self.constant, **given}
        return tuple([take(said[name]) if take else said[name] for name, take in self.names])


class Prepared:
    """A statement that each engine may have in words of its own.

    What it returns is as the driver returns it: no type of a column makes anything else of it.
    """

    def __init__(self, make: Callable[[str], Statement]) -> None:
        """Prepare it; `make` builds it for the dialect of that name."""
        self._make = make
        self._compiled: dict[str, _Compiled] = {}

    def run(self, db: Connection, given: Mapping[str, object]) -> CursorResult[*tuple[Any, ...]]:
        """Run it with the values that are `given` for its parameters."""
        name = db.dialect.name
        if name not in self._compiled:
            self._compiled[name] = self._compile(db)
        compiled = self._compiled[name]
        return db.exec_driver_sql(compiled.text, compiled.values(given))

    def _compile(self, db: Connection) -> _Compiled:
        compiled = compiled_for(db, self._make(db.dialect.name))
        dialect = compiled.dialect
        kinds = {name: bind.type.dialect_impl(dialect) for name, bind in compiled.binds.items()}
        names = [(name, kinds[name].bind_processor(dialect)) for name in compiled.positiontup or ()]
        constant = {name: value for name, value in compiled.params.items() if value is not None}
        return _Compiled(str(compiled), names, constant)
