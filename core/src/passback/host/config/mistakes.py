"""What is wrong in a configuration, each with its place, what was expected, and what was probably meant."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from typing import TypeAlias, get_args

import attrs
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

__all__ = ["Mistake", "Place", "dotted", "explain", "inside", "resembling", "suggestion", "unknown"]

# The keys and indexes that lead to a value.
Place: TypeAlias = tuple[str | int, ...]

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_COMPARED = re.compile(r"^expected (?=greater|less)")
# What pydantic says in Python's words, by the kind of its error.
_WORDS: Mapping[str, str] = {
    **dict.fromkeys(("bool_type", "bool_parsing"), "expected true or false"),
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), "expected a whole number"),
    **dict.fromkeys(("float_type", "float_parsing"), "expected a number"),
    **dict.fromkeys(("tuple_type", "list_type", "set_type", "frozen_set_type"), "expected a list"),
    **dict.fromkeys(("dict_type", "model_type", "model_attributes_type"), "expected a table"),
    "string_type": "expected a text",
    "string_pattern_mismatch": "expected a text that matches {pattern}",
    "string_too_long": "expected at most {max_length} characters",
    "string_too_short": "expected at least {min_length} characters",
}
_REFERENCES = ', or { env = "…" }, { file = "…" }, { vault = "…" }'
_NOTHING = object()


@attrs.frozen
class Mistake:
    """One thing that is wrong.

    Attributes:
        place: Where.
        problem: What, what was expected, and what was probably meant; never a value.
    """

    place: Place
    problem: str

    def __str__(self) -> str:
        return f"{dotted(self.place)}: {self.problem}" if self.place else self.problem

    def beneath(self, *parent: str | int) -> Mistake:
        """Return this mistake as it is seen from further up."""
        return attrs.evolve(self, place=(*parent, *self.place))


def dotted(place: Place) -> str:
    """Return `place` as TOML writes it: a key that isn't plain stands in quotes."""
    return ".".join(
        str(part)
        if isinstance(part, int) or _BARE_KEY.fullmatch(part)
        else json.dumps(part, ensure_ascii=False)
        for part in place
    )


def inside(given: object, part: str | int) -> object:
    """Return what stands at `part` of `given`; an object like no other if nothing does."""
    if isinstance(given, Mapping):
        return given.get(part, _NOTHING)
    if isinstance(given, list | tuple) and isinstance(part, int) and part < len(given):
        return given[part]
    return _NOTHING


def resembling(name: str, names: Iterable[str]) -> str:
    """Return which of `names` was probably meant by `name`; empty if none was."""
    return next(iter(difflib.get_close_matches(name, sorted(names), n=1)), "")


def suggestion(name: str, names: Iterable[str]) -> str:
    """Return what was probably meant by `name`, or which names there are."""
    known = sorted(names)
    if close := resembling(name, known):
        return f"; did you mean {close!r}?"
    return f"; expected one of {', '.join(known)}" if known else ""


def explain(error: ValidationError, model: type[BaseModel], given: object) -> list[Mistake]:
    """Return what `error`, which `model` raised for `given`, says: one mistake for each place."""
    problems: dict[Place, list[str]] = {}
    for detail in error.errors(include_url=False, include_input=False):
        place = _place(detail, given)
        said = problems.setdefault(place, [])
        problem = _problem(detail, place, model, given)
        if problem not in said:
            said.append(problem)
    return [Mistake(place, _joined(said)) for place, said in problems.items()]


def _joined(problems: Sequence[str]) -> str:
    # Each branch of a union says what it expects.
    return problems[0] + "".join(f", or {each.removeprefix('expected ')}" for each in problems[1:])


def _place(detail: ErrorDetails, given: object) -> Place:
    """Return where `detail` points to in `given`, without the names that pydantic gives to branches."""
    place: list[str | int] = []
    for part in detail["loc"]:
        found = inside(given, part)
        if found is not _NOTHING:
            place.append(part)
            given = found
    if detail["type"] == "missing":
        place.append(detail["loc"][-1])
    return tuple(place)


def _problem(detail: ErrorDetails, place: Place, model: type[BaseModel], given: object) -> str:
    if detail["type"] == "extra_forbidden":
        return unknown(place[-1], _owners(place[:-1], model))
    if detail["type"] == "missing":
        return f"missing{_described(place, model)}"
    message = _worded(detail)
    if detail["type"] == "string_type" and isinstance(reduce(inside, place, given), Mapping):
        message += _REFERENCES
    return f"{message[:1].lower()}{message[1:]}"


def _worded(detail: ErrorDetails) -> str:
    known = detail.get("ctx", {})
    if known.get("min_length") == 1 and detail["type"] == "string_too_short":
        return "expected a text that isn't empty"
    if detail["type"] in _WORDS:
        return _WORDS[detail["type"]].format_map(known)
    message = detail["msg"].removeprefix("Value error, ").replace("Input should be ", "expected ", 1)
    return _COMPARED.sub("expected a number ", message)


def _described(place: Place, model: type[BaseModel]) -> str:
    for owner in _owners(place[:-1], model):
        for name, field in owner.model_fields.items():
            if place[-1] in (name, field.alias) and field.description:
                return f" ({field.description})"
    return ""


def unknown(key: str | int, models: Iterable[type[BaseModel]]) -> str:
    """Return that none of `models` has a field `key`, and which one was probably meant."""
    names = {field.alias or name for model in models for name, field in model.model_fields.items()}
    return f"unknown{suggestion(str(key), names)}"


def _owners(place: Place, model: type[BaseModel]) -> list[type[BaseModel]]:
    """Return the models whose fields may stand at `place` of `model`."""
    owners = [model]
    for part in place:
        annotations = [
            field.annotation
            for owner in owners
            for name, field in owner.model_fields.items()
            if part in (name, field.alias)
        ]
        # An index or a table's own key leads to what the list or table holds.
        owners = [each for annotation in annotations for each in _models(annotation)] or owners
    return owners


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)
