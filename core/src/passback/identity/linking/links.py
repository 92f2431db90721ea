"""Links: the forever bonds between who an identity provider vouches for and a learner."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime

import attrs
from sqlalchemy import Connection, Row, insert, select, update

from passback.store import insert_once, milliseconds, moment, schema

__all__ = ["Identity", "Link", "LinkChange"]

_k = schema.link.c
_h = schema.link_change.c


@attrs.frozen(kw_only=True)
class Identity:
    """Whom a provider vouches for; the same only where every byte is the same.

    Attributes:
        connection: The connection by which they came.
        issuer: Who vouches.
        kind: What kind of name the subject is.
        subject: Whom for.
    """

    connection: str
    issuer: str
    kind: str
    subject: str = attrs.field(repr=False)

    @property
    def key(self) -> bytes:
        """What it's found by, also when the rest is erased."""
        digest = hashlib.sha256()
        for each in (self.connection, self.issuer, self.kind, self.subject):
            text = each.encode("utf-8", "surrogatepass")
            # With the lengths: no two identities are the same when their parts are put together.
            digest.update(len(text).to_bytes(8, "big") + text)
        return digest.digest()


@attrs.frozen(kw_only=True)
class Link:
    """One bond.

    Attributes:
        key: The digest of the identity.
        identity: The identity; None once its person is erased.
        connection: The connection by which they came.
        organisation: The customer whose learner it is.
        learner: The learner's id at the host.
        live: Whether it lets them in. One that has ended belongs to nobody else all the same.
        created: Since when there is one.
        used: When it was used last.
    """

    key: bytes = attrs.field(repr=False)
    identity: Identity | None
    connection: str
    organisation: str
    learner: str
    live: bool
    created: datetime
    used: datetime


@attrs.frozen(kw_only=True)
class LinkChange:
    """What somebody did to a link.

    Attributes:
        at: When.
        connection: Whose link.
        what: ``linked``, ``merged``, ``ended``, ``erased``, ``relinked`` or ``renamed``.
        before: The learner, or the issuer, that it was; None where there was none.
        learner: The learner, or the issuer, that it is since.
        by: Who did it.
    """

    at: datetime
    connection: str
    what: str
    before: str | None
    learner: str | None
    by: str


def link_for(identity: Identity, organisation: str, learner: str, now: datetime) -> Link:
    """Return the link of `identity` with `learner`, as it begins."""
    return Link(
        key=identity.key,
        identity=identity,
        connection=identity.connection,
        organisation=organisation,
        learner=learner,
        live=True,
        created=now,
        used=now,
    )


def read(db: Connection, key: bytes) -> Link | None:
    """Return the link with this key, also one that has ended."""
    # Held until the transaction ends: nobody is let in by a link that is ended or erased meanwhile.
    row = db.execute(select(schema.link).where(_k.key == key).with_for_update()).one_or_none()
    return None if row is None else _link(row)


def write(db: Connection, link: Link, what: str, by: str) -> bool:
    """Make `link`; return whether that was possible: another one may have been quicker.

    There is one for each identity, and one live one for each learner at a connection.
    """
    assert link.identity is not None  # noqa: S101 - for the type checker: nobody makes an erased one
    row = {
        "key": link.key,
        "connection": link.connection,
        "organisation": link.organisation,
        "learner": link.learner,
        "issuer": link.identity.issuer,
        "kind": link.identity.kind,
        "subject": link.identity.subject,
        "live": True,
        "created": milliseconds(link.created),
        "used": milliseconds(link.used),
    }
    if not insert_once(db, schema.link, row):
        return False
    made = LinkChange(
        at=link.created, connection=link.connection, what=what, before=None, learner=link.learner, by=by
    )
    note(db, link.key, made)
    return True


def taken(db: Connection, connection: str, organisation: str, learner: str) -> bool:
    """Return whether `learner` has a live identity at `connection`."""
    mine = (_k.connection == connection, _k.organisation == organisation, _k.learner == learner, _k.live)
    return db.scalar(select(_k.key).where(*mine).limit(1)) is not None


def links_of(
    db: Connection, *, connection: str | None = None, learner: tuple[str, str] | None = None
) -> list[Link]:
    """Return the links of `connection`, of `learner` (organisation and id), or of both."""
    query = select(schema.link)
    if connection is not None:
        query = query.where(_k.connection == connection)
    if learner is not None:
        query = query.where(_k.organisation == learner[0], _k.learner == learner[1])
    return [_link(row) for row in db.execute(query.order_by(_k.connection, _k.learner, _k.created))]


def changes_of(db: Connection, key: bytes) -> list[LinkChange]:
    """Return what was done to the link with this key, the oldest first."""
    rows = db.execute(select(schema.link_change).where(_h.link == key).order_by(_h.id))
    return [
        LinkChange(
            at=moment(row.at),
            connection=row.connection,
            what=row.what,
            before=row.before,
            learner=row.learner,
            by=row.by,
        )
        for row in rows
    ]


def change(db: Connection, key: bytes, values: Mapping[str, object]) -> None:
    """Set `values` of the link with this key."""
    db.execute(update(schema.link).where(_k.key == key).values(**values))


def note(db: Connection, key: bytes, change: LinkChange) -> None:
    """Keep who changed the link with this key, and what."""
    row = {**attrs.asdict(change), "at": milliseconds(change.at), "link": key}
    db.execute(insert(schema.link_change), row)


def _link(row: Row[tuple[object, ...]]) -> Link:
    known = row.subject is not None
    return Link(
        key=row.key,
        identity=Identity(connection=row.connection, issuer=row.issuer, kind=row.kind, subject=row.subject)
        if known
        else None,
        connection=row.connection,
        organisation=row.organisation,
        learner=row.learner,
        live=row.live,
        created=moment(row.created),
        used=moment(row.used),
    )
