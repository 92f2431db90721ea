"""Templates: JSON whose texts are expressions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from pydantic import JsonValue

from passback import JSONValue
from passback_webhook.expressions.bounds import DEEPEST, Budget, ExpressionFailed
from passback_webhook.expressions.expression import Expression
from passback_webhook.expressions.names import ANYTHING, Names

__all__ = ["Template"]

_Fill: TypeAlias = Callable[[JSONValue, Budget], JSONValue]
_MOST_EXPRESSIONS = 500


class Template:
    """A shape to be filled: every text in it is an expression, everything else stands as it is."""

    def __init__(self, shape: JsonValue, names: Names = ANYTHING) -> None:
        """Parse all expressions of `shape`, which will be given something with `names`.

        Raises:
            ValueError: One of them is wrong; says where it stands.
        """
        if sum(1 for _ in _texts(shape)) > _MOST_EXPRESSIONS:
            raise ValueError(f"a message has at most {_MOST_EXPRESSIONS} expressions")
        self._fill = _compiled(shape, names, "")

    def filled(self, given: JSONValue, budget: Budget) -> JSONValue:
        """Return the shape with a value for each of its expressions.

        Raises:
            ExpressionFailed: One of them has none; says where it stands.
        """
        found = self._fill(given, budget)
        budget.weigh(found)
        return found


def _texts(shape: JsonValue, depth: int = 0) -> Iterator[str]:
    if depth > DEEPEST:
        raise ValueError(f"it is nested deeper than {DEEPEST} levels")
    if isinstance(shape, str):
        yield shape
    elif isinstance(shape, dict | list):
        for each in shape.values() if isinstance(shape, dict) else shape:
            yield from _texts(each, depth + 1)


def _compiled(shape: JsonValue, names: Names, place: str) -> _Fill:
    if isinstance(shape, str):
        return _leaf(shape, names, place)
    if isinstance(shape, dict):
        members = {name: _compiled(each, names, f"{place}.{name}") for name, each in shape.items()}
        return lambda given, budget: {name: fill(given, budget) for name, fill in members.items()}
    if isinstance(shape, list):
        elements = [_compiled(each, names, f"{place}[{at}]") for at, each in enumerate(shape)]
        return lambda given, budget: [fill(given, budget) for fill in elements]
    return lambda _given, _budget: shape


def _leaf(text: str, names: Names, place: str) -> _Fill:
    where = f"{place.removeprefix('.')}: " if place else ""
    try:
        expression = Expression(text, names)
    except ValueError as error:
        raise ValueError(f"{where}{error}") from None

    def fill(given: JSONValue, budget: Budget) -> JSONValue:
        try:
            return expression.value(given, budget)
        except ExpressionFailed as failure:
            raise ExpressionFailed(f"{where}{failure}") from None

    return fill
