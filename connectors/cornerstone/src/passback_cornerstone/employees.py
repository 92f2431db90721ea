"""Employees, looked up and listed (wire facts §2.2)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from passback import Clock, RateLimited, Response, ServerError, User
from passback_cornerstone.answers import require
from passback_cornerstone.api import Api
from passback_cornerstone.pages import TokenDied, Walk
from passback_cornerstone.people import records, user

__all__ = ["Employees"]

_BAD_REQUEST, _NOT_FOUND = 400, 404
_RESTARTS = 3
_WAITS = 5
_LONGEST_WAIT = 90.0


class Employees:
    """The employees of one tenant."""

    def __init__(self, api: Api, clock: Clock) -> None:
        self._api = api
        self._clock = clock
        self._path = f"/services/api/x/users/{api.options.users}/employees"

    async def prove(self) -> None:
        """Read one employee, as a check does.

        Raises:
            ConnectionFailure: It doesn't go.
        """
        answer = await self._api.get(self._path, {"pageSize": "1"})
        require(answer, 200)
        records(answer)

    async def numbered(self, number: str) -> User | None:
        """Return the employee of that number; None where there is none.

        Raises:
            ConnectionFailure: The portal can't be asked, or answers nonsense.
        """
        answer = await self._api.get(f"{self._path}/{number}", {})
        if answer.status == _NOT_FOUND:
            return None
        require(answer, 200)
        found, _ = records(answer)
        return user(found[0], answer.asked) if found else None

    async def matching(self, filters: dict[str, str]) -> AsyncIterator[User]:
        """Yield each employee once whom the portal finds by `filters`: everybody without one.

        A list of everybody outlives a minute's quota, and waits for the next; and where a page token died
        meanwhile, it begins anew.

        Raises:
            ConnectionFailure: The portal can't be asked, or answers nonsense.
        """
        seen: set[str] = set()
        read = 0
        for _ in range(_RESTARTS + 1):
            walk = Walk(lambda token: self._page(filters, token), seen, read)
            try:
                async for each in walk.users():
                    yield each
            except TokenDied:
                read = max(read, walk.read)
                continue
            return
        raise ServerError(
            f"GET {self._path}: the next page was refused again and again; its tokens die too soon"
        )

    async def _page(self, filters: dict[str, str], token: str | None) -> Response | None:
        options = self._api.options
        query = {"pageSize": str(options.page_size), **filters}
        query |= {options.page_token: token} if token is not None else {}
        answer = await self._patiently(query, waits=0 if filters else _WAITS)
        if answer.status == _NOT_FOUND and filters:
            return None
        # Wire facts §2.2: a token that died is answered with 400, as far as is known.
        if answer.status == _BAD_REQUEST and token is not None:
            raise TokenDied
        require(answer, 200)
        return answer

    async def _patiently(self, query: dict[str, str], waits: int) -> Response:
        for _ in range(waits):
            try:
                return await self._api.get(self._path, query)
            except RateLimited as limited:
                now = self._clock.now()
                seconds = ((limited.until or now) - now).total_seconds()
                if seconds > _LONGEST_WAIT:
                    raise
                await self._clock.wait(asyncio.Event(), max(seconds, 1.0))
        return await self._api.get(self._path, query)
