"""What a sign-in gives a person at the host: a role, groups, and what changed since the one before."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import msgspec
from sqlalchemy import ColumnElement, Connection, select, update

from passback.errors import InvalidAccess
from passback.identity.linking.deciding import Claim, Decision, Outcome
from passback.identity.linking.roles import GroupChange, Roles, groups_of, role_of
from passback.model import Access, Assertion, Grant, access_difference, read_access
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
        access: Whether it says what people may learn and manage.
        allow_revoke_all: Whether they may lose everything at once by it.
        first_access: What those get besides who come for the first time; None for nothing.
    """

    roles: Roles | None = None
    group_attribute: str = ""
    groups: Mapping[str, str] = attrs.field(factory=dict)
    access: bool = False
    allow_revoke_all: bool = False
    first_access: Access | None = None


@attrs.frozen(kw_only=True)
class Provision:
    """What a sign-in gives, as a difference: the host applies it.

    Attributes:
        role: The role from now on; None leaves it as it is.
        groups: What changes in the groups.
        granted: What they may learn and manage that they might not before.
        revoked: What they may no longer.
        access: What the provider says of their access, whole; None where it says nothing, or nonsense.
        notes: What couldn't be applied, and why; names only.
    """

    role: str | None = None
    groups: GroupChange = attrs.field(factory=GroupChange)
    granted: tuple[Grant, ...] = ()
    revoked: tuple[Grant, ...] = ()
    access: Access | None = None
    notes: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class _Given:
    groups: tuple[str, ...] = ()
    merged: bool = False
    held: tuple[Grant, ...] = ()


def provide(db: Connection, claim: Claim, decision: Decision, grants: Grants) -> Provision:
    """Return what changes for the learner of `decision` by what the provider says now, and keep it."""
    before = _read(db, claim, decision.learner.id)
    new = decision.outcome is Outcome.CREATED
    merged = before.merged or decision.outcome is Outcome.MERGED
    groups, in_groups = GroupChange(), before.groups
    if grants.group_attribute:
        groups, in_groups = groups_of(
            claim.assertion, grants.group_attribute, grants.groups, before.groups, merged=merged
        )
    access, notes = _said(claim.assertion, grants)
    held = before.held
    granted: list[Grant] = []
    revoked: list[Grant] = []
    for each in (grants.first_access if new else None, access):
        if each is not None:
            change = access_difference(held, each)
            held = change.held
            granted += change.granted
            revoked += change.revoked
    given = _Given(groups=in_groups, merged=merged, held=held)
    if given != before:
        _write(db, claim, decision.learner.id, given)
    return Provision(
        role=role_of(claim.assertion, grants.roles, new=new) if grants.roles else None,
        groups=groups,
        granted=tuple(each for each in granted if each not in revoked),
        revoked=tuple(each for each in revoked if each not in granted),
        access=access,
        notes=notes,
    )


def _said(assertion: Assertion, grants: Grants) -> tuple[Access | None, tuple[str, ...]]:
    """Return what the provider says of somebody's access, or why that isn't taken."""
    names = Access.attribute_names()
    if not grants.access or not names.keys() & assertion.attributes.keys():
        return None, ()
    if cut := sorted(names.keys() & assertion.incomplete):
        return None, (f"access isn't changed: {cut[0]!r} was left out by the provider because it's too long",)
    try:
        return read_access(assertion.attributes, allow_revoke_all=grants.allow_revoke_all), ()
    except InvalidAccess as error:
        # They are who they are all the same.
        return None, (f"access isn't changed: {error}",)


def _read(db: Connection, claim: Claim, learner: str) -> _Given:
    body = db.scalar(select(_v.body).where(*_mine(claim, learner)))
    return _Given() if body is None else msgspec.json.decode(body, type=_Given)


def _write(db: Connection, claim: Claim, learner: str, given: _Given) -> None:
    body = msgspec.json.encode(given)
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
