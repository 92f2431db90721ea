"""The JSON Schema of results, made from the records: their fields, checks and docstrings.

What a schema can't say, `parse_result` alone decides; docs/reference/results.md lists it.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

import attrs

from passback.model import checks
from passback.model.result import Activity, Counters, Item, JSONValue, Learner, Result, ResultKind, Score

__all__ = ["result_schema"]

_PARTS: tuple[type[attrs.AttrsInstance], ...] = (Learner, Activity, Item, Score, Counters)
_PLAIN: Mapping[object, dict[str, JSONValue]] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    Mapping: {"type": "object"},
    # RFC 3339; the years that not every zone can tell are left out.
    datetime: {
        "type": "string",
        "format": "date-time",
        "pattern": r"^(?!0000|0001|9999)[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
        r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$",
    },
    # ISO 8601 without years, months and weeks; only the last number may have a fraction. The format
    # "duration" would refuse every fraction (RFC 3339, appendix A).
    timedelta: {
        "type": "string",
        "pattern": r"^P(?=[0-9T])(?!.*\.[0-9]+[DHM].)([0-9]+(\.[0-9]+)?D)?"
        r"(T(?=[0-9])([0-9]+(\.[0-9]+)?H)?([0-9]+(\.[0-9]+)?M)?([0-9]+(\.[0-9]+)?S)?)?$",
    },
}
_CHECKED: Mapping[Callable[..., object], dict[str, JSONValue]] = {
    checks.text: {"minLength": 1, "maxLength": checks.LONGEST_TEXT, "pattern": r"\S"},
    checks.count: {"minimum": 0},
    checks.share: {"minimum": 0, "maximum": 1},
    checks.signed_share: {"minimum": -1, "maximum": 1},
    # The rules of these are in what the type itself allows.
    checks.number: {},
    checks.moment: {},
    checks.length: {},
    checks.content: {},
}


def result_schema() -> dict[str, JSONValue]:
    """Return the JSON Schema (draft 2020-12) of the results that `parse_result` accepts."""
    items = [kind.value for kind in ResultKind if kind.concerns_item]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Result",
        **_record(Result),
        # What isn't named here is kept under extensions.
        "additionalProperties": True,
        "if": {"required": ["kind"], "properties": {"kind": {"enum": list(items)}}},
        "then": {"required": ["item"], "properties": {"item": {"type": "object"}}},
        "else": {"properties": {"item": {"type": "null"}}},
        "$defs": {part.__name__: _record(part) for part in _PARTS},
    }


def _record(record: type[attrs.AttrsInstance]) -> dict[str, JSONValue]:
    summary, told = _told(record)
    types = get_type_hints(record)
    fields = attrs.fields(record)
    return {
        "description": summary,
        "type": "object",
        "properties": {field.name: _field(field, types[field.name], told) for field in fields},
        "required": [field.name for field in fields if field.default is attrs.NOTHING],
        "additionalProperties": False,
    }


def _field(field: attrs.Attribute[Any], annotation: object, told: Mapping[str, str]) -> JSONValue:
    schema = {"description": told.get(field.name, "")} | _value(annotation)
    if field.validator is not None:
        schema |= _CHECKED[field.validator]
    if isinstance(field.default, str):
        schema["default"] = field.default
    return schema


def _value(annotation: object) -> dict[str, JSONValue]:
    choices = get_args(annotation)
    if NoneType in choices:
        (wanted,) = (choice for choice in choices if choice is not NoneType)
        given = _value(wanted)
        if "$ref" in given:
            return {"anyOf": [given, {"type": "null"}]}
        return given | {"type": [given["type"], "null"]}
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return {"type": "string", "enum": [member.value for member in annotation]}
    if isinstance(annotation, type) and attrs.has(annotation):
        return {"$ref": f"#/$defs/{annotation.__name__}"}
    return dict(_PLAIN[get_origin(annotation) or annotation])


def _told(record: type[attrs.AttrsInstance]) -> tuple[str, Mapping[str, str]]:
    """Return what the docstring of `record` says of it, and of each of its attributes."""
    summary, _, rest = (inspect.getdoc(record) or "").partition("\n\nAttributes:\n")
    attributes = rest.partition("\n\n")[0]
    pairs = re.findall(r"^    (\w+): (.*(?:\n     .*)*)", attributes, re.MULTILINE)
    return " ".join(summary.split()), {name: " ".join(text.split()) for name, text in pairs}
