"""All tables together, and what the database says of itself."""

from __future__ import annotations

from sqlalchemy import Column, MetaData, Table

from passback.store.columns import Text

__all__ = ["meta", "metadata"]

metadata = MetaData()

meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
