"""The rules for agents and groups."""

from passback_xapi.sandbox.fields import Fields, array, iri, mailto, mapping, one_of, record, sha1, text, uri
from passback_xapi.sandbox.refusal import Invalid


def _account(value: object, field: str) -> None:
    record(value, field, {"homePage": iri, "name": text}, required=("homePage", "name"))


IDENTIFIERS: Fields = {"mbox": mailto, "mbox_sha1sum": sha1, "openid": uri, "account": _account}
_OAUTH_MEMBERS = 2


def agent(value: object, field: str) -> None:
    """Check an agent: exactly one identifier."""
    fields: Fields = {"objectType": one_of("Agent"), "name": text, **IDENTIFIERS}
    found = record(value, field, fields)
    if _identifiers(found, field) == 0:
        raise Invalid(field, f"must have one of {', '.join(IDENTIFIERS)}")


def group(value: object, field: str) -> None:
    """Check a group: one identifier, or members, who are agents."""
    fields: Fields = {
        "objectType": one_of("Group"),
        "name": text,
        "member": array(agent),
        **IDENTIFIERS,
    }
    found = record(value, field, fields, required=("objectType",))
    if _identifiers(found, field) == 0 and not found.get("member"):
        raise Invalid(f"{field}.member", "is required of a group without an identifier")


def actor(value: object, field: str) -> None:
    """Check an agent or a group."""
    check = group if mapping(value, field).get("objectType") == "Group" else agent
    check(value, field)


def identified(value: object, field: str) -> None:
    """Check an agent or a group that has an identifier, as a filter needs."""
    actor(value, field)
    if _identifiers(mapping(value, field), field) == 0:
        raise Invalid(field, "must have an identifier")


def authority(value: object, field: str) -> None:
    """Check an authority: an agent, or an anonymous group of two."""
    actor(value, field)
    found = mapping(value, field)
    if found.get("objectType") != "Group":
        return
    members = found.get("member")
    if _identifiers(found, field) or not isinstance(members, list) or len(members) != _OAUTH_MEMBERS:
        raise Invalid(field, "must be an agent, or a group of two members without an identifier")


def _identifiers(found: dict[str, object], field: str) -> int:
    present = [name for name in IDENTIFIERS if name in found]
    if len(present) > 1:
        raise Invalid(field, f"must have one identifier, not {' and '.join(present)}")
    return len(present)
