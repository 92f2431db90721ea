"""One expression: parsed and checked when the configuration loads, evaluated within a budget."""

from __future__ import annotations

import warnings

import jmespath
from jmespath.exceptions import IncompleteExpressionError, JMESPathError, LexerError, ParseError

from passback import JSONValue
from passback_webhook.expressions.bounds import DEEPEST, Budget, ExpressionFailed
from passback_webhook.expressions.interpreter import Interpreter, Node
from passback_webhook.expressions.names import ANYTHING, Names, require_known

__all__ = ["Expression"]

_LONGEST = 4096
# What the library itself raises besides its own errors, when values don't fit.
_UNFIT = (JMESPathError, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


class Expression:
    """A JMESPath expression.

    Attributes:
        text: As it was written.
    """

    def __init__(self, text: str, names: Names = ANYTHING) -> None:
        """Parse `text`, which will be given something with `names`.

        Raises:
            ValueError: It is no expression, or asks for what there isn't.
        """
        self.text = text
        if len(text) > _LONGEST:
            raise ValueError(f"an expression has at most {_LONGEST} characters")
        try:
            with warnings.catch_warnings():
                # The library still takes a text in backticks that is no JSON, and only warns.
                warnings.simplefilter("error", PendingDeprecationWarning)
                parsed = jmespath.compile(text)
        except (JMESPathError, PendingDeprecationWarning, ValueError, RecursionError) as error:
            raise ValueError(_said(error)) from None
        self._tree: Node = parsed.parsed
        _require_sound(self._tree)
        require_known(self._tree, names)

    def value(self, given: JSONValue, budget: Budget | None = None) -> JSONValue:
        """Return what this expression gives for `given`; null where that has nothing of the kind.

        Raises:
            ExpressionFailed: It costs too much, or a function was given what it can't take.
        """
        budget = budget or Budget()
        try:
            found: JSONValue = Interpreter(budget).visit(self._tree, given)
            budget.weigh(found)
        except ExpressionFailed as failure:
            raise ExpressionFailed(f"{self._short()}: {failure}") from None
        except _UNFIT as error:
            raise ExpressionFailed(f"{self._short()}: {_unfit(error)}") from None
        return found

    def _short(self) -> str:
        return self.text if len(self.text) <= 80 else self.text[:79] + "…"  # noqa: PLR2004 - one line


def _said(error: Exception) -> str:
    hint = "write it as JMESPath, and a fixed text in single quotes of its own: 'like this'"
    if isinstance(error, RecursionError):
        return f"it is nested too deep; {hint}"
    what = "it ends too early"
    if isinstance(error, PendingDeprecationWarning):
        what = "what stands in backticks is no JSON"
    elif isinstance(error, LexerError):
        what = f"at column {error.lexer_position + 1}, {error.message.lower()}"
    elif isinstance(error, ParseError) and not isinstance(error, IncompleteExpressionError):
        what = f"at column {error.lex_position + 1}, at {str(error.token_value)!r}"
    return f"this is no expression ({what}); {hint}"


def _unfit(error: Exception) -> str:
    # The library's message quotes the value, which is somebody's data.
    name = getattr(error, "function_name", None)
    return f"{name}() was given what it can't take" if name else "its values don't fit together"


def _require_sound(tree: Node) -> None:
    if tree["type"] == "expref":
        raise ValueError("an expression (&…) can only be given to a function")
    waiting = [(tree, 0)]
    while waiting:
        node, depth = waiting.pop()
        if depth > DEEPEST:
            raise ValueError(f"it is nested deeper than {DEEPEST} levels")
        if node["type"] == "literal":
            _require_json(node["value"])
        # A slice has its bounds where others have nodes.
        if node["type"] != "slice":
            waiting += [(child, depth + 1) for child in node["children"]]


def _require_json(value: object) -> None:
    try:
        Budget().weigh(value)
    except ExpressionFailed as failure:
        raise ValueError(str(failure)) from None
