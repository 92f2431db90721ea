"""The evaluation of a JMESPath expression, counting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jmespath.visitor import Options, TreeInterpreter

from passback_webhook.expressions.bounds import Budget
from passback_webhook.expressions.functions import Functions

__all__ = ["Interpreter", "Node"]

if TYPE_CHECKING:
    from jmespath.visitor import _TreeNode as Node
else:  # the library has no name for it
    Node = dict

_TAKE_EXPRESSIONS = frozenset({"map", "max_by", "min_by", "sort_by"})


class Interpreter(TreeInterpreter):
    """Evaluates an expression within a budget.

    JMESPath has neither loops nor recursion, so every evaluation ends; but it can double what it has as
    often as it's long. Doubling shares its parts and costs next to nothing by itself. So each step is paid
    for, and whatever compares a value, makes a text of it or writes it out pays for all of it.
    """

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        super().__init__(Options(custom_functions=Functions(budget)))

    def visit(self, node: Node, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - the library's own
        """Evaluate one node."""
        self._budget.spend(1)
        return super().visit(node, *args, **kwargs)

    def visit_comparator(self, node: Node, value: Any) -> Any:  # noqa: ANN401
        """Compare two values, having paid for looking at all of both."""
        return super().visit_comparator({**node, "children": self._paid(node, value)}, value)

    def visit_function_expression(self, node: Node, value: Any) -> Any:  # noqa: ANN401
        """Call a function, having paid for its arguments, and pay for what it makes."""
        found = super().visit_function_expression({**node, "children": self._paid(node, value)}, value)
        self._budget.weigh(found)
        return found

    def _paid(self, node: Node, value: object) -> list[Node]:
        children: list[Node] = []
        for child in node["children"]:
            if child["type"] == "expref" and node["value"] in _TAKE_EXPRESSIONS:
                children.append(child)
                continue
            found = self.visit(child, value)
            self._budget.weigh(found)
            children.append({"type": "literal", "value": found, "children": []})
        return children
