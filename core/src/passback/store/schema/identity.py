"""Who is who at which connection, and the content that its system lists and opens."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Index, LargeBinary, Table, text

from passback.store.columns import Serial, Text
from passback.store.schema.whole import metadata

__all__ = ["account", "context", "course", "launch"]

account = Table(
    "account",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("learner", Text, primary_key=True),
    Column("organisation", Text, primary_key=True),
    Column("state", Text, nullable=False),
    # The user in the system; the last that was known, where it's gone.
    Column("user_id", Text),
    Column("matched_by", Text, nullable=False, default=""),
    # The users among whom a person must decide, as JSON.
    Column("candidates", Text, nullable=False, default="[]"),
    # The learner, as JSON: what is compared with the system's users.
    Column("person", LargeBinary, nullable=False),
    Column("checked", BigInteger, nullable=False),
    Column("changed", BigInteger, nullable=False),
    # The user whom the system said it doesn't know.
    Column("refused", Text),
    # The system failed on them while others passed, so that says nothing of the system.
    Column("alone", Boolean, nullable=False, default=False),
    # By which key whoever signed in is to be looked up, until they were.
    Column("proposed_by", Text),
    Column("proposed_id", Text),
    CheckConstraint("state <> 'known' OR user_id IS NOT NULL", name="the_known_have_a_user"),
    Index("account_learner", "learner", "organisation"),
    Index("account_user", "connection", "user_id"),
    # Those who are to be looked up at once.
    Index(
        "account_expected",
        "connection",
        sqlite_where=text("checked = 0"),
        postgresql_where=text("checked = 0"),
    ),
    sqlite_with_rowid=False,
)

# Whether a connection's system tells who its users are, and since when that's known.
context = Table(
    "context",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("lists_users", Boolean),
    Column("since", BigInteger),
    # When all its users were compared last.
    Column("synced", BigInteger),
    # Until when one process looks users up, and no other.
    Column("busy", BigInteger, nullable=False, default=0),
    # How looking users up does while anything waits for that, and since when its system only asks to wait.
    Column("health", Text, nullable=False, default="ok"),
    Column("detail", Text, nullable=False, default=""),
    Column("health_since", BigInteger),
    Column("asked", BigInteger),
    # Until when not all its users are asked for, as the configuration with this fingerprint failed at that.
    Column("list_rests", BigInteger, nullable=False, default=0),
    Column("list_by", Text, nullable=False, default=""),
    sqlite_with_rowid=False,
)

launch = Table(
    "launch",
    metadata,
    Column("id", Serial, primary_key=True),
    # A fingerprint of what the host's page holds in hand to claim it.
    Column("reference", Text, nullable=False, unique=True),
    Column("connection", Text, nullable=False),
    Column("organisation", Text, nullable=False),
    Column("activity", Text, nullable=False),
    # Who opened it, once the host has said so.
    Column("learner", Text),
    Column("user_id", Text),
    # Parameters and query, encrypted.
    Column("body", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("expires", BigInteger),
    # When the system last took its token, and when it refused it.
    Column("proven", BigInteger),
    Column("refused", BigInteger),
    Index("launch_claimed", "learner", "organisation", "connection", "activity"),
    Index(
        "launch_usable",
        "connection",
        "at",
        sqlite_where=text("refused IS NULL"),
        postgresql_where=text("refused IS NULL"),
    ),
    sqlite_autoincrement=True,
)

# What a connection's system may list, as it was offered last.
course = Table(
    "course",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("activity", Text, primary_key=True),
    # The course, as JSON.
    Column("body", LargeBinary, nullable=False),
    Column("changed", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
