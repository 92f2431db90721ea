"""The people of an organisation, as far as signing in needs to know them."""

from __future__ import annotations

from datetime import datetime

import attrs
import msgspec
from sqlalchemy import ColumnElement, Connection, Row, delete, select, tuple_, update

from passback.model import Learner
from passback.store import insert_once, milliseconds, schema

__all__ = ["Person", "comparable", "find", "know", "with_email", "with_external_id"]

_p = schema.person.c
# One is found, two are ambiguous; more make no difference.
_FEW = 2
# PostgreSQL's indexes hold no more; a longer one recognises nobody.
_LONGEST = 255


@attrs.frozen(kw_only=True)
class Person:
    """A learner whom the host knows.

    Attributes:
        organisation: The customer whose learner it is.
        learner: Who, by the host's id.
        email_proven: Whether the host knows that their address is theirs.
        external_id_proven: Whether the customer's id is theirs by the host's word, or by a connection's that
            recognises people by it.
        privileged: Whether nobody may become them by an address or a customer's id alone.
        closed: Whether nobody may sign in as them.
    """

    organisation: str
    learner: Learner
    email_proven: bool = False
    external_id_proven: bool = True
    privileged: bool = False
    closed: bool = False


def comparable(email: str | None) -> str | None:
    """Return `email` as it's compared; None where it's nothing to recognise anybody by.

    ASCII alone: two addresses that look the same must be the same.
    """
    if email is None or len(email) > _LONGEST or not email.isascii() or not email.isprintable():
        return None
    if email.count("@") != 1:
        return None
    local, domain = email.strip().split("@")
    return f"{local}@{domain}".lower() if local and domain and " " not in email.strip() else None


def know(db: Connection, person: Person, now: datetime) -> None:
    """Keep `person`, as they are now."""
    learner = person.learner
    recognised = person.external_id_proven and len(learner.external_id or "") <= _LONGEST
    values = {
        "email": comparable(learner.email),
        "email_proven": person.email_proven,
        "external_id": learner.external_id if recognised else None,
        "privileged": person.privileged,
        "closed": person.closed,
        "body": msgspec.json.encode(attrs.asdict(learner)),
        "changed": milliseconds(now),
    }
    key = {"organisation": person.organisation, "learner": learner.id}
    if not insert_once(db, schema.person, {**key, **values, "created": milliseconds(now)}):
        where = tuple_(_p.organisation, _p.learner) == tuple_(*key.values())
        db.execute(update(schema.person).where(where).values(**values))


def find(db: Connection, organisation: str, learner: str) -> Person | None:
    """Return the person with the id `learner`."""
    return next(iter(_found(db, organisation, _p.learner == learner)), None)


def with_email(db: Connection, organisation: str, email: str | None) -> list[Person]:
    """Return those with this address, two of them if there are more."""
    wanted = comparable(email)
    return [] if wanted is None else _found(db, organisation, _p.email == wanted)


def with_external_id(db: Connection, organisation: str, external_id: str | None) -> list[Person]:
    """Return those with this customer's id, two of them if there are more."""
    return _found(db, organisation, _p.external_id == external_id) if external_id else []


def forget(db: Connection, organisation: str, learner: str) -> None:
    """Remove what is known of `learner`."""
    db.execute(delete(schema.person).where(_p.organisation == organisation, _p.learner == learner))


def _found(db: Connection, organisation: str, condition: ColumnElement[bool]) -> list[Person]:
    mine = select(schema.person).where(_p.organisation == organisation, condition)
    # Held until the transaction ends: whoever is closed or erased meanwhile mustn't be written back.
    held = mine.order_by(_p.learner).limit(_FEW).with_for_update()
    return [_person(row) for row in db.execute(held)]


def _person(row: Row[tuple[object, ...]]) -> Person:
    learner = Learner(**msgspec.json.decode(row.body))
    return Person(
        organisation=row.organisation,
        learner=learner,
        email_proven=row.email_proven,
        external_id_proven=row.external_id == learner.external_id,
        privileged=row.privileged,
        closed=row.closed,
    )
