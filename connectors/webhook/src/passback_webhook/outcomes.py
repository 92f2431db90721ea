"""What an answer says about a result."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

import attrs

from passback import (
    ActivityUnknown,
    AlreadyThere,
    Delivered,
    Delivery,
    JSONValue,
    Receipt,
    Rejected,
    ServerError,
    TryLater,
    UserUnknown,
)
from passback_webhook.expressions import Expression, ExpressionFailed, Names
from passback_webhook.message_options import AnswerOptions, ArrayOptions

__all__ = ["Judge", "Outcome", "Verdict", "holds", "statuses"]

_PAUSE = timedelta(minutes=5)
_LONGEST = 300
_GOOD = range(200, 300)


class Verdict(StrEnum):
    """What became of a result, from the best to the worst."""

    DELIVERED = "delivered"
    ALREADY_THERE = "already_there"
    USER_UNKNOWN = "user_unknown"
    ACTIVITY_UNKNOWN = "activity_unknown"
    TRY_LATER = "try_later"
    REJECTED = "rejected"


_WITHOUT_A_WORD = {
    Verdict.USER_UNKNOWN: "it doesn't know this learner",
    Verdict.ACTIVITY_UNKNOWN: "it doesn't know this activity",
    Verdict.TRY_LATER: "it asks to try this result later",
    Verdict.REJECTED: "it refused this result",
}


@attrs.frozen(kw_only=True)
class Outcome:
    """What became of a result, and what the system said of it.

    Attributes:
        verdict: What became of it.
        reason: What it said, for people.
        remote_id: The result's id over there, where it gave one.
        at: When to try again, where it said so.
    """

    verdict: Verdict
    reason: str = ""
    remote_id: str | None = None
    at: datetime | None = None

    @property
    def arrived(self) -> bool:
        """Whether it's over there now."""
        return self.verdict in (Verdict.DELIVERED, Verdict.ALREADY_THERE)

    def receipt(self, delivery: Delivery, now: datetime) -> Receipt:
        """Return the receipt for `delivery`; what arrived always has an id there, at least its own."""
        remote = self.remote_id or delivery.result.id
        reason = self.reason or _WITHOUT_A_WORD.get(self.verdict, "")
        match self.verdict:
            case Verdict.DELIVERED:
                return Delivered(delivery.id, remote)
            case Verdict.ALREADY_THERE:
                return AlreadyThere(delivery.id, remote)
            case Verdict.USER_UNKNOWN:
                return UserUnknown(delivery.id, reason)
            case Verdict.ACTIVITY_UNKNOWN:
                return ActivityUnknown(delivery.id, reason)
            case Verdict.TRY_LATER:
                return TryLater(delivery.id, self.at or now + _PAUSE, reason)
            case Verdict.REJECTED:
                return Rejected(delivery.id, reason)


class Judge:
    """Reads a verdict out of an answer, or out of one part of it, as the expressions say."""

    def __init__(self, options: AnswerOptions | ArrayOptions, names: Names) -> None:
        self._success = _parsed(options.success, names)
        self._verdict = _parsed(options.verdict, names)
        self._reason = _parsed(options.reason, names)
        self._remote_id = _parsed(options.remote_id, names)

    def decides(self, facts: JSONValue) -> bool:
        """Return whether an expression, rather than the status alone, says what `facts` mean.

        Raises:
            ExpressionFailed: It gives no verdict that there is.
        """
        return self._success is not None or self.states(facts)

    def states(self, facts: JSONValue) -> bool:
        """Return whether the expression for verdicts says what `facts` mean.

        Raises:
            ExpressionFailed: It gives no verdict that there is.
        """
        return self._stated(facts) is not None

    def outcome(self, facts: JSONValue, otherwise: Verdict | None, said: str = "") -> Outcome | None:
        """Return what `facts` say; None where neither they nor the status, which says `otherwise`, tell.

        Raises:
            ServerError: An expression fails on them, or gives no verdict that there is.
        """
        try:
            verdict = self._stated(facts) or self._judged(facts, otherwise)
            if verdict is None:
                return None
            reason, remote = _text(self._reason, facts), _text(self._remote_id, facts)
        except ExpressionFailed as failure:
            raise ServerError(f"the answer can't be understood: {failure}") from None
        return Outcome(verdict=verdict, reason=reason or said, remote_id=remote or None)

    def _stated(self, facts: JSONValue) -> Verdict | None:
        value = None if self._verdict is None else self._verdict.value(facts)
        if value is None:
            return None
        try:
            return Verdict(str(value))
        except ValueError:
            raise ExpressionFailed(f"verdict: expected one of {', '.join(Verdict)}") from None

    def _judged(self, facts: JSONValue, otherwise: Verdict | None) -> Verdict | None:
        if otherwise is Verdict.DELIVERED and not holds(self._success, facts):
            return Verdict.REJECTED
        return otherwise


def holds(expression: Expression | None, facts: JSONValue) -> bool:
    """Return whether `expression` gives what JMESPath counts as true; no expression does.

    Raises:
        ExpressionFailed: It has no value for `facts`.
    """
    return expression is None or expression.value(facts) not in (None, False, "", [], {})


def statuses(options: AnswerOptions) -> Mapping[int, Verdict]:
    """Return what each status means; what is configured goes before the defaults."""
    particular_first = (
        Verdict.ALREADY_THERE,
        Verdict.USER_UNKNOWN,
        Verdict.ACTIVITY_UNKNOWN,
        Verdict.TRY_LATER,
        Verdict.REJECTED,
        Verdict.DELIVERED,
    )
    configured = options.model_fields_set
    found: dict[int, Verdict] = {}
    for verdict in sorted(particular_first, key=lambda each: each.value not in configured):
        given = getattr(options, verdict.value)
        for status in _GOOD if given is None else given:
            found.setdefault(status, verdict)
    return found


def _parsed(text: str | None, names: Names) -> Expression | None:
    return None if text is None else Expression(text, names)


def _text(expression: Expression | None, facts: JSONValue) -> str:
    value = None if expression is None else expression.value(facts)
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        return ""
    line = " ".join("".join(char if char.isprintable() else " " for char in str(value)).split())
    return line[:_LONGEST]
