"""Long lists, page by page, to the last one.

Source: wire facts §4.2: each page is ``{"data": […], "next": "…"}``; the end has no ``next``, which is opaque
and goes with the filters that it was given for.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import timedelta

from passback import Clock, JSONValue, RateLimited, Response, ServerError
from passback_stackone.answers import document, failure
from passback_stackone.api import Api

__all__ = ["Pages"]

_LONGEST_CURSOR = 8192
_MOST_EMPTY = 20
# Starting over for a minute's pause would never reach the end of a long list.
_LONGEST_PAUSE = timedelta(seconds=90)
_MOST_PAUSES = 3


class Pages:
    """The pages of one list."""

    def __init__(
        self,
        api: Api,
        clock: Clock,
        path: str,
        query: Mapping[str, str | int],
        meant: Callable[[Response], Exception] = failure,
    ) -> None:
        """Prepare to read a list.

        Args:
            api: Is asked.
            clock: Waits where the system asks for that.
            path: Where the list is.
            query: What is asked for, but for the page.
            meant: Returns what an answer means that is no page, to be raised.
        """
        self._api = api
        self._clock = clock
        self._path = path
        self._query = query
        self._meant = meant

    async def walk(self, most: int) -> AsyncIterator[list[Mapping[str, JSONValue]]]:
        """Yield each page, at most `most`; from the start again if a cursor dies on the way.

        Raises:
            ServerError: A page is none, or they lead in a circle, or never end.
            Exception: A page can't be had: what `meant` returned.
        """
        cursor, seen, empty, again = None, set[str](), 0, False
        for _ in range(most):
            answer = await self._page(cursor)
            if answer.status == 400 and cursor is not None and not again:  # noqa: PLR2004 - the status is the name
                cursor, seen, again = None, set(), True
                continue
            if answer.status != 200:  # noqa: PLR2004
                raise self._meant(answer)
            items = _items(answer)
            yield items
            empty = 0 if items else empty + 1
            cursor = _next(answer)
            if cursor is None:
                return
            if cursor in seen or empty >= _MOST_EMPTY:
                raise ServerError(f"{answer.asked}: the pages lead in a circle", status=answer.status)
            seen.add(cursor)
        raise ServerError(f"GET {self._path}: there are more than {most} pages")

    async def _page(self, cursor: str | None) -> Response:
        query = {**self._query, **({} if cursor is None else {"next": cursor})}
        for left in reversed(range(_MOST_PAUSES + 1)):
            try:
                answer = await self._api.get(self._path, query)
                if answer.status != 429:  # noqa: PLR2004
                    return answer
                raise failure(answer)
            except RateLimited as limited:
                pause = None if limited.until is None else limited.until - self._clock.now()
                if cursor is None or not left or pause is None or pause > _LONGEST_PAUSE:
                    raise
                await self._clock.wait(asyncio.Event(), max(pause.total_seconds(), 0))
        raise AssertionError  # the last one returns or raises


def _items(answer: Response) -> list[Mapping[str, JSONValue]]:
    listed = document(answer).get("data")
    if isinstance(listed, list):
        items: list[Mapping[str, JSONValue]] = [each for each in listed if isinstance(each, dict)]
        if len(items) == len(listed):
            return items
    raise ServerError(
        f"{answer.asked} answered 200 without a list of objects; is this StackOne's API?", status=200
    )


def _next(answer: Response) -> str | None:
    cursor = document(answer).get("next")
    if cursor is None or (isinstance(cursor, str) and not cursor.strip()):
        return None
    if not isinstance(cursor, str) or len(cursor) > _LONGEST_CURSOR:
        raise ServerError(f"{answer.asked}: what leads to the next page is no cursor", status=answer.status)
    return cursor
