"""What administrators do to links; each of it is kept, with who did it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from passback.errors import SignInRefused
from passback.identity.linking import links, people
from passback.identity.linking.links import Identity, Link, LinkChange
from passback.store import schema

__all__ = ["end_link", "erase_person", "relink", "rename_issuer"]

_h = schema.link_change.c
_k = schema.link.c
_v = schema.provision.c


def end_link(db: Connection, link: Link, by: str, now: datetime) -> None:
    """Let nobody in by `link` any longer; its identity becomes nobody else's."""
    links.change(db, link.key, {"live": False})
    links.note(db, link.key, _change(link, "ended", link.learner, None, by, now))


def relink(db: Connection, link: Link, learner: str, by: str, now: datetime) -> None:
    """Say that whoever comes by `link` is `learner` from now on.

    Raises:
        SignInRefused: The learner signs in by another identity of the connection.
    """
    same = link.live and link.learner == learner
    if not same and links.taken(db, link.connection, link.organisation, learner):
        raise SignInRefused(f"learner {learner!r} has another identity at this connection; end that first")
    links.change(db, link.key, {"learner": learner, "live": True})
    links.note(db, link.key, _change(link, "relinked", link.learner, learner, by, now))


def rename_issuer(db: Connection, connection: str, before: str, after: str, by: str, now: datetime) -> int:
    """Take every link of `connection` from issuer `before` to `after`; return how many those were.

    For a provider that calls itself otherwise from now on, and still means the same people.

    Raises:
        SignInRefused: The new issuer has people already, who would become others.
    """
    known = [each for each in links.links_of(db, connection=connection) if each.identity is not None]
    if any(each.identity and each.identity.issuer == after for each in known):
        raise SignInRefused(f"connection {connection!r} has links of {after!r} already; end those first")
    renamed = 0
    for link in known:
        identity = link.identity
        if identity is None or identity.issuer != before:
            continue
        new = Identity(connection=connection, issuer=after, kind=identity.kind, subject=identity.subject)
        links.change(db, link.key, {"key": new.key, "issuer": after})
        db.execute(update(schema.link_change).where(_h.link == link.key).values(link=new.key))
        links.note(db, new.key, _change(link, "renamed", before, after, by, now))
        renamed += 1
    return renamed


def erase_person(db: Connection, organisation: str, learner: str, now: datetime) -> None:
    """Remove what is known of `learner`; whoever vouched for them lets nobody in by that any longer.

    A digest of each identity stays, so that nobody gets the account of somebody who was erased.
    """
    people.forget(db, organisation, learner)
    db.execute(delete(schema.provision).where(_v.organisation == organisation, _v.learner == learner))
    mine = _h.link.in_(select(_k.key).where(_k.organisation == organisation))
    for column in (_h.before, _h.learner):
        db.execute(update(schema.link_change).where(mine, column == learner).values({column: None}))
    for link in links.links_of(db, learner=(organisation, learner)):
        nobody = {"live": False, "learner": "", "issuer": None, "kind": None, "subject": None}
        links.change(db, link.key, nobody)
        links.note(db, link.key, _change(link, "erased", None, None, "erasure", now))


def _change(
    link: Link, what: str, before: str | None, after: str | None, by: str, now: datetime
) -> LinkChange:
    return LinkChange(at=now, connection=link.connection, what=what, before=before, learner=after, by=by)
