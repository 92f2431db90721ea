"""What a statement says that a result has no field for, under the key `xapi` of its extensions.

A host may write it too: a result's `extensions.xapi.context.registration` becomes the statement's
`context.registration`. Other people than the learner have no place here: a connection's policy says how its
learners are identified, and nothing about them.
"""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from passback import Result
from passback_xapi.endpoint import IRI
from passback_xapi.options import LANGUAGE

__all__ = [
    "FORMS",
    "KEY",
    "NOTHING",
    "RELATIONS",
    "Context",
    "Iri",
    "Kept",
    "Language",
    "Related",
    "Uuid",
    "kept_of",
]

KEY = "xapi"
RELATIONS = ("parent", "grouping", "category", "other")

# \Z, as $ would let a line feed pass.
_IRI = rf"^(?:{IRI})\Z"
_UUID = r"^[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\Z"
_LANGUAGE = rf"{LANGUAGE.removesuffix('$')}\Z"
Iri = Annotated[str, Meta(pattern=_IRI)]
Uuid = Annotated[str, Meta(pattern=_UUID)]
Language = Annotated[str, Meta(pattern=_LANGUAGE)]
FORMS = {
    _IRI: "an IRI such as https://content.example.com/ladder",
    _UUID: f"a UUID such as {UUID(int=0)}",
    _LANGUAGE: "a language tag such as en or de-CH",
}


class Related(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Activities that the statement is about as well, by their IRIs.

    Attributes:
        parent: What contains the object; without the activity of a result that concerns an item.
        grouping: What it belongs to more loosely.
        category: What kind of statement it is.
        other: What else has to do with it.
    """

    parent: tuple[Iri, ...] = ()
    grouping: tuple[Iri, ...] = ()
    category: tuple[Iri, ...] = ()
    other: tuple[Iri, ...] = ()


class Context(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, rename="camel"):
    """In what it happened (xAPI 1.0.3, Data §2.4.6), in xAPI's own names.

    Attributes:
        registration: One enrolment of the learner.
        context_activities: Other activities.
        revision: Which edition of the activity.
        platform: What it ran on.
        language: In which language.
        statement: The id of a statement that this one belongs to.
        extensions: Anything else; the keys are IRIs.
    """

    registration: Uuid | UnsetType = UNSET
    context_activities: Related = Related()
    revision: str | UnsetType = UNSET
    platform: str | UnsetType = UNSET
    language: Language | UnsetType = UNSET
    statement: Uuid | UnsetType = UNSET
    extensions: dict[Iri, Any] = {}


class Kept(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a statement says that a result has no field for.

    Attributes:
        verb: The verb's IRI, where it isn't the one that the kind has by itself.
        response: What the learner answered.
        context: In what it happened.
    """

    verb: Iri | UnsetType = UNSET
    response: str | UnsetType = UNSET
    context: Context = Context()


NOTHING = Kept()


def kept_of(result: Result) -> Kept:
    """Return what `result` keeps for its statement; `NOTHING` where that has another form than `Kept`."""
    if KEY not in result.extensions:
        return NOTHING
    try:
        kept = msgspec.convert(result.extensions[KEY], Kept)
    except msgspec.ValidationError:
        return NOTHING
    return NOTHING if kept == NOTHING else kept
