"""Where an event has what, and how each is read: expressions in, values of a result out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Generic, TypeAlias, TypeVar

import attrs

from passback import JSONValue, Options
from passback_webhook.expressions import Budget, Expression, ExpressionFailed
from passback_webhook.facts import SENT
from passback_webhook.receiving.refusal import Refused

__all__ = ["Event", "Field", "Part"]

Value = TypeVar("Value")
_Read: TypeAlias = Callable[[JSONValue], Value | None]

_UNFIT = 422


@attrs.frozen
class Event:
    """One event of a request.

    Attributes:
        facts: What expressions are given.
        budget: What they may cost; the same for all of a request.
    """

    facts: JSONValue
    budget: Budget


class Field(Generic[Value]):
    """One thing that an event says."""

    def __init__(self, place: str, text: str | None, read: _Read[Value]) -> None:
        self._place = place
        self._text = text
        self._expression = None if text is None else Expression(text, SENT)
        self._read = read

    def of(self, event: Event) -> Value | None:
        """Return what `event` says; None if that is nothing.

        Raises:
            Refused: It says something else than it can; names the field and what was expected.
        """
        if self._expression is None:
            return None
        try:
            return self._read(self._expression.value(event.facts, event.budget))
        except ExpressionFailed as failure:
            raise Refused(_UNFIT, f"{self._place}: {failure}") from None
        except ValueError as error:
            raise Refused(_UNFIT, f"{self._place}: {error}, from {self._text}") from None

    def required_of(self, event: Event) -> Value:
        """Return what `event` says.

        Raises:
            Refused: It says nothing, or something else than it can.
        """
        found = self.of(event)
        if found is None:
            raise Refused(_UNFIT, f"{self._place}: missing; it's read from {self._text}")
        return found


class Part(Generic[Value]):
    """Several things of one kind that belong together."""

    def __init__(self, place: str, options: Options, read: _Read[Value]) -> None:
        self._fields: Mapping[str, Field[Value]] = {
            name: Field(f"{place}.{name}", getattr(options, name), read)
            for name in type(options).model_fields
        }

    def of(self, event: Event, *, required: str = "") -> dict[str, Value | None]:
        """Return what `event` says, by name.

        Raises:
            Refused: One of them isn't what it can be, or the `required` one is missing.
        """
        return {
            name: each.required_of(event) if name == required else each.of(event)
            for name, each in self._fields.items()
        }
