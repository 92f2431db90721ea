"""Which process delivers for whom, where several share a database."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Table

from passback.store.columns import Text
from passback.store.schema.whole import metadata

__all__ = ["lane", "worker"]

lane = Table(
    "lane",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("owner", Text),
    Column("until", BigInteger, nullable=False, default=0),
    sqlite_with_rowid=False,
)

worker = Table(
    "worker",
    metadata,
    Column("name", Text, primary_key=True),
    Column("until", BigInteger, nullable=False),
    # The connections' names, sorted, as JSON.
    Column("serves", Text, nullable=False),
    sqlite_with_rowid=False,
)
