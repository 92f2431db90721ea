"""The kinds of text that options hold: expressions, templates and addresses, checked where they stand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, TypeAlias, TypeVar

from pydantic import AfterValidator, Field, JsonValue

from passback_webhook.addresses import Address
from passback_webhook.expressions import ANYTHING, Expression, Names, Template
from passback_webhook.facts import ANSWER, IDENTITY, MESSAGE, PAGE, QUERY, REQUEST, SENT

__all__ = [
    "AnswerExpression",
    "AnyExpression",
    "IdentityExpression",
    "MessageAddress",
    "MessageExpression",
    "MessageTemplate",
    "PageExpression",
    "QueryAddress",
    "QueryExpression",
    "RequestExpression",
    "SentExpression",
    "Statuses",
]

Text = TypeVar("Text")


def _parses(parse: Callable[[Text, Names], object], names: Names) -> AfterValidator:
    # Options stay as they were written, so that they can be shown and written again.
    def checked(text: Text) -> Text:
        parse(text, names)
        return text

    return AfterValidator(checked)


MessageExpression: TypeAlias = Annotated[str, _parses(Expression, MESSAGE)]
AnswerExpression: TypeAlias = Annotated[str, _parses(Expression, ANSWER)]
PageExpression: TypeAlias = Annotated[str, _parses(Expression, PAGE)]
IdentityExpression: TypeAlias = Annotated[str, _parses(Expression, IDENTITY)]
QueryExpression: TypeAlias = Annotated[str, _parses(Expression, QUERY)]
RequestExpression: TypeAlias = Annotated[str, _parses(Expression, REQUEST)]
SentExpression: TypeAlias = Annotated[str, _parses(Expression, SENT)]
AnyExpression: TypeAlias = Annotated[str, _parses(Expression, ANYTHING)]

MessageAddress: TypeAlias = Annotated[str, _parses(Address, MESSAGE)]
QueryAddress: TypeAlias = Annotated[str, _parses(Address, QUERY)]
MessageTemplate: TypeAlias = Annotated[JsonValue, _parses(Template, MESSAGE)]

Statuses: TypeAlias = tuple[Annotated[int, Field(ge=200, le=599)], ...]
