"""The tables' revisions, each a script in `versions`; the database says which one it is at.

Alembic is imported where a database isn't up to date, and nowhere else.
"""

from __future__ import annotations

import threading

from sqlalchemy import Column, Connection, MetaData, String, Table, inspect, select

__all__ = ["NEWEST", "TABLE", "revision", "upgrade"]

# Revisions are numbers with leading zeros, so the newer is the greater.
NEWEST = "0001"
# Not Alembic's own: the host may keep its tables in the same database, by Alembic.
TABLE = "passback_revision"

_revision = Table(TABLE, MetaData(), Column("version_num", String(32), nullable=False))
# What Alembic's scripts refer to is global.
_upgrading = threading.Lock()


def revision(db: Connection) -> str | None:
    """Return the revision that the database is at; None if it's empty."""
    if not inspect(db).has_table(TABLE):
        return None
    return db.scalar(select(_revision.c.version_num))


def upgrade(db: Connection) -> None:
    """Bring the tables up to date, within the transaction that runs."""
    from alembic import command  # noqa: PLC0415 - it isn't light
    from alembic.config import Config  # noqa: PLC0415

    config = Config(attributes={"connection": db})
    config.set_main_option("script_location", "passback.store:migrations")
    config.set_main_option("path_separator", "os")
    with _upgrading:
        command.upgrade(config, "head")
