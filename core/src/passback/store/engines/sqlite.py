"""SQLite: one file, which the processes of one machine share.

A system's SQLite before 3.51.3 can corrupt a WAL database that two connections write at once, so such a
one is replaced by pysqlite3's where that is installed, and used with a rollback journal where it isn't.
"""

from __future__ import annotations

import importlib
import sqlite3
import time
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import cast

import sqlalchemy
from sqlalchemy import URL, Connection, create_engine, event
from sqlalchemy.pool import NullPool

from passback.errors import OutboxGone
from passback.store.kind import Kind

__all__ = ["SQLite"]

_SAFE_WAL = (3, 51, 3)
# Another process may hold the file for a whole bulk submission.
_BUSY_SECONDS = 30
_BREATH = 0.05
# On a full disk, and beyond what a user may have of it.
_NO_ROOM = ("database or disk is full", "disk I/O error")


def _driver() -> ModuleType:
    if sqlite3.sqlite_version_info >= _SAFE_WAL:
        return sqlite3
    try:
        return importlib.import_module("pysqlite3.dbapi2")
    except ImportError:
        return sqlite3


class SQLite:
    """A SQLite file."""

    def __init__(self, path: Path) -> None:
        self.file = path.resolve()
        self.name = str(self.file)
        self.driver = _driver()
        self.failures: tuple[type[Exception], ...] = (self.driver.DatabaseError, sqlite3.DatabaseError)
        self._wal = self.driver.sqlite_version_info >= _SAFE_WAL
        # A rollback journal ends a transaction by vanishing, so its folder must be synced too; and without
        # a WAL, NORMAL might damage the file itself.
        self._durable, self._soft = ("FULL", "NORMAL") if self._wal else ("EXTRA", "FULL")
        self._log = Path(f"{self.file}-wal")
        self._opened: tuple[int, int] | None = None
        self._synchronous = ""
        # What is committed stands there, until much of it is written back to the file at once.
        self._logged: tuple[int, int] | None = None

    def create(self) -> sqlalchemy.Engine:
        """Return what connects to the file, whose folder exists from now on."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(
            URL.create("sqlite", database=str(self.file)),
            module=self.driver,
            hide_parameters=True,
            poolclass=NullPool,
            connect_args={"timeout": _BUSY_SECONDS, "isolation_level": None},
        )
        journal = "WAL" if self._wal else "DELETE"

        @event.listens_for(engine, "connect")
        def configure(raw: sqlite3.Connection, _: object) -> None:
            self._keep_journal(raw, journal)
            raw.execute("PRAGMA foreign_keys = ON")
            raw.execute("PRAGMA cache_size = -16384")
            # Pages that many transactions change are written back to the file once for all of them, and the
            # -wal file, 33 MB by then, is filled anew. What it takes more while somebody reads is given back.
            raw.execute("PRAGMA wal_autocheckpoint = 8000")
            raw.execute("PRAGMA journal_size_limit = 40000000")
            # What is removed is people's data; little is, so that it's overwritten costs nothing to speak of.
            raw.execute("PRAGMA secure_delete = ON")
            self._opened, self._logged = _identity(self.file), None
            self._synchronous = ""

        return engine

    def require(self) -> None:
        """See that the file is where it was opened.

        Raises:
            OutboxGone: It isn't, or the -wal file isn't.
        """
        logged = _identity(self._log)
        self._logged = self._logged or logged
        if logged != self._logged or _identity(self.file) != self._opened:
            # The open file lives on without a name, and all that is in it ends with this process.
            raise OutboxGone(
                f"the outbox {self.name}, or the -wal file beside it, was removed or replaced while it was "
                "in use, so nothing more is accepted or delivered; if that was a mistake, move it back; then "
                "start everything that uses it again"
            )

    def _keep_journal(self, raw: sqlite3.Connection, kind: str) -> None:
        # Several that find a new file at once are in each other's way here, and SQLite has none of them wait.
        for _ in range(round(_BUSY_SECONDS / _BREATH)):
            try:
                raw.execute(f"PRAGMA journal_mode = {kind}")
            except self.driver.OperationalError as error:
                if "locked" not in str(error):
                    raise
                time.sleep(_BREATH)
            else:
                return
        raw.execute(f"PRAGMA journal_mode = {kind}")

    def begin(self, db: Connection, kind: Kind) -> None:
        """Begin a transaction; one that is soft a power cut may undo.

        Raises:
            OutboxGone: It's to be durable, and its file isn't where it was opened any more.
        """
        durable = kind is Kind.DURABLE
        if durable:
            self.require()
        raw = _raw(db)
        wanted = self._durable if durable else self._soft
        if wanted != self._synchronous:
            raw.execute(f"PRAGMA synchronous = {wanted}")
            self._synchronous = wanted
        # A deferred transaction that turns to writing fails at once if another process wrote meanwhile.
        raw.execute("BEGIN IMMEDIATE")

    def abandon(self, db: Connection, error: BaseException) -> None:
        """End the transaction that a failed commit leaves open, and with it every later one blocked."""
        raw = _raw(db)
        if raw.in_transaction:
            raw.rollback()
        if isinstance(error, Exception) and self.said(error) in _NO_ROOM:
            # Nothing is written back but after a commit, which needs room: it's all in use by the -wal file
            # if somebody has read there for long.
            with suppress(*self.failures):
                raw.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def reserve(self, db: Connection) -> None:
        """Do nothing: every transaction holds off all others."""

    def said(self, error: Exception) -> str:
        """Return what `error` says."""
        return str(getattr(error, "orig", None) or getattr(error, "strerror", None) or error)

    def broke(self, _: Exception) -> bool:
        """Return False: a file doesn't go away."""
        return False

    def rewrite(self, db: Connection) -> None:
        """Write the file anew, and empty the -wal file.

        Raises:
            TimeoutError: Somebody reads what stands in the -wal file.
        """
        raw = _raw(db)
        try:
            # A page that is split keeps copies of rows that moved, where no deletion finds them.
            raw.execute("VACUUM")
        finally:
            # Also where there wasn't room for another such file: what was taken of it is given back.
            busy = self._wal and raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if busy:
            raise TimeoutError(f"somebody has been reading it for {_BUSY_SECONDS} s")

    def sever(self) -> None:
        """Do nothing: a file answers, and whoever is in the way was waited for."""

    def passes(self, _: Exception) -> bool:
        """Return False: whoever is in the way was waited for."""
        return False


def _identity(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _raw(db: Connection) -> sqlite3.Connection:
    # pysqlite3's has the same methods.
    return cast("sqlite3.Connection", db.connection.driver_connection)
