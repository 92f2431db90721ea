"""Checks of single values: each takes a value and the name of its field, and raises Invalid."""

import math
from collections.abc import Callable, Collection, Mapping
from typing import cast

from passback_xapi.sandbox import formats
from passback_xapi.sandbox.refusal import Invalid

Check = Callable[[object, str], None]
Fields = Mapping[str, Check]


def mapping(value: object, field: str) -> dict[str, object]:
    """Return a JSON object."""
    if not isinstance(value, dict):
        raise Invalid(field, f"must be an object, not {_kind(value)}")
    return cast("dict[str, object]", value)


def record(value: object, field: str, fields: Fields, required: Collection[str] = ()) -> dict[str, object]:
    """Check a JSON object that has only known members and all the required ones."""
    found = mapping(value, field)
    for name in required:
        if name not in found:
            raise Invalid(_join(field, name), "is required")
    for name, member in found.items():
        if name not in fields:
            raise Invalid(_join(field, name), "is no property of this object")
        fields[name](member, _join(field, name))
    return found


def array(check: Check, *, filled: bool = False) -> Check:
    """Make the check of a JSON array, each entry of which passes another check."""

    def checked(value: object, field: str) -> None:
        if not isinstance(value, list):
            raise Invalid(field, f"must be an array, not {_kind(value)}")
        if filled and not value:
            raise Invalid(field, "must not be empty")
        for index, entry in enumerate(value):
            check(entry, f"{field}[{index}]")

    return checked


def text(value: object, field: str) -> None:
    """Check a string."""
    _text(value, field)


def one_of(*allowed: str) -> Check:
    """Make the check of a string that is one of a few, in their exact case."""

    def checked(value: object, field: str) -> None:
        if _text(value, field) not in allowed:
            raise Invalid(field, f"must be one of {', '.join(allowed)}")

    return checked


def shaped(test: Callable[[str], object], name: str) -> Check:
    """Make the check of a string in a certain format."""

    def checked(value: object, field: str) -> None:
        if not test(_text(value, field)):
            raise Invalid(field, f"must be {name}")

    return checked


uuid = shaped(formats.is_uuid, "a UUID")
iri = shaped(formats.is_iri, "an IRI with a scheme")
uri = shaped(formats.is_uri, "a URI")
mailto = shaped(formats.is_mailto, "a mailto IRI")
sha1 = shaped(formats.is_sha1, "40 hexadecimal digits")
language = shaped(formats.is_language, "an RFC 5646 language tag")
duration = shaped(formats.is_duration, "an ISO 8601 duration")
timestamp = shaped(lambda text: formats.instant(text) is not None, "an RFC 3339 timestamp with a zone")


def boolean(value: object, field: str) -> None:
    """Check a JSON boolean."""
    if not isinstance(value, bool):
        raise Invalid(field, f"must be true or false, not {_kind(value)}")


def number(value: object, field: str) -> None:
    """Check a JSON number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Invalid(field, f"must be a number, not {_kind(value)}")


def count(value: object, field: str) -> None:
    """Check a whole number that is not negative."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise Invalid(field, "must be a whole number, zero or more")


def language_map(value: object, field: str) -> None:
    """Check a map of language tags to strings."""
    for tag, wording in mapping(value, field).items():
        language(tag, _join(field, tag))
        text(wording, _join(field, tag))


def extensions(value: object, field: str) -> None:
    """Check a map of IRIs to anything at all, null included."""
    for name in mapping(value, field):
        iri(name, _join(field, name))


def _text(value: object, field: str) -> str:
    if not isinstance(value, str):
        raise Invalid(field, f"must be a string, not {_kind(value)}")
    return value


def _join(field: str, name: str) -> str:
    return f"{field}.{name}" if field else name


def _kind(value: object) -> str:
    if value is None:
        return "null"
    names = {bool: "a boolean", str: "a string", list: "an array", dict: "an object"}
    return names.get(type(value), "a number")
