"""Who signs in: the people that a host knows, and the forever bonds to those who vouch for them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, LargeBinary, Table, text

from passback.store.columns import Serial, Text
from passback.store.schema.whole import metadata

__all__ = ["link", "link_change", "person", "provision", "seen", "sign_in"]

person = Table(
    "person",
    metadata,
    Column("organisation", Text, primary_key=True),
    Column("learner", Text, primary_key=True),
    # As it's compared: in lower case; none where nobody may be found by it.
    Column("email", Text),
    # Whether the person has shown that the address is theirs.
    Column("email_proven", Boolean, nullable=False, default=False),
    Column("external_id", Text),
    # Whether nobody is let in to this account by an address alone.
    Column("privileged", Boolean, nullable=False, default=False),
    Column("closed", Boolean, nullable=False, default=False),
    # The learner, as JSON.
    Column("body", LargeBinary, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("changed", BigInteger, nullable=False),
    Index("person_email", "organisation", "email"),
    Index("person_external_id", "organisation", "external_id"),
    sqlite_with_rowid=False,
)

link = Table(
    "link",
    metadata,
    # A digest of connection, issuer, kind and subject, byte for byte: it outlives an erased person.
    Column("key", LargeBinary, primary_key=True),
    Column("connection", Text, nullable=False),
    Column("organisation", Text, nullable=False),
    Column("learner", Text, nullable=False),
    # In clear for those who administer; none once the person is erased.
    Column("issuer", Text),
    Column("kind", Text),
    Column("subject", Text),
    # Whether it lets anybody in; what is ended is never another person's, unless an administrator says so.
    Column("live", Boolean, nullable=False, default=True),
    Column("created", BigInteger, nullable=False),
    Column("used", BigInteger, nullable=False),
    # A person has one identity at a connection.
    Index(
        "link_learner",
        "connection",
        "organisation",
        "learner",
        unique=True,
        sqlite_where=text("live"),
        postgresql_where=text("live"),
    ),
    Index("link_person", "organisation", "learner"),
    sqlite_with_rowid=False,
)

# Who changed a link, and why; nothing is ever taken from it.
link_change = Table(
    "link_change",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("link", LargeBinary, nullable=False),
    Column("connection", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("before", Text),
    Column("learner", Text),
    Column("by", Text, nullable=False),
    Index("link_change_link", "link"),
    sqlite_autoincrement=True,
)

# Browsers that are away, and proofs that are asked for: each ends once.
sign_in = Table(
    "sign_in",
    metadata,
    # A fingerprint of what comes back with the browser.
    Column("reference", LargeBinary, primary_key=True),
    Column("connection", Text, nullable=False),
    # A fingerprint of what only this browser has.
    Column("browser", LargeBinary, nullable=False),
    # What is needed when it's back, encrypted.
    Column("body", LargeBinary, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Index("sign_in_expires", "expires"),
    sqlite_with_rowid=False,
)

# What was presented once and mustn't be again, until it's too old to be taken anyway.
seen = Table(
    "seen",
    metadata,
    Column("key", LargeBinary, primary_key=True),
    Column("until", BigInteger, nullable=False),
    Index("seen_until", "until"),
    sqlite_with_rowid=False,
)

# What a connection's provider gave a person last, as JSON: groups and access; the next sign-in is compared.
provision = Table(
    "provision",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("organisation", Text, primary_key=True),
    Column("learner", Text, primary_key=True),
    Column("body", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
