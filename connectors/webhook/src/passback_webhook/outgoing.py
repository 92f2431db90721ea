"""Requests as they are written: a message for each result, and one request for one or several of them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Literal
from urllib.parse import urlencode

import attrs
import msgspec

from passback import Delivery, JSONValue
from passback_webhook.addresses import pairs, with_query
from passback_webhook.expressions import Budget, Expression, ExpressionFailed

__all__ = ["Message", "Outgoing", "outgoing", "together"]

_LARGEST = 1 << 20
# What can stand in a header, and can't be taken for what is signed beside it.
_PLAIN = re.compile(r"[A-Za-z0-9_-]{1,128}")


@attrs.frozen(kw_only=True)
class Message:
    """What one result becomes.

    Attributes:
        delivery: The delivery.
        method: How it's sent.
        url: Where it's sent.
        headers: What it's sent with, but for what proves it.
        style: How its body is written.
        body: The body's content.
    """

    delivery: Delivery
    method: str
    url: str
    headers: Mapping[str, str]
    style: Literal["json", "form", "query"]
    body: JSONValue

    def goes_with(self, other: Message) -> bool:
        """Return whether both can be one request."""
        return (self.method, self.url, self.headers) == (other.method, other.url, other.headers)


@attrs.frozen(kw_only=True)
class Outgoing:
    """One request for one or several results.

    Attributes:
        deliveries: What it carries.
        id: The same for the same results, however often they are sent.
        method: How it's sent.
        url: Where it's sent.
        headers: What it's sent with, but for what proves it.
        content: The body; empty where everything stands in the address.
    """

    deliveries: tuple[Delivery, ...]
    id: str
    method: str
    url: str
    headers: Mapping[str, str]
    content: bytes


def together(messages: Sequence[Message], wrap: Expression | None) -> Outgoing:
    """Return the one request for `messages`, which go together, as an array.

    Raises:
        ExpressionFailed: They can't be wrapped, or are too large.
    """
    bodies: list[JSONValue] = [each.body for each in messages]
    body = bodies if wrap is None else wrap.value(bodies, Budget())
    ids = [each.delivery.result.id for each in messages]
    return _request(messages, f"batch-{_digest(ids)}", body)


def outgoing(message: Message) -> Outgoing:
    """Return the request for `message` alone.

    Raises:
        ExpressionFailed: It can't be written in its style, or is too large.
    """
    own = message.delivery.result.id
    return _request([message], own if _PLAIN.fullmatch(own) else f"result-{_digest([own])}", message.body)


def _request(messages: Sequence[Message], identity: str, body: JSONValue) -> Outgoing:
    first = messages[0]
    url, headers, content = first.url, dict(first.headers), b""
    if first.style == "json":
        headers["content-type"] = "application/json"
        content = msgspec.json.encode(body)
    elif first.style == "form":
        headers["content-type"] = "application/x-www-form-urlencoded"
        content = urlencode(_fields(body)).encode()
    else:
        url = with_query(url, _fields(body))
    if len(content) + len(url) > _LARGEST:
        raise ExpressionFailed(f"the request is larger than {_LARGEST >> 20} MiB")
    return Outgoing(
        deliveries=tuple(each.delivery for each in messages),
        id=identity,
        method=first.method,
        url=url,
        headers=headers,
        content=content,
    )


def _digest(ids: Sequence[str]) -> str:
    return hashlib.sha256(msgspec.json.encode(ids)).hexdigest()


def _fields(body: JSONValue) -> list[tuple[str, str]]:
    if not isinstance(body, dict):
        raise ExpressionFailed("body: a form or a query is a table of fields")
    return pairs(body)
