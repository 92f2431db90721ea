"""Statements as other programs write them: which members they may have, and of which type.

Source: xAPI 1.0.3, Data §2. What isn't the fact itself may be there and isn't read: how a verb is displayed,
what defines an activity (but its name and type), attachments, who else took part, who vouches for it.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType, field

from passback import InvalidResult
from passback_xapi.kept import FORMS, Iri, Language, Uuid

__all__ = ["Account", "Activities", "Agent", "Context", "Object", "Outcome", "Statement", "shaped"]

_PLACE = re.compile(r" - at (?:`key` in )?`\$\.?([^`]*)`$")
_MEMBER = re.compile(r"^Object (missing required|contains unknown) field `(.*)`$", re.DOTALL)


class Account(Struct, frozen=True, rename="camel"):
    """A user account of an existing system."""

    home_page: Iri
    name: str


class Agent(Struct, frozen=True, rename="camel"):
    """Who it is about."""

    object_type: str = "Agent"
    name: str | UnsetType = UNSET
    mbox: str | UnsetType = UNSET
    mbox_sha1sum: str | UnsetType = field(default=UNSET, name="mbox_sha1sum")
    openid: Iri | UnsetType = UNSET
    account: Account | UnsetType = UNSET


class Verb(Struct, frozen=True):
    """What was done."""

    id: str


class Definition(Struct, frozen=True):
    """What an activity is."""

    name: dict[str, str] = {}
    type: str | UnsetType = UNSET


class Object(Struct, frozen=True, rename="camel"):
    """What it was done to."""

    id: str | UnsetType = UNSET
    object_type: str = "Activity"
    definition: Definition = Definition()


class Score(Struct, frozen=True, forbid_unknown_fields=True):
    """How well."""

    scaled: float | UnsetType = UNSET
    raw: float | UnsetType = UNSET
    min: float | UnsetType = UNSET
    max: float | UnsetType = UNSET


class Outcome(Struct, frozen=True, forbid_unknown_fields=True):
    """What came of it."""

    score: Score = Score()
    success: bool | UnsetType = UNSET
    completion: bool | UnsetType = UNSET
    response: str | UnsetType = UNSET
    duration: str | UnsetType = UNSET
    extensions: dict[Iri, Any] = {}


class RelatedActivity(Struct, frozen=True):
    """An activity that the statement is about as well."""

    id: Iri
    definition: Definition = Definition()


Activities = list[RelatedActivity] | RelatedActivity


class ContextActivities(Struct, frozen=True, forbid_unknown_fields=True):
    """Activities that the statement is about as well."""

    parent: Activities = []
    grouping: Activities = []
    category: Activities = []
    other: Activities = []


class Reference(Struct, frozen=True):
    """A statement that this one belongs to."""

    id: Uuid


class Context(Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """In what it happened."""

    registration: Uuid | UnsetType = UNSET
    context_activities: ContextActivities = ContextActivities()
    revision: str | UnsetType = UNSET
    platform: str | UnsetType = UNSET
    language: Language | UnsetType = UNSET
    statement: Reference | UnsetType = UNSET
    extensions: dict[Iri, Any] = {}
    instructor: Any = None
    team: Any = None
    context_agents: Any = None
    context_groups: Any = None


class Statement(Struct, frozen=True, forbid_unknown_fields=True):
    """One statement."""

    actor: Agent
    verb: Verb
    object: Object
    timestamp: str
    id: Uuid | UnsetType = UNSET
    result: Outcome = Outcome()
    context: Context = Context()
    attachments: Any = None
    authority: Any = None
    stored: Any = None
    version: Any = None


def shaped(statement: object) -> Statement:
    """Return `statement` if it has the members and types of one.

    Raises:
        InvalidResult: It hasn't; names the member.
    """
    try:
        return msgspec.convert(statement, Statement)
    except msgspec.ValidationError as error:
        raise _explained(str(error)) from None


def _explained(message: str) -> InvalidResult:
    place = ""
    if found := _PLACE.search(message):
        place, message = found[1], message[: found.start()]
    if found := _MEMBER.match(message):
        problem = "missing; it is required" if found[1].startswith("missing") else "xAPI has no such property"
        return InvalidResult(f"{place}.{found[2][:80]}".lstrip("."), problem)
    for pattern, form in FORMS.items():
        if message.endswith(repr(pattern)):
            return InvalidResult(place, f"expected {form}")
    return InvalidResult(place, message[:1].lower() + message[1:])
