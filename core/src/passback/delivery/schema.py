"""The tables: payload, schedule, state and lease stand in one transactional store.

Times are milliseconds since 1970, UTC.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    UniqueConstraint,
    text,
)

from passback.delivery.columns import Code, Serial, Text

__all__ = [
    "attachment",
    "connection",
    "delivery",
    "event",
    "history",
    "incident",
    "lane",
    "meta",
    "metadata",
    "notice",
    "result",
    "signal",
    "told",
    "watch",
    "worker",
]

metadata = MetaData()

meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

connection = Table(
    "connection",
    metadata,
    Column("name", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False, default=""),
    Column("health", Text, nullable=False),
    Column("detail", Text, nullable=False, default=""),
    Column("since", BigInteger, nullable=False),
    Column("fails", Integer, nullable=False, default=0),
    Column("next_probe", BigInteger),
    # When that was decided: a clock that is behind it was wrong then, or is now.
    Column("decided", BigInteger),
    Column("last_success", BigInteger),
    # What was used of its quota, as JSON.
    Column("used", Text, nullable=False, default=""),
)

result = Table(
    "result",
    metadata,
    Column("seq", Serial, primary_key=True),
    Column("id", Text, nullable=False),
    Column("organisation", Text, nullable=False),
    Column("learner", Text, nullable=False),
    Column("activity", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("accepted", BigInteger, nullable=False),
    Column("routed", Boolean, nullable=False),
    # The connection that it came from, and doesn't go to.
    Column("source", Text),
    # The id first: what is looked for is an id, and few organisations share one.
    UniqueConstraint("id", "organisation"),
    Index("result_learner", "learner", "organisation"),
    Index(
        "result_unrouted",
        "organisation",
        "activity",
        "seq",
        sqlite_where=text("NOT routed"),
        postgresql_where=text("NOT routed"),
    ),
    sqlite_autoincrement=True,
)

delivery = Table(
    "delivery",
    metadata,
    Column("seq", Serial, primary_key=True),
    Column("result", BigInteger, ForeignKey("result.seq"), nullable=False),
    Column("connection", Text, nullable=False),
    Column("state", Code, nullable=False),
    # When it's to be tried; while a lease runs, when the lease ends.
    Column("due", BigInteger, nullable=False),
    Column("lease", BigInteger),
    Column("attempts", Integer, nullable=False, default=0),
    # Tried alone, because the system failed on it while others passed.
    Column("alone", Boolean, nullable=False, default=False),
    Column("waiting_for", Text),
    Column("reason", Text, nullable=False, default=""),
    Column("remote_id", Text),
    Column("changed", BigInteger, nullable=False),
    # The last thing that happened to it.
    Column("event", BigInteger),
    # Since when retention counts: when it was made, or last replayed by somebody.
    Column("kept_from", BigInteger, nullable=False),
    UniqueConstraint("result", "connection"),
    CheckConstraint("state IN (0, 1, 2, 3)", name="one_known_state"),
    CheckConstraint("(state = 2) = (waiting_for IS NOT NULL)", name="waiting_says_for_what"),
    CheckConstraint("lease IS NULL OR state = 0", name="only_pending_is_leased"),
    Index(
        "delivery_due",
        "connection",
        "due",
        sqlite_where=text("state = 0"),
        postgresql_where=text("state = 0"),
    ),
    # What is due is sent in the order in which it was accepted, however it became due.
    Index(
        "delivery_order",
        "connection",
        "result",
        sqlite_where=text("state = 0"),
        postgresql_where=text("state = 0"),
    ),
    Index(
        "delivery_kept",
        "connection",
        "state",
        "changed",
        sqlite_where=text("state > 1"),
        postgresql_where=text("state > 1"),
    ),
    sqlite_autoincrement=True,
)

# What happened to a connection: a request with fifty results is one row.
event = Table(
    "event",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("connection", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("took", Integer),
    Column("summary", Text, nullable=False, default=""),
    sqlite_autoincrement=True,
)

# What that made of deliveries, where it didn't deliver them.
history = Table(
    "history",
    metadata,
    Column("delivery", BigInteger, primary_key=True),
    Column("event", BigInteger, primary_key=True),
    Column("outcome", Text, nullable=False),
    sqlite_with_rowid=False,
)

# Where a learner stands in an activity by results that aren't kept any longer.
standing = Table(
    "standing",
    metadata,
    Column("learner", Text, primary_key=True),
    Column("organisation", Text, primary_key=True),
    Column("activity", Text, primary_key=True),
    Column("body", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

# How many that aren't kept any longer ended how, so that the account of everything accepted stays whole.
tally = Table(
    "tally",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("ended", Text, primary_key=True),
    Column("many", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# What was attached while running; what the configuration attaches stands there alone.
attachment = Table(
    "attachment",
    metadata,
    Column("activity", Text, primary_key=True),
    Column("organisation", Text, primary_key=True),
    Column("connection", Text, primary_key=True),
    Column("since", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# One row for each time that another process made something due, read and removed by the dispatcher.
signal = Table(
    "signal",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("connection", Text, nullable=False),
    sqlite_autoincrement=True,
)

# A time in which a connection was ill; a short one is forgotten untold.
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

# What a connection's contact knows besides.
watch = Table(
    "watch",
    metadata,
    Column("connection", Text, primary_key=True),
    # Up to when deliveries were looked at; since when there is something for a digest; the last digest.
    Column("looked", BigInteger, nullable=False, default=0),
    Column("gathering", BigInteger),
    Column("digested", BigInteger),
    # Whether they were told that something is given up soon.
    Column("expiring", Boolean, nullable=False, default=False),
    sqlite_with_rowid=False,
)

# The deliveries of which they know, and as what: rejected, or waiting for what.
told = Table(
    "told",
    metadata,
    Column("delivery", BigInteger, ForeignKey("delivery.seq", ondelete="CASCADE"), primary_key=True),
    Column("what", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# Mails and webhooks to send: an outbox of their own.
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

# Which process on a shared database delivers for a connection, and until when it may; by the server's clock.
lane = Table(
    "lane",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("owner", Text),
    Column("until", BigInteger, nullable=False, default=0),
    sqlite_with_rowid=False,
)

# The processes that deliver from a shared database: until when each is taken to live, and whom it serves.
worker = Table(
    "worker",
    metadata,
    Column("name", Text, primary_key=True),
    Column("until", BigInteger, nullable=False),
    # The connections' names, sorted, as JSON.
    Column("serves", Text, nullable=False),
    sqlite_with_rowid=False,
)
