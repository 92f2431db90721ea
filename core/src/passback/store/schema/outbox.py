"""The outbox: results, their deliveries, and what happened to them."""

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
    Table,
    UniqueConstraint,
    and_,
    literal_column,
    text,
)

from passback.store.columns import Code, Serial, Text
from passback.store.schema.whole import metadata
from passback.store.states import State, WaitingFor

__all__ = [
    "attachment",
    "connection",
    "delivery",
    "event",
    "history",
    "kept",
    "result",
    "signal",
    "standing",
    "tally",
    "undelivered",
    "waiting",
    "waiting_of_learner",
]

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
    # Since when its system does nothing but ask to wait.
    Column("asked", BigInteger),
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
    # The organisation and the learner as a number.
    Column("whose", BigInteger, nullable=False),
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
    Index("result_whose", "whose"),
    Index(
        "result_unrouted",
        "organisation",
        "activity",
        "seq",
        sqlite_where=text("routed = 0"),
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
    # Through how many of these it surely didn't arrive.
    Column("absent", Integer, nullable=False, default=0),
    # Tried alone, because the system failed on it while others passed.
    Column("alone", Boolean, nullable=False, default=False),
    Column("waiting_for", Text),
    # Whose it is, while it waits for what only its system knows: every batch asks what waits of its learners.
    Column("learner", Text),
    Column("reason", Text, nullable=False, default=""),
    Column("remote_id", Text),
    Column("changed", BigInteger, nullable=False),
    # The last thing that happened to it.
    Column("event", BigInteger),
    # Since when retention counts: when it was made, or last replayed by somebody.
    Column("kept_from", BigInteger, nullable=False),
    UniqueConstraint("result", "connection"),
    CheckConstraint("state BETWEEN 0 AND 3", name="one_known_state"),
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
        # So that how much is pending, and since when, is counted without a look at the table.
        "kept_from",
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
    Index(
        "delivery_of_learner",
        "connection",
        "learner",
        sqlite_where=text("learner IS NOT NULL"),
        postgresql_where=text("learner IS NOT NULL"),
    ),
    sqlite_autoincrement=True,
)

# What is kept for a person or a repair. Whoever asks for some of it says this too: a planner takes a partial
# index only for a condition that has the index's own words.
kept = delivery.c.state > literal_column("1")
waiting = and_(kept, delivery.c.state == State.WAITING)
# That, of given learners and not for their connection: by the index of these, however much waits. A sum, so
# that no other is taken.
waiting_of_learner = and_(
    delivery.c.state + 0 == State.WAITING, delivery.c.waiting_for != WaitingFor.CONNECTION
)
# Each by an index of its own.
undelivered = (delivery.c.state == State.PENDING, waiting)

event = Table(
    "event",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("connection", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("took", Integer),
    Column("summary", Text, nullable=False, default=""),
    # How many deliveries it delivered.
    Column("delivered", Integer, nullable=False, default=0),
    Index("event_of", "connection", "at"),
    sqlite_autoincrement=True,
)

history = Table(
    "history",
    metadata,
    Column("delivery", BigInteger, primary_key=True),
    Column("event", BigInteger, primary_key=True),
    Column("outcome", Text, nullable=False),
    sqlite_with_rowid=False,
)

standing = Table(
    "standing",
    metadata,
    Column("learner", Text, primary_key=True),
    Column("organisation", Text, primary_key=True),
    Column("activity", Text, primary_key=True),
    Column("body", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

tally = Table(
    "tally",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("ended", Text, primary_key=True),
    Column("many", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

attachment = Table(
    "attachment",
    metadata,
    Column("activity", Text, primary_key=True),
    Column("organisation", Text, primary_key=True),
    Column("connection", Text, primary_key=True),
    Column("since", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

signal = Table(
    "signal",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("connection", Text, nullable=False),
    sqlite_autoincrement=True,
)
