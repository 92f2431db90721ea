"""What a connection to a customer's API needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from passback import Options, ResultKind
from passback_webhook.auth import Auth, NoAuth, Signing, fixed_address
from passback_webhook.fields import AnswerExpression, MessageAddress, MessageExpression
from passback_webhook.message_options import AnswerOptions, ArrayOptions, MessageOptions
from passback_webhook.people_options import IdentityOptions, UsersOptions
from passback_webhook.receiving import ReceiveOptions

__all__ = ["CheckOptions", "WebhookOptions"]

# What is about messages alone.
_SENDING = frozenset({"answer", "array", "events", "message", "messages", "user"})


def _once(kinds: Sequence[ResultKind]) -> Sequence[ResultKind]:
    if len(set(kinds)) < len(kinds):
        raise ValueError("expected each event once")
    return kinds


class CheckOptions(Options):
    """What the test button asks; it must change nothing over there."""

    method: Literal["GET", "HEAD"] = Field(default="GET", description="How.")
    url: Annotated[str, AfterValidator(fixed_address)] = Field(
        description="What: an address that needs the credentials."
    )
    success: AnswerExpression | None = Field(
        default=None, description="Whether an answer of 2xx is a good one."
    )


class WebhookOptions(Options):
    """Options of a connection to any customer's API."""

    url: MessageAddress | None = Field(
        default=None,
        description="Where messages go; expressions may stand in it, in braces. Only a connection that just "
        "receives has none.",
        examples=["https://api.example.com/results"],
    )
    events: Annotated[tuple[ResultKind, ...], AfterValidator(_once)] = Field(
        default=tuple(ResultKind), description="Which results are sent; by default all kinds."
    )
    auth: Auth = Field(
        default=NoAuth(kind="none"),
        description="How requests prove themselves; `kind` is `none`, `basic`, `key` or `oauth2`.",
    )
    signing: Signing | None = Field(default=None, description="Signatures after Standard Webhooks.")
    user: MessageExpression = Field(
        default="learner.id",
        description="What the customer knows the learner by; a result without it waits for an account.",
    )
    message: MessageOptions = Field(default=MessageOptions(), description="What is sent.")
    messages: dict[ResultKind, MessageOptions] = Field(
        default_factory=dict, description="By event, where a message differs from that."
    )
    answer: AnswerOptions = Field(default=AnswerOptions(), description="What an answer means.")
    array: ArrayOptions | None = Field(default=None, description="Several results in one request.")
    check: CheckOptions | None = Field(
        default=None,
        description="What the test button asks; by default GET of `url`, which may answer 404 or 405, but "
        "nothing that `answer` takes for a refusal.",
    )
    users: UsersOptions | None = Field(default=None, description="How users are looked up.")
    identity: IdentityOptions | None = Field(default=None, description="Which user somebody is.")
    receive: ReceiveOptions | None = Field(
        default=None, description="What this customer's system may send to us."
    )

    def model_post_init(self, _: object, /) -> None:
        """Refuse messages that can't be sent as they are described."""
        if self.url is None:
            self._require_nothing_to_send()
        for event in self.events:
            message = self.message_for(event)
            where = "message" if event not in self.messages else f"messages.{event}"
            if message.style in ("form", "query") and isinstance(message.body, list):
                raise ValueError(f"{where}.body: expected a table, because a {message.style} has fields")
            if message.style != "query" and message.method == "GET":
                raise ValueError(f"{where}.method: GET has no body; it goes with style = query")
            if self.array is not None and message.style in ("form", "query"):
                raise ValueError(f"{where}.style: with array, messages are json")

    def _require_nothing_to_send(self) -> None:
        if self.receive is None:
            raise ValueError("url: missing; say where messages go, or under receive what is sent to us")
        if idle := sorted(_SENDING & self.model_fields_set):
            raise ValueError(f"url: missing; without it nothing is sent, and {idle[0]} has no effect")

    def message_for(self, event: ResultKind) -> MessageOptions:
        """Return the message for `event`, completed by what holds for all."""
        own = self.messages.get(event)
        return self.message if own is None else own.over(self.message)
