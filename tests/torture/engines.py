"""The databases that are tortured: how each is named, read from outside, and restarted."""

from __future__ import annotations

import importlib
import signal
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from typing import Any, ClassVar, Protocol

import psycopg

from passback_testbed.places import workspace
from torture.children import ask
from torture.place import Place


class Engine(Protocol):
    """One kind of database.

    Attributes:
        name: What the command line calls it.
        one_worker: Whether a second worker must refuse to start.
        is_file: Whether it stands on the disk that fills up and loses its power.
    """

    name: ClassVar[str]
    one_worker: ClassVar[bool]
    is_file: ClassVar[bool]

    def store(self, place: Place) -> str:
        """Return what the configuration calls it."""

    def settle_in(self) -> None:
        """Prepare a process that will use it."""

    def rows(self, place: Place, query: str) -> list[list[Any]]:
        """Return what a query finds, asked as another process, without Passback."""

    def bury(self) -> None:
        """Let the time pass after which others take over from a worker that is dead."""

    def restart(self) -> None:
        """Stop it without mercy, and start it again."""

    def end(self) -> None:
        """Leave nothing behind."""


class SQLite:
    """A SQLite file with a write-ahead log."""

    name: ClassVar[str] = "sqlite"
    one_worker: ClassVar[bool] = True
    is_file: ClassVar[bool] = True
    # Nothing is checkpointed by who only reads.
    reads: ClassVar[str] = "ro"

    def store(self, place: Place) -> str:
        """Return its path."""
        return str(place.disk / "passback.db")

    def settle_in(self) -> None:
        """Take Passback's own choice of a driver."""

    def rows(self, place: Place, query: str) -> list[list[Any]]:
        """Return what a query finds."""
        return ask(lambda: self._read(self.store(place), query))

    def bury(self) -> None:
        """Do nothing: the lock of a file ends with its process."""

    def restart(self) -> None:
        """Do nothing: there is no server."""

    def end(self) -> None:
        """Do nothing: the file goes with its folder."""

    def _read(self, path: str, query: str) -> list[list[Any]]:
        with closing(sqlite3.connect(f"file:{path}?mode={self.reads}", uri=True, timeout=30)) as db:
            return [list(row) for row in db.execute(query)]


class OldSQLite(SQLite):
    """A SQLite file with a rollback journal: what an old SQLite without pysqlite3 makes."""

    name: ClassVar[str] = "sqlite-journal"
    # Who comes first after a kill undoes what was half written.
    reads: ClassVar[str] = "rw"

    def settle_in(self) -> None:
        """Hide pysqlite3."""
        sys.modules["pysqlite3"] = sys.modules["pysqlite3.dbapi2"] = None  # type: ignore[assignment]


class Postgres:
    """A database on a PostgreSQL server of its own."""

    name: ClassVar[str] = "postgres"
    one_worker: ClassVar[bool] = False
    is_file: ClassVar[bool] = False

    def __init__(self) -> None:
        sys.path.append(str(workspace() / "core/tests/support"))
        self._server = importlib.import_module("postgres").PostgresServer()
        self._server.start()
        self._database = self._server.empty()

    def store(self, place: Place) -> str:
        """Return its URL."""
        del place
        url: str = self._server.url(self._database)
        return url

    def settle_in(self) -> None:
        """Do nothing: there is one driver."""

    def rows(self, place: Place, query: str) -> list[list[Any]]:
        """Return what a query finds."""
        return ask(lambda: self._read(self.store(place), query))

    def bury(self) -> None:
        """Let the half minute be over that a worker has for its next sign of life."""
        late = "UPDATE passback.{} SET until = 0"
        self._server.execute(f"{late.format('lane')}; {late.format('worker')}", self._database)

    def restart(self) -> None:
        """Kill the server's processes, and start it again."""
        self._server.stop(signal.SIGQUIT)
        self._server.start()

    def end(self) -> None:
        """Stop the server and remove its data."""
        self._server.remove()

    def _read(self, url: str, query: str) -> list[list[Any]]:
        with psycopg.connect(url, options="-c search_path=passback") as db:
            return [list(row) for row in db.execute(query)]


ENGINES: dict[str, Callable[[], Engine]] = {each.name: each for each in (SQLite, OldSQLite, Postgres)}
