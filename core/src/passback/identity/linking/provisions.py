"""What a sign-in gives a person at the host: a role, groups, and what changed since the one before."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import msgspec
from sqlalchemy import ColumnElement, Connection, select, update

from passback.identity.linking.deciding import Claim, Decision, Outcome
from passback.identity.linking.roles import GroupChange, Roles, groups_of, role_of
from passback.store import insert_once, schema

__all__ = ["Grants", "Provision", "provide"]

_v = schema.provision.c


@attrs.frozen(kw_only=True)
class Grants:
    """What a connection's provider may give.

    Attributes:
        roles: How roles come about; None where it gives none.
        group_attribute: The attribute that puts people in groups; empty where none does.
        groups: The provider's value → the host's group.
    """

    roles: Roles | None = None
    group_attribute: str = ""
    groups: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Provision:
    """What a sign-in gives, as a difference: the host applies it.

    Attributes:
        role: The role from now on; None leaves it as it is.
        groups: What changes in the groups.
    """

    role: str | None = None
    groups: GroupChange = attrs.field(factory=GroupChange)


@attrs.frozen(kw_only=True)
class _Given:
    groups: tuple[str, ...] = ()
    merged: bool = False


def provide(db: Connection, claim: Claim, decision: Decision, grants: Grants) -> Provision:
    """Return what changes for the learner of `decision` by what the provider says now, and keep it."""
    before = _read(db, claim, decision.learner.id)
    merged = decision.outcome is Outcome.MERGED or (before is not None and before.merged)
    had = before.groups if before else ()
    groups, now = GroupChange(), had
    if grants.group_attribute:
        groups, now = groups_of(claim.assertion, grants.group_attribute, grants.groups, had, merged=merged)
    given = _Given(groups=now, merged=merged)
    if given != (before or _Given()):
        _write(db, claim, decision.learner.id, given)
    new = decision.outcome is Outcome.CREATED
    role = role_of(claim.assertion, grants.roles, new=new) if grants.roles else None
    return Provision(role=role, groups=groups)


def _read(db: Connection, claim: Claim, learner: str) -> _Given | None:
    body = db.scalar(select(_v.body).where(*_mine(claim, learner)))
    if body is None:
        return None
    kept = msgspec.json.decode(body)
    return _Given(groups=tuple(kept["groups"]), merged=kept["merged"])


def _write(db: Connection, claim: Claim, learner: str, given: _Given) -> None:
    body = msgspec.json.encode(attrs.asdict(given))
    row = {
        "connection": claim.connection,
        "organisation": claim.organisation,
        "learner": learner,
        "body": body,
    }
    if not insert_once(db, schema.provision, row):
        db.execute(update(schema.provision).where(*_mine(claim, learner)).values(body=body))


def _mine(claim: Claim, learner: str) -> tuple[ColumnElement[bool], ...]:
    return (
        _v.connection == claim.connection,
        _v.organisation == claim.organisation,
        _v.learner == learner,
    )
