"""JMESPath in bounds: what a customer's administrator may write, and what it may cost."""

from passback_webhook.expressions.bounds import Budget, ExpressionFailed
from passback_webhook.expressions.expression import Expression
from passback_webhook.expressions.names import ANYTHING, Names
from passback_webhook.expressions.template import Template

__all__ = ["ANYTHING", "Budget", "Expression", "ExpressionFailed", "Names", "Template"]
