"""What an answer says about each of several results, which were one request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from passback import Delivery, JSONValue, ServerError
from passback_webhook.addresses import as_text
from passback_webhook.expressions import ANYTHING, Expression, ExpressionFailed
from passback_webhook.facts import ANSWER
from passback_webhook.message_options import ArrayOptions
from passback_webhook.outcomes import Judge, Outcome, Verdict

__all__ = ["Each", "Told", "each_of"]

_NOT_MENTIONED = Outcome(verdict=Verdict.TRY_LATER, reason="the answer says nothing of this result")
_NO_LIST = (
    "array.results finds no list (if an answer without one can mean that all arrived, say under "
    "answer.success when)"
)
_BADNESS = {verdict: place for place, verdict in enumerate(Verdict)}


@attrs.frozen(kw_only=True)
class Told:
    """What an answer says about each result.

    Attributes:
        outcomes: One for each; empty where it says nothing of any.
        instead: What it has instead, for people.
        listed: Whether it has a list at all.
    """

    outcomes: Sequence[Outcome] = ()
    instead: str = ""
    listed: bool = True


def each_of(array: ArrayOptions | None) -> Each | None:
    """Return what reads a list of verdicts; None where the options name none."""
    return None if array is None or array.results is None else Each(array, Expression(array.results, ANSWER))


class Each:
    """Reads the list in an answer that says what became of each result."""

    def __init__(self, array: ArrayOptions, results: Expression) -> None:
        self._results = results
        self._id = None if array.id is None else Expression(array.id, ANYTHING)
        self._judge = Judge(array, ANYTHING)
        # Without `success`, an item that gives no verdict says nothing.
        self._otherwise = None if array.success is None else Verdict.DELIVERED

    def told(self, facts: Mapping[str, JSONValue], deliveries: Sequence[Delivery]) -> Told:
        """Return what the answer says about each of `deliveries`.

        Raises:
            ServerError: An expression fails on it.
        """
        try:
            items = self._results.value({**facts})
            if not isinstance(items, list):
                return Told(instead=_NO_LIST, listed=False)
            found = self._found(items, deliveries)
        except ExpressionFailed as failure:
            raise ServerError(f"the answer can't be understood: {failure}") from None
        if not any(found):
            return Told(instead=self._lacking(len(items), len(deliveries)))
        return Told(outcomes=[each or _NOT_MENTIONED for each in found])

    def _found(self, items: Sequence[JSONValue], deliveries: Sequence[Delivery]) -> list[Outcome | None]:
        judged = [self._judge.outcome(each, self._otherwise) for each in items]
        if self._id is None:
            # In a list of another length, nobody knows whose place is whose.
            return judged if len(items) == len(deliveries) else []
        by_id: dict[str, list[Outcome | None]] = {}
        for item, outcome in zip(items, judged, strict=True):
            by_id.setdefault(as_text(self._id.value(item)), []).append(outcome)
        return [_worst(by_id.get(each.result.id, ())) for each in deliveries]

    def _lacking(self, listed: int, sent: int) -> str:
        if self._id is None and listed != sent:
            return f"array.results finds a list of {listed} for {sent} sent, so their order tells nothing"
        return f"array.results finds a list of {listed} that says what became of none of {sent} sent"


def _worst(outcomes: Sequence[Outcome | None]) -> Outcome | None:
    # Who says two things of one result may have lost it.
    if not any(outcomes):
        return None
    return max((each or _NOT_MENTIONED for each in outcomes), key=lambda each: _BADNESS[each.verdict])
