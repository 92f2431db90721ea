"""Results become messages, as the options say."""

from __future__ import annotations

from typing import Literal

from pydantic import JsonValue

from passback import Clock, Delivery, JSONValue, ResultKind
from passback_webhook.addresses import Address, as_text
from passback_webhook.expressions import Budget, Expression, ExpressionFailed, Template
from passback_webhook.facts import MESSAGE, about_result
from passback_webhook.message_options import MessageOptions
from passback_webhook.options import WebhookOptions
from passback_webhook.outgoing import Message

__all__ = ["DEFAULT_BODY", "Author", "NobodyToName"]

# What is sent where no body is configured: who, what, and the eight fields.
DEFAULT_BODY: JsonValue = {
    "event": "event",
    "id": "id",
    "sent_at": "now",
    "user": "user",
    "activity": "activity.id",
    "item": "item.id",
    "last_activity": "last_activity",
    "course_started": "course_started",
    "score": "score",
    "percentage_complete": "percentage_complete",
    "total_awards": "total_awards",
    "awards_unlocked": "awards_unlocked",
    "total_tasks": "total_tasks",
    "tasks_completed": "tasks_completed",
}


class NobodyToName(Exception):
    """The customer's name for the learner isn't known; the message says what was looked for."""


class Author:
    """Writes the messages of one connection."""

    def __init__(self, options: WebhookOptions, clock: Clock) -> None:
        self._clock = clock
        self._user = Expression(options.user, MESSAGE)
        url = options.url
        chosen = () if url is None else options.events
        self._forms = {event: _Form(options.message_for(event), url or "") for event in chosen}

    def writes(self, event: ResultKind) -> bool:
        """Return whether results of this kind are sent at all."""
        return event in self._forms

    def message(self, delivery: Delivery) -> Message:
        """Return the message for a delivery whose kind is sent.

        Raises:
            NobodyToName: The learner has nothing of what the customer knows them by.
            ExpressionFailed: The message can't be made; says where and why.
        """
        budget = Budget()
        facts = about_result(delivery.result, self._clock.now())
        user = self._user.value(facts, budget)
        if user is None or user == "":
            raise NobodyToName(f"the learner has no {self._user.text}, which this customer knows them by")
        return self._forms[delivery.result.kind].message(delivery, {**facts, "user": user}, budget)


class _Form:
    """The message for one kind of event, parsed."""

    def __init__(self, options: MessageOptions, url: str) -> None:
        self._method = options.method or "POST"
        self._style: Literal["json", "form", "query"] = options.style or "json"
        self._omits = options.absent == "omit"
        self._url = Address(options.url or url, MESSAGE)
        self._headers = {name: Expression(text, MESSAGE) for name, text in (options.headers or {}).items()}
        self._body = Template(DEFAULT_BODY if options.body is None else options.body, MESSAGE)

    def message(self, delivery: Delivery, facts: dict[str, JSONValue], budget: Budget) -> Message:
        body = self._body.filled(facts, budget)
        return Message(
            delivery=delivery,
            method=self._method,
            url=self._url.filled(facts, budget),
            headers=self._filled_headers(facts, budget),
            style=self._style,
            body=_without_nulls(body) if self._omits else body,
        )

    def _filled_headers(self, facts: dict[str, JSONValue], budget: Budget) -> dict[str, str]:
        found = {name: as_text(each.value(facts, budget)) for name, each in self._headers.items()}
        for name, text in found.items():
            if not (text.isascii() and text.isprintable()):
                raise ExpressionFailed(f"headers.{name}: its value has a character that headers don't allow")
        # A header without a value says nothing.
        return {name: text.strip() for name, text in found.items() if text.strip()}


def _without_nulls(body: JSONValue) -> JSONValue:
    if isinstance(body, dict):
        return {name: _without_nulls(each) for name, each in body.items() if each is not None}
    if isinstance(body, list):
        return [_without_nulls(each) for each in body]
    return body
