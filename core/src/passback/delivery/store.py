"""The database: one thread that writes, and how durable each write must be.

A system's SQLite before 3.51.3 can corrupt a WAL database that two connections write at once, so such a
one is replaced by pysqlite3's where that is installed, and used with a rollback journal where it isn't.
"""

from __future__ import annotations

import importlib
import sqlite3
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event, insert, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from passback.delivery import schema
from passback.delivery.thread import WorkThread
from passback.errors import OutboxError, OutboxTooNew

__all__ = ["Store"]

P = ParamSpec("P")
T = TypeVar("T")

_SAFE_WAL = (3, 51, 3)
# Another process may hold the file for a whole bulk submission.
_BUSY_SECONDS = 30


def _driver() -> ModuleType:
    if sqlite3.sqlite_version_info >= _SAFE_WAL:
        return sqlite3
    try:
        return importlib.import_module("pysqlite3.dbapi2")
    except ImportError:
        return sqlite3


class Store:
    """A SQLite file that holds the outbox."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self._driver = _driver()
        self._wal = self._driver.sqlite_version_info >= _SAFE_WAL
        self._thread = WorkThread("passback-store")
        self._engine = self._connect()
        self._connection: Connection | None = None

    async def open(self) -> None:
        """Create the file and its tables where they don't exist yet.

        Raises:
            OutboxError: The file can't be used.
            OutboxTooNew: A newer Passback wrote it.
        """
        await self._in_thread(self._open)

    async def run(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `work` as one transaction that is on the disk when this returns."""
        # A rollback journal ends a transaction by vanishing, so its folder must be synced too.
        level = "FULL" if self._wal else "EXTRA"
        return await self._in_thread(lambda: self._transact(level, work, *args, **kwargs))

    async def run_soft(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `work` as one transaction that a power cut may undo, but nothing else.

        For leases and receipts: to lose one means to send once more, never to lose a result.
        """
        # Without a WAL, NORMAL might damage the file itself.
        level = "NORMAL" if self._wal else "FULL"
        return await self._in_thread(lambda: self._transact(level, work, *args, **kwargs))

    async def close(self) -> None:
        """Close the file."""
        await self._in_thread(self._close)
        await self._thread.end()

    async def _in_thread(self, work: Callable[[], T]) -> T:
        try:
            return await self._thread.run(work)
        except (DBAPIError, self._driver.DatabaseError, sqlite3.DatabaseError, OSError) as error:
            said = getattr(error, "orig", None) or getattr(error, "strerror", None) or error
            raise OutboxError(f"the outbox {self.path} can't be used: {said}") from error

    def _connect(self) -> Engine:
        engine = create_engine(
            URL.create("sqlite", database=str(self.path)),
            module=self._driver,
            hide_parameters=True,
            poolclass=NullPool,
            connect_args={"timeout": _BUSY_SECONDS, "isolation_level": None},
        )
        journal = "WAL" if self._wal else "DELETE"

        @event.listens_for(engine, "connect")
        def configure(raw: sqlite3.Connection, _: object) -> None:
            raw.execute(f"PRAGMA journal_mode = {journal}")
            raw.execute("PRAGMA foreign_keys = ON")
            raw.execute("PRAGMA cache_size = -16384")

        @event.listens_for(engine, "begin")
        def begin(connection: Connection) -> None:
            # A deferred transaction that turns to writing fails at once if another process wrote meanwhile.
            connection.exec_driver_sql("BEGIN IMMEDIATE")

        return engine

    def _open(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = self._engine.connect()
        with self._connection.begin():
            schema.metadata.create_all(self._connection)
            found = self._connection.scalar(select(schema.meta.c.value).where(schema.meta.c.key == "schema"))
            if found is None:
                self._connection.execute(
                    insert(schema.meta), {"key": "schema", "value": str(schema.SCHEMA_VERSION)}
                )
            elif int(found) > schema.SCHEMA_VERSION:
                raise OutboxTooNew(
                    f"the outbox {self.path} was written by a newer Passback (schema {found}, "
                    f"this one knows {schema.SCHEMA_VERSION}); upgrade this installation"
                )

    def _transact(
        self,
        synchronous: str,
        work: Callable[Concatenate[Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        if self._connection is None:
            raise OutboxError(f"the outbox {self.path} isn't open")
        raw = self._connection.connection.driver_connection
        if raw is not None:
            raw.execute(f"PRAGMA synchronous = {synchronous}")
        try:
            with self._connection.begin():
                return work(self._connection, *args, **kwargs)
        except BaseException:
            # A commit that fails leaves SQLite's own transaction open, and with it every later one blocked.
            if raw is not None and raw.in_transaction:
                raw.rollback()
            raise

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._engine.dispose()
