"""From an xAPI statement, ours or another program's, to a result.

Source: xAPI 1.0.3, Data §2. What comes is hostile until it's read.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import UNSET, UnsetType

from passback import DEFAULT_ORGANISATION, Activity, InvalidResult, Item, JSONValue, Result, ResultKind
from passback_xapi import shapes
from passback_xapi.actors import learner
from passback_xapi.endpoint import is_iri
from passback_xapi.iris import extension_iri, read_activity_iri, read_item_iri
from passback_xapi.kept import KEY, RELATIONS
from passback_xapi.outcomes import read_outcome
from passback_xapi.times import read_timestamp
from passback_xapi.verbs import KNOWN, VERBS, VOIDED, kind_of

__all__ = ["from_statement"]

_PARENT = "context.contextActivities.parent"
# Where a statement says what a field of a result tells.
_PLACES: Mapping[str, str] = {
    "at": "timestamp",
    "learner.id": "actor",
    "item.id": "object.id",
    "duration": "result.duration",
    "extensions": "result.extensions",
    "started": "result.extensions",
}


def from_statement(
    statement: object,
    *,
    activity_base: str | None = None,
    home_page: str | None = None,
    organisation: str = DEFAULT_ORGANISATION,
) -> Result:
    """Return the result that `statement` tells.

    Args:
        statement: A statement as its JSON reads; whatever it is.
        activity_base: What was put before activity ids that are no IRIs, as in a connection's options.
        home_page: The system whose account names are the host's own learner ids.
        organisation: The customer whose learner and activity these are.

    Raises:
        InvalidResult: It tells no result; names the statement's property and what was expected.
    """
    said = shapes.shaped(statement)
    _check_object(said)
    parents = _listed(said.context.context_activities.parent)
    kind = _kind(said, part=bool(parents))
    fields = read_outcome(said.result)
    if said.id is not UNSET:
        fields["id"] = str(UUID(said.id))
    if rest := _kept(said, kind):
        fields["extensions"] = _beside(fields["extensions"], rest)
    try:
        return Result(
            kind=kind,
            at=_moment(said.timestamp),
            learner=learner(said.actor, home_page),
            activity=_activity(said, parents, kind, activity_base),
            item=_item(said, parents, kind),
            organisation=organisation,
            **fields,
        )
    except InvalidResult as error:
        place = _PLACES.get(error.field, error.field)
        if error.field == "activity.id":
            place = f"{_PARENT}[0].id" if kind.concerns_item else "object.id"
        raise InvalidResult(place, error.problem) from None


def _check_object(said: shapes.Statement) -> None:
    if said.verb.id == VOIDED:
        raise InvalidResult("verb.id", "it voids another statement, and tells no result")
    if said.object.object_type != "Activity":
        got = said.object.object_type[:80]
        raise InvalidResult("object.objectType", f"a result is about an Activity, got {got!r}")
    if said.object.id is UNSET:
        raise InvalidResult("object.id", "missing; it is required")
    if not is_iri(said.object.id):
        raise InvalidResult("object.id", "expected an IRI such as https://content.example.com/ladder")


def _kind(said: shapes.Statement, *, part: bool) -> ResultKind:
    object_type = said.object.definition.type
    kind = kind_of(said.verb.id, part=part, object_type=None if object_type is UNSET else object_type)
    if kind is not None:
        return kind
    if said.verb.id in KNOWN:
        raise InvalidResult(
            _PARENT, f"missing; {said.verb.id} needs the activity that its object is a part of"
        )
    raise InvalidResult(
        "verb.id", f"{said.verb.id[:200]!r} says no kind of result; known are {', '.join(KNOWN)}"
    )


def _listed(activities: shapes.Activities) -> list[shapes.RelatedActivity]:
    return activities if isinstance(activities, list) else [activities]


def _activity(
    said: shapes.Statement, parents: list[shapes.RelatedActivity], kind: ResultKind, base: str | None
) -> Activity:
    found = parents[0] if kind.concerns_item else said.object
    return Activity(id=read_activity_iri(str(found.id), base), name=_name(found.definition))


def _item(said: shapes.Statement, parents: list[shapes.RelatedActivity], kind: ResultKind) -> Item | None:
    if not kind.concerns_item:
        return None
    own = read_item_iri(str(said.object.id), kind, parents[0].id)
    return Item(id=own, name=_name(said.object.definition))


def _name(definition: shapes.Definition) -> str | None:
    names = definition.name
    return (names.get("en") or next(iter(names.values()), None)) or None


def _moment(text: str) -> datetime:
    try:
        return read_timestamp(text)
    except ValueError as error:
        raise InvalidResult("timestamp", str(error)) from None


def _kept(said: shapes.Statement, kind: ResultKind) -> dict[str, JSONValue]:
    context = said.context
    related: dict[str, list[JSONValue]] = {
        relation: [each.id for each in _listed(getattr(context.context_activities, relation))]
        for relation in RELATIONS
    }
    if kind.concerns_item:
        del related["parent"][0]
    around = _told(
        registration=context.registration,
        contextActivities={relation: named for relation, named in related.items() if named},
        revision=context.revision,
        platform=context.platform,
        language=context.language,
        statement=UNSET if context.statement is UNSET else context.statement.id,
        extensions=context.extensions,
    )
    verb = UNSET if said.verb.id == VERBS[kind][0] else said.verb.id
    return _told(verb=verb, response=said.result.response, context=around)


def _beside(extensions: dict[str, Any], rest: dict[str, JSONValue]) -> dict[str, Any]:
    # What a host called xapi on its own account then goes by its IRI.
    named = {extension_iri(KEY) if key == KEY else key: value for key, value in extensions.items()}
    return named | {KEY: rest}


def _told(**members: JSONValue | UnsetType) -> dict[str, JSONValue]:
    return {name: value for name, value in members.items() if value is not UNSET and value != {}}
