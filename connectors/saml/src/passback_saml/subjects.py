"""Whom an assertion is about, and what it says of them."""

from __future__ import annotations

from passback import SignInRefused
from passback_saml.names import FORMATS, PERSISTENT, TRANSIENT, UNSPECIFIED, Element, saml
from passback_saml.parsing import children, only, text_of

__all__ = ["attributes_of", "friendly_names", "looks_like_address", "name_id_of", "subject_of"]

_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_ATTRIBUTE = "attribute:"
_TRANSIENT = FORMATS[TRANSIENT]


def subject_of(assertion: Element, rule: str, issuer: str, audience: str | None) -> tuple[str, str]:
    """Return the subject and its kind.

    Args:
        assertion: The assertion.
        rule: The option: ``nameid``, or ``attribute:`` and a Name.
        issuer: The provider's entity id.
        audience: Ours; None where that isn't known.

    Raises:
        SignInRefused: It names nobody by `rule`, or by what changes every time.
    """
    if rule.startswith(_ATTRIBUTE):
        name = rule.removeprefix(_ATTRIBUTE)
        values = attributes_of(assertion).get(name, ())
        if len(values) != 1 or not values[0].strip():
            found = "isn't there" if not values else "hasn't exactly one value"
            raise SignInRefused(f"the attribute {name!r}, which is the subject, {found}; names are exact")
        return values[0], f"saml:attr:{name}"
    name_id = name_id_of(assertion)
    if name_id is None or not text_of(name_id).strip():
        raise SignInRefused("the assertion has no NameID that could be a subject, or several")
    # Some providers write it with the number of another version of SAML.
    if _format(name_id).rpartition(":")[2] == _TRANSIENT:
        raise SignInRefused(
            "the NameID is transient: another one at every sign-in, so it names nobody; "
            "have the provider send a persistent one, or choose an attribute by the option subject"
        )
    return text_of(name_id), _kind(name_id, issuer, audience)


def name_id_of(assertion: Element) -> Element | None:
    """Return the NameID of the assertion's subject; None where there's none, or several."""
    return only(only(assertion, saml("Subject")), saml("NameID"))


def attributes_of(assertion: Element) -> dict[str, tuple[str, ...]]:
    """Return the attributes by their exact Name; values that hold elements, and nil ones, are left out."""
    found: dict[str, tuple[str, ...]] = {}
    for attribute in _attributes(assertion):
        name = attribute.get("Name")
        if name:
            values = [
                text_of(value)
                for value in children(attribute, saml("AttributeValue"))
                if not len(value) and value.get(_NIL) not in ("true", "1")
            ]
            found[name] = (*found.get(name, ()), *values)
    return found


def friendly_names(assertion: Element) -> dict[str, str]:
    """Return what the provider calls an attribute besides its Name, by that; nothing goes by it."""
    pairs = [(each.get("FriendlyName"), each.get("Name")) for each in _attributes(assertion)]
    return {friendly: name for friendly, name in pairs if friendly and name and friendly != name}


def looks_like_address(text: str) -> bool:
    """Return whether a NameID looks like an e-mail address, which changes and is given to others."""
    return "@" in text and "." in text.rpartition("@")[2]


def _attributes(assertion: Element) -> list[Element]:
    statements = children(assertion, saml("AttributeStatement"))
    return [each for statement in statements for each in children(statement, saml("Attribute"))]


def _format(name_id: Element) -> str:
    return (name_id.get("Format") or "").strip() or UNSPECIFIED


def _kind(name_id: Element, issuer: str, audience: str | None) -> str:
    named = _format(name_id)
    kind = f"saml:{FORMATS.get(named, named)}"
    if named != PERSISTENT:
        return kind
    # Core §8.3.7: a persistent name means somebody only together with its qualifiers, which stand for the two
    # parties where they're left out. The same name by other qualifiers is somebody else.
    by, to = name_id.get("NameQualifier") or issuer, name_id.get("SPNameQualifier") or audience
    return kind if (by, to) == (issuer, audience) else f"{kind}!{by}!{to}"
