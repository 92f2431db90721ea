"""The few checks of a store that keeps nearly everything; measured: lrs table, column Ralph 5.1."""

from passback_xapi.sandbox.behaviour import Behaviour
from passback_xapi.sandbox.fields import Check, iri, mailto, mapping, text, uuid
from passback_xapi.sandbox.refusal import Invalid, Refused


def statement(value: object, behaviour: Behaviour) -> None:
    """Check that a statement has its three parts, and that its actor's identifier can be read.

    Raises:
        Invalid: A part is missing or cannot be kept.
        Refused: The identifier is malformed.
    """
    found = mapping(value, "")
    for name in ("actor", "verb", "object"):
        if name not in found:
            raise Invalid(name, "is required")
        mapping(found[name], name)
    if "id" in found:
        uuid(found["id"], "id")
    if "timestamp" in found:
        text(found["timestamp"], "timestamp")
    actor = mapping(found["actor"], "actor")
    _identifier(mailto, actor.get("mbox", "mailto:a@b"), "actor.mbox", behaviour)
    account = actor.get("account")
    if isinstance(account, dict):
        _identifier(iri, account.get("homePage", "a:b"), "actor.account.homePage", behaviour)


def _identifier(check: Check, value: object, field: str, behaviour: Behaviour) -> None:
    try:
        check(value, field)
    except Invalid as invalid:
        raise Refused(behaviour.bad_identifier_status, str(invalid)) from invalid
