"""Claims made of what is known of a learner: ``{email}``, ``urn:acme:{id}``, ``member``."""

from __future__ import annotations

from collections.abc import Mapping
from string import Formatter

__all__ = ["FIELDS", "fields_of", "filled"]

FIELDS = frozenset(
    {"id", "email", "name", "username", "external_id", "openid", "user_id", "activity", "return_to"}
)
"""What a template can name: the learner's fields, their id over there, the activity's id, a path."""


def fields_of(template: str) -> list[str]:
    """Return the fields that `template` names.

    Raises:
        ValueError: It can't be read, or names what there is none of.
    """
    try:
        parts = list(Formatter().parse(template))
    except ValueError:
        raise ValueError("a template has { or } that isn't closed or opened") from None
    if any(format_ or conversion for _, _, format_, conversion in parts):
        raise ValueError("a template has : or ! between { and }, where only a field's name goes")
    named = [field for _, field, _, _ in parts if field is not None]
    for field in named:
        if field not in FIELDS:
            raise ValueError(f"a template names {field[:40]!r}; there is {', '.join(sorted(FIELDS))}")
    return named


def filled(template: str, known: Mapping[str, str | None]) -> str | None:
    """Return `template` with its fields filled in; None where one of them isn't known."""
    values = {field: known.get(field) for field in fields_of(template)}
    given = {field: value for field, value in values.items() if value}
    return template.format_map(given) if len(given) == len(values) else None
