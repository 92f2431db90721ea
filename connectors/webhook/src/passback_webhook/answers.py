"""Answers to messages: to one, and to several in one request."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from passback import BatchRefused, Clock, Delivery, JSONValue, Receipt, Response, ServerError
from passback_webhook.each import Told, each_of
from passback_webhook.facts import ANSWER, about_answer
from passback_webhook.message_options import AnswerOptions
from passback_webhook.options import WebhookOptions
from passback_webhook.outcomes import Judge, Outcome, Verdict, statuses

__all__ = ["Reader", "refuses"]


class Reader:
    """Reads the answers of one customer's API."""

    def __init__(self, options: WebhookOptions, clock: Clock) -> None:
        self._clock = clock
        self._statuses = statuses(options.answer)
        self._judge = Judge(options.answer, ANSWER)
        self._each = each_of(options.array)

    def receipts(self, answer: Response, deliveries: Sequence[Delivery]) -> list[Receipt]:
        """Return the receipts for `deliveries`, which were one request.

        Raises:
            BatchRefused: There were several, and they didn't arrive.
            ServerError: The answer is none of this API: a redirect, a page, a refusal of the credentials. Or
                it should say what became of each, and doesn't.
            RateLimited: It asks to slow down.
        """
        facts = about_answer(answer)
        told = None
        if self._each is not None and answer.status in self._statuses:
            told = self._each.told(facts, deliveries)
        outcomes = told.outcomes if told is not None else ()
        if not outcomes:
            outcome = self._outcome(answer, facts)
            _require_all(answer, outcome, len(deliveries))
            if told is not None and outcome.verdict is Verdict.DELIVERED:
                self._require_told(answer, facts, told)
            outcomes = [outcome] * len(deliveries)
        now = self._clock.now()
        return [outcome.receipt(each, now) for each, outcome in zip(deliveries, outcomes, strict=True)]

    def _outcome(self, answer: Response, facts: dict[str, JSONValue]) -> Outcome:
        meant = self._statuses.get(answer.status)
        said = f"it answered {answer.status}: {answer.excerpt() or 'without a word why'}"
        found = self._judge.outcome(facts, meant, said)
        if found is None:
            # Whatever has no meaning for a result has one for the connection.
            answer.require()
            raise AssertionError  # no status is required, so every one is refused
        self._require_own(answer, facts, found, meant)
        return attrs.evolve(found, at=answer.retry_at()) if found.verdict is Verdict.TRY_LATER else found

    def _require_own(
        self, answer: Response, facts: dict[str, JSONValue], found: Outcome, meant: Verdict | None
    ) -> None:
        # A network on the way answers a page to everything: 200 for a sign-in, 400 or 404 for what it's not
        # fond of.
        good = meant is Verdict.DELIVERED
        judged = self._judge.decides(facts) if good else self._judge.states(facts)
        if facts["text"] and ((answer.is_page and not judged) or (good and not found.arrived)):
            option = "success what a good answer is" if good else "verdict what it means"
            raise ServerError(
                f"{answer.asked} answered {answer.status} with something that is no JSON; is this the right "
                f"address? If it answers so, say under answer.{option}",
                status=answer.status,
            )

    def _require_told(self, answer: Response, facts: dict[str, JSONValue], told: Told) -> None:
        # What is delivered is never sent again, and a status alone doesn't say that of each.
        if told.listed or not self._judge.decides(facts):
            raise ServerError(
                f"{answer.asked} answered {answer.status}, but {told.instead}, so nothing counts as "
                f"delivered; it says: {answer.excerpt() or 'nothing'}",
                status=answer.status,
            )


def _require_all(answer: Response, outcome: Outcome, count: int) -> None:
    # One that was there before may have kept all others out.
    if count > 1 and outcome.verdict not in (Verdict.DELIVERED, Verdict.TRY_LATER):
        raise BatchRefused(f"{answer.asked} answered {answer.status}: {outcome.reason or outcome.verdict}")


def refuses(options: AnswerOptions, answer: Response) -> bool:
    """Return whether a result that were answered so would be rejected."""
    meant = statuses(options).get(answer.status)
    facts = about_answer(answer)
    if meant is Verdict.REJECTED or facts["text"]:
        return meant is Verdict.REJECTED
    try:
        found = Judge(options, ANSWER).outcome(facts, meant)
    except ServerError:
        return False
    return found is not None and found.verdict is Verdict.REJECTED
