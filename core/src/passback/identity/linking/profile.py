"""Mapping: which of an identity provider's attributes becomes what, by exact names."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping

import attrs

from passback.model import Assertion

__all__ = ["AttributeRule", "Profile", "map_profile"]

# What providers call the same thing; compared without case and punctuation.
_ALIASES: Mapping[str, frozenset[str]] = {
    each: names
    for names in (
        frozenset({"firstname", "givenname", "fname", "urnoid25442"}),
        frozenset({"lastname", "surname", "familyname", "sn", "lname", "urnoid2544"}),
        frozenset({"email", "mail", "emailaddress", "useremail", "urnoid0923421920030010013"}),
        frozenset({"name", "displayname", "fullname", "commonname", "cn", "urnoid2543"}),
        frozenset({"username", "login", "preferredusername", "uid", "upn", "userprincipalname"}),
        frozenset({"externalid", "employeeid", "employeenumber", "externalcustomerid", "customerid"}),
        frozenset({"groups", "group", "memberof", "roles", "role", "ismemberof"}),
    )
    for each in names
}
_ALMOST = 0.8


@attrs.frozen(kw_only=True)
class AttributeRule:
    """Where one property of a person comes from.

    Attributes:
        source: The attribute's name, exactly as the provider writes it.
        required: Whether nobody is signed in without it.
    """

    source: str
    required: bool = False


@attrs.frozen(kw_only=True)
class Profile:
    """What a provider says of a person, by our names.

    Attributes:
        values: Property → its values; what wasn't sent is missing.
        missing: Required attributes that weren't sent, each as a sentence that helps.
        notes: What an administrator should know of the rest; names only, never values.
    """

    values: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict, repr=False)
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def one(self, name: str) -> str | None:
        """Return the only value of property `name`; None where there is none, or several."""
        values = self.values.get(name, ())
        return values[0] if len(values) == 1 and values[0].strip() else None


def map_profile(
    assertion: Assertion, rules: Mapping[str, AttributeRule], many: Collection[str] = ()
) -> Profile:
    """Return what `assertion` says by `rules`: property → where it comes from.

    Args:
        assertion: What was said.
        rules: By the property's name.
        many: The properties of which there may be several.
    """
    values: dict[str, tuple[str, ...]] = {}
    missing: list[str] = []
    notes: list[str] = []
    for name, rule in rules.items():
        said = assertion.attributes.get(rule.source)
        if said:
            values[name] = said
            if len(said) > 1 and name not in many:
                notes.append(f"{rule.source!r} was sent with {len(said)} values, so {name} isn't taken")
        elif rule.source in assertion.incomplete:
            notes.append(f"{rule.source!r} was left out by the provider because it's too long")
        else:
            told = _not_sent(rule.source, assertion.attributes)
            (missing if rule.required else notes).append(told)
    return Profile(values=values, missing=tuple(missing), notes=tuple(notes))


def _not_sent(wanted: str, sent: Collection[str]) -> str:
    meant = _meant(wanted, sent)
    if meant is None:
        return f"{wanted!r} was not sent"
    if meant.casefold() == wanted.casefold():
        return f"{wanted!r} was not sent; did you mean {meant!r}? names are case-sensitive"
    return f"{wanted!r} was not sent; did you mean {meant!r}?"


def _meant(wanted: str, sent: Collection[str]) -> str | None:
    """Return the attribute that was probably meant: another case, a longer name, an alias, a misspelling."""
    names = sorted(sent)
    plain = _plain(wanted)
    for same in (
        lambda name: name.casefold() == wanted.casefold(),
        lambda name: _plain(name) == plain,
        lambda name: _plain(_tail(name)) == _plain(_tail(wanted)),
        lambda name: {_plain(name), _plain(_tail(name))} & _ALIASES.get(_plain(_tail(wanted)), frozenset()),
    ):
        if found := next(filter(same, names), None):
            return found
    by_plain = {_plain(name): name for name in names}
    close = difflib.get_close_matches(plain, by_plain, n=1, cutoff=_ALMOST)
    return by_plain[close[0]] if close else None


def _tail(name: str) -> str:
    """Return what is left of a URI or a URN at its end."""
    return re.split(r"[/:#]", name.rstrip("/"))[-1]


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold())
