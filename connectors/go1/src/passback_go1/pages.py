"""The pages of a long list, by offset and limit, to the last one (wire facts §3.2, §3.3)."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import partial
from typing import TypeAlias

from passback import JSONValue, Patience, Response, ServerError
from passback_go1.portal import document, hits

__all__ = ["pages"]

_Ask: TypeAlias = Callable[[Mapping[str, str | int]], Awaitable[Response]]
_SIZE = 50
_OK = 200


async def pages(
    ask: _Ask, query: Mapping[str, str], key: str, most: int, patience: Patience
) -> AsyncIterator[list[dict[str, JSONValue]]]:
    """Yield the list of each page.

    Args:
        ask: Gets one page.
        query: What is asked for, but for offset and limit.
        key: Where a page has its list.
        most: How many pages there are at most.
        patience: Waits before all pages but the first, where GO1 asks for that.

    Raises:
        RateLimited: It asks for more patience.
        ServerError: A page is none, is the same as one before, or is missing; or they never end.
    """
    read, seen = 0, set[bytes]()
    for _ in range(most):
        got = partial(_got, ask, {**query, "limit": _SIZE, "offset": read})
        answer = await (patience.ask(got) if seen else got())
        found, total = hits(answer, key), _total(answer)
        if not found:
            # What isn't listed would count as gone; a filter may leave the total as it was.
            if total is not None and read < total and not query:
                raise ServerError(f"{answer.asked}: the list ends at {read} of {total}", status=_OK)
            return
        mark = hashlib.sha256(answer.body).digest()
        if mark in seen:
            if len(found) < _SIZE:  # a system that has no pages, and no more than this
                return
            raise ServerError(f"{answer.asked}: a page came twice; the offset has no effect", status=_OK)
        seen.add(mark)
        yield found
        read += len(found)
        if total is not None and read >= total:
            return
    raise ServerError(f"{answer.asked}: there are more than {most} pages", status=_OK)


async def _got(ask: _Ask, query: Mapping[str, str | int]) -> Response:
    answer = await ask(query)
    answer.require(_OK)
    return answer


def _total(answer: Response) -> int | None:
    total = document(answer).get("total")
    return total if isinstance(total, int) and not isinstance(total, bool) else None
