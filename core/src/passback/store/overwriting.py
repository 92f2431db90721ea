"""What is deleted for good, and not only left out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

__all__ = ["overwriting"]


@contextmanager
def overwriting(db: Connection) -> Iterator[None]:
    """Have what is deleted overwritten in the file, too; on a server that's its administrator's business."""
    if db.dialect.name != "sqlite":
        yield
        return
    db.exec_driver_sql("PRAGMA secure_delete = ON")
    try:
        yield
    finally:
        db.exec_driver_sql("PRAGMA secure_delete = OFF")
