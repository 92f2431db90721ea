"""Answers to messages: to one, and to several in one request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from passback import BatchRefused, Clock, Delivery, JSONValue, Receipt, Response, ServerError
from passback_webhook.addresses import as_text
from passback_webhook.expressions import ANYTHING, Expression, ExpressionFailed
from passback_webhook.facts import ANSWER, about_answer
from passback_webhook.options import WebhookOptions
from passback_webhook.outcomes import Judge, Outcome, Verdict, statuses

__all__ = ["Reader"]

_NOT_MENTIONED = "the answer says nothing of this result"


class Reader:
    """Reads the answers of one customer's API."""

    def __init__(self, options: WebhookOptions, clock: Clock) -> None:
        self._clock = clock
        self._statuses = statuses(options.answer)
        self._judge = Judge(options.answer, ANSWER)
        self._each = _Each(options) if options.array and options.array.results else None

    def receipts(self, answer: Response, deliveries: Sequence[Delivery]) -> list[Receipt]:
        """Return the receipts for `deliveries`, which were one request.

        Raises:
            BatchRefused: There were several, and they didn't arrive.
            ServerError: The answer is none of this API: a redirect, a page, a refusal of the credentials.
            RateLimited: It asks to slow down.
        """
        facts = about_answer(answer)
        now = self._clock.now()
        outcomes = None if self._each is None else self._each.outcomes(facts, deliveries)
        if outcomes is not None and answer.status in self._statuses:
            return [
                outcome.receipt(delivery, now) for delivery, outcome in zip(deliveries, outcomes, strict=True)
            ]
        outcome = self._outcome(answer, facts)
        if len(deliveries) > 1 and not outcome.arrived and outcome.verdict is not Verdict.TRY_LATER:
            raise BatchRefused(
                f"{answer.asked} answered {answer.status}: {outcome.reason or outcome.verdict}"
            )
        return [outcome.receipt(delivery, now) for delivery in deliveries]

    def _outcome(self, answer: Response, facts: dict[str, JSONValue]) -> Outcome:
        meant = self._statuses.get(answer.status)
        said = f"it answered {answer.status}: {answer.excerpt() or 'without a word why'}"
        found = self._judge.outcome(facts, meant, said)
        if found is None:
            # Whatever has no meaning for a result has one for the connection.
            answer.require()
            raise AssertionError  # no status is required, so every one is refused
        if meant is Verdict.DELIVERED:
            _require_own(answer, facts, found, judged=self._judge.looks_inside)
        return attrs.evolve(found, at=answer.retry_at()) if found.verdict is Verdict.TRY_LATER else found


def _require_own(answer: Response, facts: Mapping[str, JSONValue], found: Outcome, *, judged: bool) -> None:
    # A sign-in page of a network on the way answers 200 to everything.
    if facts["text"] and (not found.arrived or (not judged and _is_page(answer))):
        raise ServerError(
            f"{answer.asked} answered {answer.status} with something that is no JSON; is this the right "
            "address? If it answers so, say under answer.success what a good answer is",
            status=answer.status,
        )


def _is_page(answer: Response) -> bool:
    return "html" in answer.headers.get("content-type", "") or answer.body.lstrip()[:1] == b"<"


class _Each:
    """What the answer says about each of several results."""

    def __init__(self, options: WebhookOptions) -> None:
        array = options.array
        if array is None or array.results is None:
            raise AssertionError  # nobody asks for it then
        self._results = Expression(array.results, ANSWER)
        self._id = None if array.id is None else Expression(array.id, ANYTHING)
        self._judge = Judge(array, ANYTHING)

    def outcomes(self, facts: JSONValue, deliveries: Sequence[Delivery]) -> list[Outcome] | None:
        """Return one outcome for each of `deliveries`; None where the answer has no list of them.

        Raises:
            ServerError: An expression fails on it.
        """
        try:
            items = self._results.value(facts)
            if not isinstance(items, list):
                return None
            found = self._by_place(items, deliveries) if self._id is None else self._by_id(items, deliveries)
        except ExpressionFailed as failure:
            raise ServerError(f"the answer can't be understood: {failure}") from None
        return found

    def _by_place(self, items: Sequence[JSONValue], deliveries: Sequence[Delivery]) -> list[Outcome] | None:
        return [self._judged(each) for each in items] if len(items) == len(deliveries) else None

    def _by_id(self, items: Sequence[JSONValue], deliveries: Sequence[Delivery]) -> list[Outcome]:
        assert self._id is not None  # noqa: S101 - the one caller looked
        by_id = {as_text(self._id.value(each)): each for each in items}
        return [
            self._judged(by_id[each.result.id])
            if each.result.id in by_id
            else Outcome(verdict=Verdict.TRY_LATER, reason=_NOT_MENTIONED)
            for each in deliveries
        ]

    def _judged(self, item: JSONValue) -> Outcome:
        found = self._judge.outcome(item, Verdict.DELIVERED, "it refused this result")
        return found or Outcome(verdict=Verdict.TRY_LATER, reason=_NOT_MENTIONED)
