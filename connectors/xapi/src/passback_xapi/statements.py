"""From a result to an xAPI statement; the same result always gives the same statement.

Source: xAPI 1.0.3, Data §2. The statement is the same for 1.0.3 and 2.0.
"""

from __future__ import annotations

import re
from uuid import UUID, uuid5

from msgspec import UNSET

from passback import DEFAULT_ORGANISATION, Account, Activity, Item, JSONValue, Result, ResultKind
from passback_xapi.actors import actor
from passback_xapi.iris import activity_iri, item_iri
from passback_xapi.kept import NOTHING, RELATIONS, Context, Kept, kept_of
from passback_xapi.options import XapiOptions
from passback_xapi.outcomes import outcome
from passback_xapi.times import timestamp
from passback_xapi.verbs import COURSE, ITEM_TYPES, VERBS, kind_of

__all__ = ["statement_id", "to_statement"]

# Makes a statement id of a host's id that is no UUID.
_NAMESPACE = UUID("6f1d1d52-6a0b-5c27-9f0f-7f0b5b2f5a3e")
_PLAIN_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def to_statement(
    result: Result, options: XapiOptions, account: Account | None = None
) -> dict[str, JSONValue]:
    """Return the statement for `result`.

    Args:
        result: The result.
        options: How the connection writes statements.
        account: Who the learner is there, where ``actor = sso`` needs it.

    Raises:
        UnknownActor: The connection's policy can't identify the learner.
    """
    kept = _kept(result)
    said: dict[str, JSONValue] = {
        "id": statement_id(result),
        "actor": actor(result.learner, options, account),
        "verb": _verb(result.kind, kept),
        "object": _object(result, options),
        "timestamp": timestamp(result.at),
    }
    if came_of_it := outcome(result, kept):
        said["result"] = came_of_it
    if result.item is not None or kept is not NOTHING:
        context = _context(result, kept.context, options)
        if context:
            said["context"] = context
    return said


def statement_id(result: Result) -> str:
    """Return the statement's id: the result's own where that is a UUID, else one derived from it.

    An id of the host counts inside its organisation, so the same one in another gives another statement.
    """
    if _PLAIN_UUID.fullmatch(result.id):
        return result.id
    try:
        return str(UUID(result.id))
    except ValueError:
        inside = "" if result.organisation == DEFAULT_ORGANISATION else f"{result.organisation}\n"
        return str(uuid5(_NAMESPACE, f"{inside}{result.id}"))


def _kept(result: Result) -> Kept:
    kept = kept_of(result)
    if kept.verb is UNSET:
        return kept
    part = result.item is not None or bool(kept.context.context_activities.parent)
    # A verb that says another kind would make another fact of it.
    says = kind_of(kept.verb, part=part, object_type=_type(result.kind))
    return kept if says is result.kind else NOTHING


def _type(kind: ResultKind) -> str:
    return ITEM_TYPES[kind][1] if kind.concerns_item else COURSE


def _verb(kind: ResultKind, kept: Kept) -> JSONValue:
    verb, display = VERBS[kind]
    if kept.verb is not UNSET and kept.verb != verb:
        verb, display = kept.verb, re.split(r"[/:#]", kept.verb)[-1]
    return {"id": verb, "display": {"en": display}}


def _object(result: Result, options: XapiOptions) -> JSONValue:
    if result.item is None:
        return _activity(result.activity, options)
    return _item(result.item, result, options)


def _activity(activity: Activity, options: XapiOptions) -> JSONValue:
    definition: dict[str, JSONValue] = {"type": COURSE}
    if activity.name:
        definition["name"] = {options.language: activity.name}
    return {
        "objectType": "Activity",
        "id": activity_iri(activity, options.activity_base),
        "definition": definition,
    }


def _item(item: Item, result: Result, options: XapiOptions) -> JSONValue:
    definition: dict[str, JSONValue] = {"type": _type(result.kind)}
    if item.name:
        definition["name"] = {options.language: item.name}
    inside = activity_iri(result.activity, options.activity_base)
    return {"objectType": "Activity", "id": item_iri(item, result.kind, inside), "definition": definition}


def _context(result: Result, kept: Context, options: XapiOptions) -> dict[str, JSONValue]:
    activities: dict[str, JSONValue] = {}
    for relation in RELATIONS:
        related: list[JSONValue] = []
        if relation == "parent" and result.item is not None:
            related.append(_activity(result.activity, options))
        named = getattr(kept.context_activities, relation)
        related.extend({"objectType": "Activity", "id": iri} for iri in named)
        if related:
            activities[relation] = related
    context: dict[str, JSONValue] = {"contextActivities": activities} if activities else {}
    for name in ("registration", "revision", "platform", "language"):
        if (value := getattr(kept, name)) is not UNSET:
            context[name] = value
    if kept.statement is not UNSET:
        context["statement"] = {"objectType": "StatementRef", "id": kept.statement}
    if kept.extensions:
        context["extensions"] = kept.extensions
    return context
