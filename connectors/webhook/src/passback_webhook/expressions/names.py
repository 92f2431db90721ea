"""Names that can't be: an expression is checked against what it will be given, before it's given anything."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, TypeAlias

from passback_webhook.expressions.functions import arities
from passback_webhook.expressions.interpreter import Node

__all__ = ["ANYTHING", "Names", "require_known"]

if TYPE_CHECKING:
    Names: TypeAlias = "Mapping[str, Names] | None"
else:
    Names = object

# What comes from a customer's system may be called anything.
ANYTHING: Names = None

_SEQUENCES = frozenset({"subexpression", "pipe", "index_expression"})
_PROJECTIONS = frozenset({"projection", "value_projection", "filter_projection"})
_LEAVES = frozenset({"literal", "slice", "index"})
_CONSTANTS = ("true", "false", "null")


def require_known(node: Node, names: Names) -> Names:
    """Check a parsed expression against `names`; return what its value has inside.

    Raises:
        ValueError: It asks for a name or a function that there isn't; says what was probably meant.
    """
    kind = node["type"]
    if kind in ("current", "identity"):
        return names
    if kind == "field":
        return _field(str(node["value"]), names)
    if kind in _SEQUENCES:
        for child in node["children"]:
            names = require_known(child, names)
        return names
    if kind == "function_expression":
        _require_function(str(node["value"]), len(node["children"]))
    if kind not in _LEAVES:
        for at, child in enumerate(node["children"]):
            # Inside of a list, and where a function looks at each element, there's no telling.
            inside = kind == "expref" or (kind in _PROJECTIONS and at > 0)
            require_known(child, ANYTHING if inside else names)
    return ANYTHING


def _field(name: str, names: Names) -> Names:
    if names is None:
        return ANYTHING
    if name not in names:
        raise ValueError(f"there is no {name!r} here{_hint(name, names)}")
    return names[name]


def _hint(name: str, names: Iterable[str]) -> str:
    if name in _CONSTANTS:
        return f"; the constant is written `{name}`, in backticks"
    if close := difflib.get_close_matches(name, list(names), n=1):
        return f"; did you mean {close[0]!r}?"
    listed = ", ".join(sorted(names))
    return f"; there is {listed}, and a fixed text is written '{name}', in single quotes of its own"


def _require_function(name: str, given: int) -> None:
    known = arities()
    if name not in known:
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {close[0]}()?" if close else f"there is {', '.join(sorted(known))}"
        raise ValueError(f"there is no function {name}(); {hint}")
    taken, more = known[name]
    if given < taken or (given > taken and not more):
        least = "at least " if more else ""
        raise ValueError(f"{name}() takes {least}{taken} argument{'s' if taken > 1 else ''}, not {given}")
