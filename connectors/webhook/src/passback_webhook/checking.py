"""The test button."""

from __future__ import annotations

from passback import Response, ServerError
from passback_webhook.addresses import Address
from passback_webhook.answers import refuses
from passback_webhook.calling import Caller
from passback_webhook.expressions import Expression, ExpressionFailed
from passback_webhook.facts import ANSWER, MESSAGE, about_answer
from passback_webhook.options import CheckOptions, WebhookOptions
from passback_webhook.outcomes import holds

__all__ = ["check"]

# What an address says that takes messages but has nothing to read: it's there, and it let us in. Unless it
# refuses a result so, as some do everything while the credentials are wrong.
_THERE = (*range(200, 300), 400, 404, 405, 406, 411, 415, 422)


async def check(options: WebhookOptions, caller: Caller) -> None:
    """Prove address and credentials by requests that change nothing.

    Raises:
        ConnectionFailure: They don't work.
    """
    await caller.renew()
    if options.check is not None:
        _require(options.check, await caller.ask(options.check.method, options.check.url))
        return
    if options.url is not None:  # else nothing is asked of them, and what they send proves itself
        answer = await caller.ask("GET", Address(options.url, MESSAGE).base())
        answer.require(*_THERE)
        if refuses(options.answer, answer):
            raise ServerError(
                f"{answer.asked} answered {answer.status} to a look, as it would refuse a result; so what it "
                "refuses can't be told from wrong credentials. Say under check.url what to ask instead. "
                f"It said: {answer.excerpt() or 'nothing'}",
                status=answer.status,
            )


def _require(options: CheckOptions, answer: Response) -> None:
    answer.require(*range(200, 300))
    if options.success is None:
        return
    try:
        fine = holds(Expression(options.success, ANSWER), about_answer(answer))
    except ExpressionFailed as failure:
        raise ServerError(f"the answer can't be understood: {failure}", status=answer.status) from None
    if not fine:
        said = answer.excerpt() or "without a word why"
        raise ServerError(
            f"{answer.asked} answered {answer.status}, but not as check.success has it: {said}",
            status=answer.status,
        )
