"""Who was told of what."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    text,
)

from passback.store.columns import Serial, Text
from passback.store.schema.whole import metadata

__all__ = ["incident", "notice", "told", "watch"]

incident = Table(
    "incident",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("connection", Text, nullable=False),
    Column("began", BigInteger, nullable=False),
    # When its contact was told of it, and reminded last.
    Column("told", BigInteger),
    Column("reminded", BigInteger),
    Column("ended", BigInteger),
    CheckConstraint("ended IS NULL OR told IS NOT NULL", name="only_the_told_are_remembered"),
    Index(
        "incident_open",
        "connection",
        unique=True,
        sqlite_where=text("ended IS NULL"),
        postgresql_where=text("ended IS NULL"),
    ),
    sqlite_autoincrement=True,
)

watch = Table(
    "watch",
    metadata,
    Column("connection", Text, primary_key=True),
    # Up to when deliveries were looked at; since when there is something for a digest; the last digest.
    Column("looked", BigInteger, nullable=False, default=0),
    Column("gathering", BigInteger),
    Column("digested", BigInteger),
    # When they were told that something is given up soon; none while nothing is.
    Column("warned", BigInteger),
    # How long what's undelivered was kept by what they were told then, in milliseconds.
    Column("kept_for", BigInteger),
    sqlite_with_rowid=False,
)

told = Table(
    "told",
    metadata,
    Column("delivery", BigInteger, ForeignKey("delivery.seq", ondelete="CASCADE"), primary_key=True),
    Column("what", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

notice = Table(
    "notice",
    metadata,
    Column("id", Serial, primary_key=True),
    # What makes its Message-ID and webhook-id, so that a receiver knows a repetition.
    Column("key", Text, nullable=False, unique=True),
    Column("connection", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    # The alert, as JSON.
    Column("body", LargeBinary, nullable=False),
    Column("created", BigInteger, nullable=False),
    # When it's to be tried; None once it's sent or given up.
    Column("due", BigInteger),
    Column("attempts", Integer, nullable=False, default=0),
    # After how many of these it may have arrived.
    Column("doubts", Integer, nullable=False, default=0),
    Column("sent", BigInteger),
    Column("error", Text, nullable=False, default=""),
    CheckConstraint("sent IS NULL OR due IS NULL", name="sent_once"),
    Index(
        "notice_due",
        "due",
        sqlite_where=text("due IS NOT NULL"),
        postgresql_where=text("due IS NOT NULL"),
    ),
    sqlite_autoincrement=True,
)
