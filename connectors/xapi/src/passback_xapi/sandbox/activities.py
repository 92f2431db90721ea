"""The rules for activities and their definitions."""

from passback_xapi.sandbox.fields import (
    Fields,
    array,
    extensions,
    iri,
    language_map,
    mapping,
    one_of,
    record,
    text,
)
from passback_xapi.sandbox.refusal import Invalid

_INTERACTIONS = one_of(
    "true-false",
    "choice",
    "fill-in",
    "long-fill-in",
    "matching",
    "performance",
    "sequencing",
    "likert",
    "numeric",
    "other",
)


def activity(value: object, field: str) -> None:
    """Check an activity."""
    fields: Fields = {"objectType": one_of("Activity"), "id": iri, "definition": _definition}
    record(value, field, fields, required=("id",))


def activities(value: object, field: str) -> None:
    """Check an array of activities, or one activity alone."""
    if isinstance(value, list):
        array(activity)(value, field)
    else:
        activity(value, field)


def _component(value: object, field: str) -> None:
    record(value, field, {"id": text, "description": language_map}, required=("id",))


def _components(value: object, field: str) -> None:
    array(_component)(value, field)
    names = [mapping(entry, field)["id"] for entry in value] if isinstance(value, list) else []
    if len(set(names)) != len(names):
        raise Invalid(field, "must not name one id twice")


_INTERACTION: Fields = {
    "correctResponsesPattern": array(text),
    "choices": _components,
    "scale": _components,
    "source": _components,
    "target": _components,
    "steps": _components,
}
_DEFINITION: Fields = {
    "name": language_map,
    "description": language_map,
    "type": iri,
    "moreInfo": iri,
    "extensions": extensions,
    "interactionType": _INTERACTIONS,
    **_INTERACTION,
}


def _definition(value: object, field: str) -> None:
    found = record(value, field, _DEFINITION)
    if "interactionType" not in found and not found.keys().isdisjoint(_INTERACTION):
        raise Invalid(f"{field}.interactionType", "is required beside the parts of an interaction")
