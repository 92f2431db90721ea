"""The pages of a long list, to the last one."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeAlias

import msgspec

from passback import JSONValue, Response, ServerError
from passback_webhook.addresses import as_text, resolved, with_query
from passback_webhook.expressions import Expression, ExpressionFailed
from passback_webhook.facts import PAGE, about_page
from passback_webhook.people_options import Paging

__all__ = ["pages"]

_Ask: TypeAlias = Callable[[str], Awaitable[Response]]


async def pages(
    ask: _Ask, url: str, items: Expression, paging: Paging | None
) -> AsyncIterator[list[JSONValue]]:
    """Yield the list that each page has.

    Args:
        ask: Gets one page, and requires that it is one.
        url: The first page's address, but for the parameters that page.
        items: Where a page has its list.
        paging: How they follow each other; None if there is only one.

    Raises:
        ServerError: A page is none, leads to another host, or has been there before; or they never end.
    """
    turner = _Turner(url, paging)
    target = turner.first()
    for _ in range(paging.most if paging else 1):
        answer = await ask(target)
        facts = about_page(answer)
        found = _listed(answer, facts, items)
        yield found
        following = turner.following(answer, facts, found)
        if following is None:
            return
        target = following
    raise ServerError(f"{answer.asked}: there are more than {paging.most if paging else 1} pages of users")


def _listed(answer: Response, facts: JSONValue, items: Expression) -> list[JSONValue]:
    try:
        found = items.value(facts)
    except ExpressionFailed as failure:
        raise ServerError(f"{answer.asked}: users.items: {failure}", status=answer.status) from None
    if not isinstance(found, list):
        raise ServerError(
            f"{answer.asked} answered {answer.status} without a list of users where users.items has it",
            status=answer.status,
        )
    return found


class _Turner:
    """Knows where the next page is."""

    def __init__(self, url: str, paging: Paging | None) -> None:
        self._url = url
        self._paging = paging
        self._next = Expression(paging.next, PAGE) if paging and paging.next else None
        self._count = 0
        self._read = 0
        self._seen: set[bytes] = set()

    def first(self) -> str:
        paging = self._paging
        if paging is None:
            return self._url
        if paging.kind == "page":
            return self._at(str(paging.first))
        return self._at("0" if paging.kind == "offset" else None)

    def following(self, answer: Response, facts: JSONValue, found: list[JSONValue]) -> str | None:
        paging = self._paging
        self._count += 1
        self._read += len(found)
        if paging is None:
            return None
        if self._next is not None and paging.kind in ("cursor", "next"):
            return self._led(answer, facts)
        # A short page may be the server's own limit; an empty one, or the same again, is the end.
        if not found or not self._is_new(msgspec.json.encode(found)):
            return None
        return self._at(str(self._read if paging.kind == "offset" else paging.first + self._count))

    def _led(self, answer: Response, facts: JSONValue) -> str | None:
        assert self._next is not None  # noqa: S101 - the one caller looked
        try:
            led = as_text(self._next.value(facts))
        except ExpressionFailed as failure:
            raise ServerError(f"{answer.asked}: users.paging.next: {failure}", status=answer.status) from None
        if not led or led == "false":
            return None
        if not self._is_new(led.encode()):
            raise ServerError(f"{answer.asked}: the pages of users lead in a circle", status=answer.status)
        if self._paging is not None and self._paging.kind == "cursor":
            return self._at(led)
        target = resolved(led, self._url)
        if target is None:
            raise ServerError(
                f"{answer.asked}: the next page of users is on another host; nothing is sent there",
                status=answer.status,
            )
        return target

    def _at(self, position: str | None) -> str:
        paging = self._paging
        if paging is None:
            return self._url
        fields = [] if position is None else [(paging.parameter, position)]
        if paging.size_parameter:
            fields.append((paging.size_parameter, str(paging.size)))
        return with_query(self._url, fields)

    def _is_new(self, mark: bytes) -> bool:
        digest = hashlib.sha256(mark).digest()
        known = digest in self._seen
        self._seen.add(digest)
        return not known
