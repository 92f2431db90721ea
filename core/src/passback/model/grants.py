"""What somebody gets and loses when what is said of their access changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, Literal, TypeAlias

import attrs

from passback.model.access import UNSET, Access

__all__ = ["AccessDifference", "Grant", "access_difference", "granted_by"]

Kind: TypeAlias = Literal[
    "course",
    "bundle",
    "learning_path",
    "student_license_id",
    "student_license_sku",
    "manager_license_id",
    "manager_license_sku",
]

_FIELDS: Final[dict[Kind, str]] = {
    "course": "course_slugs",
    "bundle": "bundle_slugs",
    "learning_path": "learning_path_slugs",
    "student_license_id": "student_license_ids",
    "student_license_sku": "student_license_skus",
    "manager_license_id": "manager_license_ids",
    "manager_license_sku": "manager_license_skus",
}


@attrs.frozen
class Grant:
    """One thing that somebody may learn or manage.

    Attributes:
        kind: What it is, and how it's named.
        name: Its slug, id or SKU.
        client: For a licence, whose it is, where that was said: ``clientSlug=acme``. One SKU of two clients
            is two licences.
    """

    kind: Kind
    name: str
    client: str = ""

    @property
    def licenses(self) -> bool:
        """Whether it's a licence."""
        return "license" in self.kind


@attrs.frozen(kw_only=True)
class AccessDifference:
    """What changes for somebody.

    Attributes:
        granted: What they get that they hadn't.
        revoked: What they lose.
        held: What they have from then on: what the next difference begins with.
    """

    granted: tuple[Grant, ...]
    revoked: tuple[Grant, ...]
    held: tuple[Grant, ...]


def granted_by(access: Access) -> tuple[Grant, ...]:
    """Return what `access` names, in its order."""
    return tuple(_named(access))


def access_difference(held: Iterable[Grant], access: Access) -> AccessDifference:
    """Return what changes for somebody who has `held` and of whom `access` is said now.

    What isn't named stays, unless courses or licences are replaced: then those that aren't named are
    revoked, licences only of the client that is named, where one is.
    """
    before, named = tuple(dict.fromkeys(held)), granted_by(access)
    revoked = tuple(each for each in before if each not in named and _replaced(each, access))
    granted = tuple(each for each in named if each not in before)
    kept = tuple(each for each in before if each not in revoked)
    return AccessDifference(granted=granted, revoked=revoked, held=(*kept, *granted))


def _named(access: Access) -> Iterator[Grant]:
    client = _client(access)
    for kind, field in _FIELDS.items():
        names = getattr(access, field)
        for name in () if names is UNSET else names:
            yield Grant(kind, name, client if "license" in kind else "")


def _replaced(grant: Grant, access: Access) -> bool:
    if grant.kind == "course":
        return access.replace_course_access is True
    if not grant.licenses or access.replace_license_access is not True:
        return False
    client = _client(access)
    return not client or grant.client == client


def _client(access: Access) -> str:
    for name, value in (
        ("clientId", access.client_id),
        ("clientSlug", access.client_slug),
        ("clientSku", access.client_sku),
    ):
        if value is not UNSET:
            return f"{name}={value}"
    return ""
