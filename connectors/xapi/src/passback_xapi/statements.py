"""From a result to an xAPI statement; the same result always gives the same statement.

Source: xAPI 1.0.3, Data §2. The statement is the same for 1.0.3 and 2.0.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from uuid import UUID, uuid5

import msgspec
from msgspec import UNSET

from passback import DEFAULT_ORGANISATION, Account, Activity, Item, JSONValue, Result, ResultKind
from passback_xapi.actors import actor
from passback_xapi.iris import activity_iri, item_iri
from passback_xapi.kept import NOTHING, RELATIONS, Context, Kept, kept_of
from passback_xapi.options import XapiOptions
from passback_xapi.outcomes import Told, outcome
from passback_xapi.times import timestamp
from passback_xapi.verbs import COURSE, ITEM_TYPES, VERBS, kind_of

__all__ = ["Statement", "statement", "statement_id", "to_statement"]

# Makes a statement id of a host's id that is no UUID.
_NAMESPACE = UUID("6f1d1d52-6a0b-5c27-9f0f-7f0b5b2f5a3e")
_encode = msgspec.json.Encoder().encode
_PLAIN_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class Statement(msgspec.Struct, gc=False, omit_defaults=True, rename={"about": "object"}):
    """A statement, made of parts that are JSON already where those come again and again.

    As objects they would take longer than everything else, and there are a dozen for each of a batch to keep
    track of.
    """

    id: str
    actor: msgspec.Raw
    verb: msgspec.Raw
    about: msgspec.Raw
    timestamp: str
    result: Told | None = None
    context: Mapping[str, object] = {}


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
    said: dict[str, JSONValue] = msgspec.json.decode(
        _encode(statement(statement_id(result), result, options, account))
    )
    return said


def statement(own: str, result: Result, options: XapiOptions, account: Account | None) -> Statement:
    """Return the statement for `result`, to be written as JSON.

    Args:
        own: The statement's id.
        result: The result.
        options: How the connection writes statements.
        account: Who the learner is there, where ``actor = sso`` needs it.

    Raises:
        UnknownActor: The connection's policy can't identify the learner.
    """
    kept = _kept(result) if result.extensions else NOTHING
    special = result.item is not None or kept is not NOTHING
    return Statement(
        own,
        actor(result.learner, options, account),
        _verb(result.kind, kept),
        _object(result, options),
        timestamp(result.at),
        outcome(result, kept),
        _context(result, kept.context, options) if special else {},
    )


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


def _verb(kind: ResultKind, kept: Kept) -> msgspec.Raw:
    if kept.verb is UNSET or kept.verb == VERBS[kind][0]:
        return _SAID[kind]
    return _named(kept.verb, re.split(r"[/:#]", kept.verb)[-1])


def _named(verb: str, display: str) -> msgspec.Raw:
    return msgspec.Raw(_encode({"id": verb, "display": {"en": display}}))


_SAID = {kind: _named(*said) for kind, said in VERBS.items()}


def _object(result: Result, options: XapiOptions) -> msgspec.Raw:
    if result.item is None:
        return _activity(result.activity, options)
    return _item(result.item, result, options)


def _activity(activity: Activity, options: XapiOptions) -> msgspec.Raw:
    return _course(activity.id, activity.name, options.activity_base, options.language)


# Activities come again and again.
@lru_cache(maxsize=4096)
def _course(own: str, name: str | None, base: str | None, language: str) -> msgspec.Raw:
    return _described(activity_iri(own, base), COURSE, name, language)


def _item(item: Item, result: Result, options: XapiOptions) -> msgspec.Raw:
    inside = activity_iri(result.activity.id, options.activity_base)
    iri = item_iri(item, result.kind, inside)
    return _described(iri, _type(result.kind), item.name, options.language)


@lru_cache(maxsize=4096)
def _described(iri: str, kind: str, name: str | None, language: str) -> msgspec.Raw:
    definition: dict[str, object] = {"type": kind}
    if name:
        definition["name"] = {language: name}
    return msgspec.Raw(_encode({"objectType": "Activity", "id": iri, "definition": definition}))


def _context(result: Result, kept: Context, options: XapiOptions) -> dict[str, object]:
    activities: dict[str, object] = {}
    for relation in RELATIONS:
        related: list[object] = []
        if relation == "parent" and result.item is not None:
            related.append(_activity(result.activity, options))
        named = getattr(kept.context_activities, relation)
        related.extend({"objectType": "Activity", "id": iri} for iri in named)
        if related:
            activities[relation] = related
    context: dict[str, object] = {"contextActivities": activities} if activities else {}
    for name in ("registration", "revision", "platform", "language"):
        if (value := getattr(kept, name)) is not UNSET:
            context[name] = value
    if kept.statement is not UNSET:
        context["statement"] = {"objectType": "StatementRef", "id": kept.statement}
    if kept.extensions:
        context["extensions"] = kept.extensions
    return context
