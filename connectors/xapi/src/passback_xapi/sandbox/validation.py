"""The rules for statements, in full."""

import re
from functools import partial
from typing import Literal

from passback_xapi.sandbox.activities import activities, activity
from passback_xapi.sandbox.actors import actor, agent, authority, group
from passback_xapi.sandbox.fields import (
    Check,
    Fields,
    array,
    count,
    extensions,
    iri,
    language,
    language_map,
    mapping,
    one_of,
    record,
    shaped,
    text,
    timestamp,
    uuid,
)
from passback_xapi.sandbox.outcome import result
from passback_xapi.sandbox.refusal import Invalid

Edition = Literal["1.0", "2.0"]

VOIDED = "http://adlnet.gov/expapi/verbs/voided"
_VERSION: dict[Edition, Check] = {
    "1.0": shaped(re.compile(r"1\.0\.\d+", re.ASCII).fullmatch, "a version 1.0.x"),
    "2.0": shaped(re.compile(r"[12]\.0(\.\d+)?", re.ASCII).fullmatch, "a version 1.0.x or 2.0.x"),
}


def statement(value: object, edition: Edition) -> None:
    """Check one statement by the rules of an edition.

    Raises:
        Invalid: It breaks a rule.
    """
    fields: Fields = {
        "id": uuid,
        "stored": timestamp,
        "authority": authority,
        "version": _VERSION[edition],
        **_shared(edition),
        "object": partial(_object, edition=edition),
    }
    found = record(value, "", fields, required=("actor", "verb", "object"))
    _agree(found, "")


def _shared(edition: Edition) -> Fields:
    return {
        "actor": actor,
        "verb": _verb,
        "result": result,
        "context": partial(_context, edition=edition),
        "timestamp": timestamp,
        "attachments": array(_attachment),
    }


def _substatement(value: object, field: str, *, edition: Edition) -> None:
    fields: Fields = {"objectType": one_of("SubStatement"), **_shared(edition), "object": _plain_object}
    found = record(value, field, fields, required=("actor", "verb", "object"))
    _agree(found, f"{field}.")


def _object(value: object, field: str, *, edition: Edition) -> None:
    if mapping(value, field).get("objectType") == "SubStatement":
        _substatement(value, field, edition=edition)
    else:
        _plain_object(value, field)


def _plain_object(value: object, field: str) -> None:
    checks: dict[object, Check] = {
        "Activity": activity,
        "Agent": agent,
        "Group": group,
        "StatementRef": _reference,
    }
    kind = mapping(value, field).get("objectType", "Activity")
    if not isinstance(kind, str) or kind not in checks:
        raise Invalid(f"{field}.objectType", "is not allowed here")
    checks[kind](value, field)


def _reference(value: object, field: str) -> None:
    fields: Fields = {"objectType": one_of("StatementRef"), "id": uuid}
    record(value, field, fields, required=("objectType", "id"))


def _verb(value: object, field: str) -> None:
    record(value, field, {"id": iri, "display": language_map}, required=("id",))


def _context(value: object, field: str, *, edition: Edition) -> None:
    fields: dict[str, Check] = {
        "registration": uuid,
        "instructor": actor,
        "team": group,
        "contextActivities": _context_activities,
        "revision": text,
        "platform": text,
        "language": language,
        "statement": _reference,
        "extensions": extensions,
    }
    if edition == "2.0":
        fields["contextAgents"] = array(partial(_related, name="agent", check=agent))
        fields["contextGroups"] = array(partial(_related, name="group", check=group))
    record(value, field, fields)


def _context_activities(value: object, field: str) -> None:
    record(value, field, dict.fromkeys(("parent", "grouping", "category", "other"), activities))


def _related(value: object, field: str, *, name: str, check: Check) -> None:
    kind = one_of(f"context{name.capitalize()}")
    fields: Fields = {"objectType": kind, name: check, "relevantTypes": array(iri, filled=True)}
    record(value, field, fields, required=("objectType", name))


def _attachment(value: object, field: str) -> None:
    fields: Fields = {
        "usageType": iri,
        "display": language_map,
        "description": language_map,
        "contentType": text,
        "length": count,
        "sha2": text,
        "fileUrl": iri,
    }
    # The sandbox takes no multipart bodies, and plain JSON can only point at an attachment.
    record(value, field, fields, required=fields.keys() - {"description"})


def _agree(found: dict[str, object], prefix: str) -> None:
    kind = mapping(found["object"], f"{prefix}object").get("objectType", "Activity")
    if mapping(found["verb"], f"{prefix}verb")["id"] == VOIDED and kind != "StatementRef":
        raise Invalid(f"{prefix}object.objectType", "must be StatementRef in a statement that voids")
    for name in ("revision", "platform"):
        if kind != "Activity" and name in mapping(found.get("context", {}), f"{prefix}context"):
            raise Invalid(f"{prefix}context.{name}", "is allowed only where the object is an activity")
