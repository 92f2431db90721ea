"""Roles and groups: what a provider's values make of a person at the host."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from passback.model import Assertion

__all__ = ["GroupChange", "RoleRule", "Roles", "groups_of", "role_of"]


@attrs.frozen(kw_only=True)
class RoleRule:
    """One line of the table: whoever has this value gets that role."""

    value: str
    role: str


@attrs.frozen(kw_only=True)
class Roles:
    """How roles come from an attribute.

    Attributes:
        attribute: The attribute's name, exactly as the provider writes it.
        rules: In order; the first that matches counts.
        default: The role of whoever matches none, given only when they first come.
    """

    attribute: str
    rules: tuple[RoleRule, ...] = ()
    default: str | None = None


@attrs.frozen(kw_only=True)
class GroupChange:
    """What became of a person's groups at the host; groups that no rule names are nobody's business here.

    Attributes:
        add: To be put in.
        remove: To be taken out of.
    """

    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


def role_of(assertion: Assertion, roles: Roles, *, new: bool) -> str | None:
    """Return the role that `assertion` gives; None leaves the person's role alone.

    An unknown value grants nothing, and nothing is concluded from what a provider left out.
    """
    values = assertion.attributes.get(roles.attribute, ())
    for rule in roles.rules:
        if rule.value in values:
            return rule.role
    return roles.default if new and roles.attribute not in assertion.incomplete else None


def groups_of(
    assertion: Assertion,
    attribute: str,
    table: Mapping[str, str],
    before: Sequence[str],
    *,
    merged: bool = False,
) -> tuple[GroupChange, tuple[str, ...]]:
    """Return what changes in a person's groups, and those that they have by this provider now.

    Args:
        assertion: What was said.
        attribute: The attribute's name.
        table: The provider's value → the host's group.
        before: The groups that the provider gave last.
        merged: Whether the person was there before they came by the provider: nothing is taken from them
            then, for they may have it otherwise.
    """
    if attribute in assertion.incomplete:
        return GroupChange(), tuple(before)
    values = assertion.attributes.get(attribute, ())
    now = tuple(dict.fromkeys(table[value] for value in values if value in table))
    gone = () if merged else tuple(each for each in before if each not in now)
    return GroupChange(add=tuple(each for each in now if each not in before), remove=gone), now
