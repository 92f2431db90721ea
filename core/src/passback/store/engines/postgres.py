"""PostgreSQL: a server, which processes on several machines share.

Its tables stand in a schema of their own, so that they may share a database with the host's.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import psycopg
import sqlalchemy
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

from passback.errors import OutboxError
from passback.store.kind import Kind
from passback.store.locking import MIGRATING, lock

__all__ = ["SCHEMA", "Postgres"]

SCHEMA = "passback"
_EXPECTED = (
    "expected postgresql://user:password@host:5432/database, with %40 for an @ in the password, and so on"
)
# What the URL says goes before these. A server that vanished is noticed within half a minute.
_DEFAULTS = {
    "application_name": "passback",
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
# What says which outbox it is; another user or password still leads to the same one.
_WHERE = ("service", "host", "hostaddr", "port", "dbname")
# How each kind of transaction begins, and how what it writes gets to the disk. What matters is set for each:
# behind a pooler, another session may serve the next one, with settings that others left there.
_KINDS = {
    # Of the ways to commit, only "off" is none that lasts.
    Kind.DURABLE: ("READ COMMITTED", "coalesce(nullif(current_setting('synchronous_commit'), 'off'), 'on')"),
    Kind.SOFT: ("READ COMMITTED", "'off'"),
    # What only reads is in nobody's way, and nobody is in its.
    Kind.READING: ("REPEATABLE READ, READ ONLY", "'off'"),
}
# A process that froze within a transaction must not hold up the others for long; one with much to do takes
# its time, whatever the role is given.
_TIMES = {"lock_timeout": "30s", "idle_in_transaction_session_timeout": "30s", "statement_timeout": "0"}
_TRANSACTION_TIMES = 170000


def _begin(kind: Kind, version: int) -> str:
    """Return what begins a transaction on a server of `version`.

    In one round trip, and in few statements, as the driver takes its time for each.
    """
    isolation, commit = _KINDS[kind]
    times = _TIMES | ({"transaction_timeout": "0"} if version >= _TRANSACTION_TIMES else {})
    settings = {"search_path": f"'{SCHEMA}'", "synchronous_commit": commit}
    settings |= {name: f"'{value}'" for name, value in times.items()}
    said = ", ".join(f"set_config('{name}', {value}, true)" for name, value in settings.items())
    return f"BEGIN ISOLATION LEVEL {isolation}; SELECT {said}"


_DEADLOCK, _SERIALIZATION = "40P01", "40001"
# Classes of what ends a connection: the server is stopped, or the connection broke.
_GONE = ("57P", "08")


class Postgres:
    """A database on a PostgreSQL server."""

    file = None
    failures: tuple[type[Exception], ...] = (psycopg.Error,)

    def __init__(self, url: str, again: Callable[[], str]) -> None:
        self._again = again
        self._raw: psycopg.Connection[Any] | None = None
        self._begins: Mapping[Kind, str] = {}
        self._parameters = _parameters(url)
        self.name = _named(self._parameters)

    def create(self) -> sqlalchemy.Engine:
        """Return what connects to the database."""
        return create_engine(
            "postgresql+psycopg://",
            creator=self._connect,
            hide_parameters=True,
            poolclass=NullPool,
            use_native_hstore=False,
        )

    def begin(self, db: Connection, kind: Kind) -> None:
        """Begin a transaction; one that is soft a crash of the server may undo."""
        db.exec_driver_sql(self._begins[kind])

    def require(self) -> None:
        """Do nothing: nobody can take a server's tables away from under a connection."""

    def abandon(self, db: Connection, error: BaseException) -> None:
        """End what a failed commit may have left open, and a connection that can't be used for good."""
        if db.invalidated:
            return
        cause = getattr(error, "orig", None) or error
        if isinstance(cause, psycopg.errors.ReadOnlySqlTransaction):
            # It was so when the connection was made; another may reach a server that writes.
            db.invalidate()
            return
        raw = db.connection.driver_connection
        if isinstance(raw, psycopg.Connection) and raw.info.transaction_status is not TransactionStatus.IDLE:
            raw.rollback()

    def reserve(self, db: Connection) -> None:
        """Hold off whoever else wants to change the tables, and make the schema where there is none.

        Raises:
            OutboxError: The database keeps text in another encoding than UTF-8.
        """
        lock(db, MIGRATING)
        if db.scalar(text("SHOW server_encoding")) != "UTF8":
            raise OutboxError(
                f"the database {self.name} doesn't keep text in UTF-8; give the outbox one that does"
            )
        # Who may use the schema, but make none, finds it made.
        if db.scalar(text("SELECT to_regnamespace(:name)"), {"name": SCHEMA}) is None:
            db.execute(text(f"CREATE SCHEMA {SCHEMA}"))

    def said(self, error: Exception) -> str:
        """Return what `error` says, without its details: they may hold a whole row."""
        cause = getattr(error, "orig", None) or error
        if isinstance(cause, psycopg.Error) and cause.diag.message_primary:
            return cause.diag.message_primary
        lines = str(cause).splitlines()
        return lines[0] if lines else type(cause).__name__

    def broke(self, error: Exception) -> bool:
        """Return whether `error` ended a connection that had been made."""
        cause = getattr(error, "orig", None) or error
        if not isinstance(cause, psycopg.OperationalError) or isinstance(
            cause, psycopg.errors.ConnectionTimeout
        ):
            return False
        if cause.sqlstate is not None:
            return cause.sqlstate.startswith(_GONE)
        return not str(cause).startswith("connection failed")

    def passes(self, error: Exception) -> bool:
        """Return whether others were in the way."""
        cause = getattr(error, "orig", None) or error
        return isinstance(cause, psycopg.Error) and cause.sqlstate in (_DEADLOCK, _SERIALIZATION)

    def rewrite(self, db: Connection) -> None:
        """Do nothing: when a server writes what over is its administrator's business."""

    def sever(self) -> None:
        """End the connection, so that who waits for the server's answer waits no longer."""
        raw = self._raw
        if raw is not None and not raw.closed:
            with suppress(OSError), socket.socket(fileno=os.dup(raw.fileno())) as other:
                other.shutdown(socket.SHUT_RDWR)

    def _connect(self) -> psycopg.Connection[Any]:
        try:
            self._raw = psycopg.connect("", autocommit=True, **self._parameters)
        except psycopg.OperationalError as error:
            # Reading the URL again may mean to ask a vault: not whenever the server is away.
            if not (error.pgconn and error.pgconn.used_password and self._changed()):
                raise
            self._raw = psycopg.connect("", autocommit=True, **self._parameters)
        self._begins = {kind: _begin(kind, self._raw.info.server_version) for kind in Kind}
        if not _is_direct(self._raw):
            self._raw.prepare_threshold = None
        return self._raw

    def _changed(self) -> bool:
        """Return whether the URL is another than before, which is used from now on.

        Raises:
            OutboxError: It can't be read, or leads to another outbox.
        """
        found, before = _parameters(self._again()), self._parameters
        if any(found.get(each) != before.get(each) for each in _WHERE):
            raise OutboxError(
                f"the outbox {self.name} refuses its password, and its URL leads to {_named(found)} by now, "
                "which is another outbox; start this process again to use that one"
            )
        self._parameters = found
        return found != before


def _is_direct(raw: psycopg.Connection[Any]) -> bool:
    """Return whether no pooler lies between: one tells a number of its own for the server's process.

    Behind one, a statement that was prepared may be in another session, or another process's in this one.
    """
    found = raw.execute("SELECT pg_backend_pid()").fetchone()
    return found is not None and found[0] == raw.info.backend_pid


def _parameters(url: str) -> dict[str, Any]:
    try:
        given = conninfo_to_dict(url)
    except (psycopg.ProgrammingError, UnicodeError):
        raise OutboxError(f"the outbox's URL can't be read; {_EXPECTED}") from None
    # So ends a password with an unescaped @, and the server's name stands in messages.
    if "@" in str(given.get("host", "")):
        raise OutboxError(f"the outbox's URL names a server with an @ in it; {_EXPECTED}")
    return {**_DEFAULTS, **given, "client_encoding": "utf8"}


def _named(parameters: Mapping[str, Any]) -> str:
    host, port = parameters.get("host", ""), parameters.get("port", "")
    return f"postgresql://{host}{f':{port}' if port else ''}/{parameters.get('dbname', '')}"
