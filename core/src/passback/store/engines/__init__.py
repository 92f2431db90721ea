"""The databases that can hold the outbox; where it is says which one it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import attrs
import sqlalchemy
from sqlalchemy import Connection

from passback.errors import OutboxError
from passback.store.engines.sqlite import SQLite
from passback.store.kind import Kind

__all__ = ["DatabaseURL", "Engine", "engine_for"]


@attrs.frozen
class DatabaseURL:
    """Where an outbox is that several machines share.

    Attributes:
        url: As libpq reads it: ``postgresql://user:password@host:5432/database``. It's secret.
        again: Reads it once more, as its password may have been changed; raises `OutboxError` if it can't.
    """

    url: str = attrs.field(repr=False)
    again: Callable[[], str] = attrs.field(
        default=attrs.Factory(lambda self: lambda: self.url, takes_self=True), repr=False, eq=False
    )


class Engine(Protocol):
    """One kind of database."""

    @property
    def name(self) -> str:
        """What people call this one; nothing secret."""

    @property
    def file(self) -> Path | None:
        """The file that it is; None if it's a server."""

    @property
    def failures(self) -> tuple[type[Exception], ...]:
        """What its driver raises, besides what SQLAlchemy makes of it."""

    def create(self) -> sqlalchemy.Engine:
        """Return what connects to it."""

    def begin(self, db: Connection, kind: Kind) -> None:
        """Begin a transaction.

        Raises:
            OutboxGone: It's to be durable, and what it writes wouldn't be there for anybody else.
        """

    def require(self) -> None:
        """See that what is written now is there for others.

        Raises:
            OutboxGone: It isn't; says why.
        """

    def abandon(self, db: Connection, error: BaseException) -> None:
        """End what a transaction may have left open that `error` ended."""

    def rewrite(self, db: Connection) -> None:
        """Write the database anew, so that what was removed is nowhere; outside of a transaction."""

    def sever(self) -> None:
        """Have what waits for the database's answer fail; called from another thread."""

    def reserve(self, db: Connection) -> None:
        """Hold off whoever else wants to change the tables, until the transaction ends."""

    def said(self, error: Exception) -> str:
        """Return what `error` says, without the contents of rows."""

    def broke(self, error: Exception) -> bool:
        """Return whether `error` ended a connection that had been made."""

    def passes(self, error: Exception) -> bool:
        """Return whether what `error` ended works when it's done again: others were in the way."""


def engine_for(where: Path | DatabaseURL) -> Engine:
    """Return the engine for the outbox at `where`.

    Raises:
        OutboxError: Its driver isn't installed, or the URL is none.
    """
    if isinstance(where, Path):
        return SQLite(where)
    try:
        # Its driver is an extra.
        from passback.store.engines.postgres import Postgres  # noqa: PLC0415
    except ImportError as error:
        raise OutboxError(
            "an outbox on PostgreSQL needs its driver: pip install 'passback[postgres]'"
        ) from error
    return Postgres(where.url, where.again)
