"""The pages of a list, in whichever of its shapes a school has (wire facts §6.1).

Users come as ``data.APIUsers{pageInfo, users}`` in one place of its documents and with
``meta{page, totalPages, nextCursor}`` in another; events with ``pageInfo{cursor, hasMore}``.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from functools import partial

import attrs

from passback import JSONValue, Patience, Response, ServerError
from passback_thoughtindustries.school import School, document, require

__all__ = ["pages"]

_OK = 200
_MOST = 20_000
_DEEPEST = 4
_TOLD = ("hasMore", "cursor", "nextCursor", "totalPages")


@attrs.frozen(kw_only=True)
class _Page:
    items: list[dict[str, JSONValue]]
    told: Mapping[str, JSONValue]
    total: int | None


def _judged(answer: Response) -> None:
    require(answer, _OK)


async def pages(
    school: School,
    path: str,
    query: Mapping[str, str | int],
    named: str,
    patience: Patience,
    judge: Callable[[Response], None] = _judged,
) -> AsyncIterator[list[dict[str, JSONValue]]]:
    """Yield the list of each page, to the last one.

    Args:
        school: Is asked.
        path: Where the list is.
        query: What is asked for, but for the page.
        named: What the list is called there.
        patience: Waits before all pages but the first, where the school asks for that.
        judge: Raises what an answer means that is no page.

    Raises:
        RateLimited: It asks for more patience.
        ServerError: A page is none, comes twice, or is missing; or they never end.
        Exception: What `judge` raised.
    """
    read, seen, where = 0, set[bytes](), {"page": 1}
    asked: Mapping[str, str | int] = where
    for number in range(1, _MOST + 1):
        got = partial(_got, school, path, {**query, **asked}, judge)
        answer = await (patience.ask(got) if seen else got())
        page, mark = _page(answer, named), hashlib.sha256(answer.body).digest()
        if mark in seen:
            raise ServerError(f"{answer.asked}: a page came twice; paging has no effect", status=_OK)
        seen.add(mark)
        yield page.items
        read += len(page.items)
        following = _following(page, number)
        if following is None:
            # Who isn't listed would count as gone.
            if page.total is not None and read < page.total:
                raise ServerError(f"{answer.asked}: the list ends at {read} of {page.total}", status=_OK)
            return
        asked = following
    raise ServerError(f"{path}: there are more than {_MOST} pages", status=_OK)


async def _got(
    school: School, path: str, query: Mapping[str, str | int], judge: Callable[[Response], None]
) -> Response:
    answer = await school.get(path, query)
    judge(answer)
    return answer


def _following(page: _Page, number: int) -> Mapping[str, str | int] | None:
    more, cursor = page.told.get("hasMore"), page.told.get("nextCursor", page.told.get("cursor"))
    last = page.told.get("totalPages")
    # Where nothing says that there is more, an empty page says that there isn't.
    if more is False or (more is not True and not page.items):
        return None
    if isinstance(cursor, str) and cursor:
        return {"cursor": cursor}
    if isinstance(last, int) and not isinstance(last, bool):
        return {"page": number + 1} if number < last else None
    return None if "nextCursor" in page.told else {"page": number + 1}


def _page(answer: Response, named: str) -> _Page:
    whole = document(answer)
    lists = [found for each in _objects(whole, 0) if isinstance(found := each.get(named), list)]
    if not lists and isinstance(data := whole.get("data"), list):
        lists = [data]
    if not lists:
        raise ServerError(f"{answer.asked} answered {answer.status} without a list of {named}", status=_OK)
    items = [each for each in lists[0] if isinstance(each, dict)]
    if len(items) < len(lists[0]):
        raise ServerError(
            f"{answer.asked} answered {answer.status} with one of {named} that is no object", status=_OK
        )
    told = next((each for each in _objects(whole, 0) if any(name in each for name in _TOLD)), {})
    total = told.get("total", told.get("totalCount"))
    known = isinstance(total, int) and not isinstance(total, bool)
    return _Page(items=items, told=told, total=total if known and isinstance(total, int) else None)


def _objects(value: Mapping[str, JSONValue], depth: int) -> Iterator[Mapping[str, JSONValue]]:
    # Not into lists: what stands in an item is about the item.
    yield value
    if depth < _DEEPEST:
        for each in value.values():
            if isinstance(each, dict):
                yield from _objects(each, depth + 1)
