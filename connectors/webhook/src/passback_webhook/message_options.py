"""What is sent, and what an answer to it means, in the words of administrators."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from passback import Options
from passback_webhook.auth import HeaderName
from passback_webhook.fields import (
    AnswerExpression,
    AnyExpression,
    MessageAddress,
    MessageExpression,
    MessageTemplate,
    Statuses,
)

__all__ = ["AnswerOptions", "ArrayOptions", "MessageOptions"]


class MessageOptions(Options):
    """One kind of message; for one event, what isn't given is as in the message for all."""

    url: MessageAddress | None = Field(
        default=None, description="Where it goes, if not to `url`; expressions may stand in it, in braces."
    )
    method: Literal["POST", "PUT", "PATCH", "GET"] | None = Field(
        default=None, description="By default `POST`."
    )
    style: Literal["json", "form", "query"] | None = Field(
        default=None,
        description="How the body is written; `query` puts it into the address. By default `json`.",
    )
    headers: dict[HeaderName, MessageExpression] | None = Field(
        default=None, description="Headers to send: name and expression."
    )
    body: MessageTemplate | None = Field(
        default=None, description="The body: a table whose texts are expressions, or one expression."
    )
    absent: Literal["null", "omit"] | None = Field(
        default=None,
        description="What a missing value gives: `null` (in forms an empty text), or its name isn't there. "
        "By default `null`.",
    )

    def over(self, other: MessageOptions) -> MessageOptions:
        """Return this message, completed by `other`."""
        return other.model_copy(update={name: getattr(self, name) for name in self.model_fields_set})


class AnswerOptions(Options):
    """What the answers of a customer's API mean."""

    delivered: Statuses | None = Field(
        default=None, description="Statuses that mean arrived; by default all of 2xx."
    )
    already_there: Statuses = Field(default=(), description="Statuses that mean it had arrived before.")
    user_unknown: Statuses = Field(default=(), description="Statuses that mean the learner isn't known.")
    activity_unknown: Statuses = Field(default=(), description="Statuses that mean the activity isn't known.")
    try_later: Statuses = Field(
        default=(408, 425), description="Statuses that mean not now, for this result."
    )
    rejected: Statuses = Field(
        default=(400, 409, 422), description="Statuses that mean never, for this result."
    )
    success: AnswerExpression | None = Field(
        default=None, description="With a `delivered` status: whether it has arrived after all."
    )
    verdict: AnswerExpression | None = Field(
        default=None,
        description="Which of `delivered`, `already_there`, `user_unknown`, `activity_unknown`, `try_later`, "
        "`rejected` an answer means; where it gives null, the status counts.",
    )
    reason: AnswerExpression | None = Field(default=None, description="What people are told of a refusal.")
    remote_id: AnswerExpression | None = Field(
        default=None, description="The result's id over there; by default its id here."
    )


class ArrayOptions(Options):
    """Several results in one request; how many is `sending.batch` of the connection."""

    wrap: AnyExpression | None = Field(
        default=None, description="Makes the body out of the list of messages, as `{events: @}`."
    )
    results: AnswerExpression | None = Field(
        default=None,
        description="Where the answer has the list of what became of each; without this option, it's all or "
        "nothing. With it, no status alone means that they arrived.",
    )
    id: AnyExpression | None = Field(
        default=None,
        description="Where each of them has the result's id; else they stand in the order sent, as many "
        "as were.",
    )
    success: AnyExpression | None = Field(default=None, description="Whether it has arrived.")
    verdict: AnyExpression | None = Field(
        default=None,
        description="As for the whole answer; where it gives null, `success` counts, or the result is tried "
        "again.",
    )
    reason: AnyExpression | None = Field(default=None, description="What people are told of a refusal.")
    remote_id: AnyExpression | None = Field(default=None, description="The result's id over there.")

    def model_post_init(self, _: object, /) -> None:
        """Refuse a list of results that says nothing of any."""
        if self.results is not None and self.success is None and self.verdict is None:
            raise ValueError("success: missing; with results, success or verdict says what became of each")
