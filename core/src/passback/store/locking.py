"""What only one process may do at a time."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

__all__ = ["CONFIGURING", "MIGRATING", "RECOGNISING", "RETAINING", "lock"]

# Any numbers, as long as nobody else in the database uses them.
MIGRATING = 0x7061_7373_0001
CONFIGURING = 0x7061_7373_0002
RETAINING = 0x7061_7373_0003
RECOGNISING = 0x7061_7373_0004


def lock(db: Connection, what: int) -> None:
    """Wait until no other process does `what`, and hold off the others until the transaction ends."""
    # On SQLite, every transaction holds off all others.
    if db.dialect.name == "postgresql":
        db.execute(select(func.pg_advisory_xact_lock(what)))
