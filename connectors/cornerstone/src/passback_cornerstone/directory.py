"""Who is asked for: told by the employees API, by the reporting view, or by listing everybody."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

from passback import Clock, User, UserQuery
from passback_cornerstone.addresses import GUID
from passback_cornerstone.api import Api
from passback_cornerstone.employees import Employees
from passback_cornerstone.reporting import numbers

__all__ = ["Directory"]

_NUMBER = re.compile(r"[0-9]{1,18}")


class Directory:
    """The users of one tenant.

    Attributes:
        filters: The fields of a query that the portal itself looks users up by.
    """

    def __init__(self, api: Api, clock: Clock) -> None:
        self._api = api
        self._employees = Employees(api, clock)
        native = {"external_id", "id", "username"}
        self.filters = frozenset(native | ({"email"} if api.options.email_view else set()))

    async def prove(self) -> None:
        """Prove the client, and that it may read employees and what else is needed.

        Raises:
            ConnectionFailure: It may not, or can't be asked.
        """
        await self._api.renew()
        await self._employees.prove()
        if self._api.options.email_view:
            async for _ in numbers(self._api, "nobody@example.invalid"):
                continue

    async def knows(self, guid: str) -> bool:
        """Whether there is a user of that guid."""
        async for _ in self.users(UserQuery(id=guid)):
            return True
        return False

    async def users(self, query: UserQuery) -> AsyncIterator[User]:
        """Yield who matches `query`, as far as the portal can tell; everybody where it can't.

        Raises:
            ConnectionFailure: The portal can't be asked, or answers nonsense.
        """
        if query.id is not None and not GUID.fullmatch(query.id):
            found = await self._employees.numbered(query.id) if _NUMBER.fullmatch(query.id) else None
            if found is not None:
                yield found
            return
        given = {"externalId": query.external_id, "userName": query.username, "guid": query.id}
        filters = {name: value for name, value in given.items() if value is not None}
        if query.email is not None and not filters and "email" in self.filters:
            async for number in numbers(self._api, query.email):
                found = await self._employees.numbered(number)
                if found is not None:
                    yield found
            return
        async for each in self._employees.matching(filters):
            # A portal that ignores a filter lists everybody.
            if not filters or _matches(each, query):
                yield each


def _matches(user: User, query: UserQuery) -> bool:
    return (
        _same(query.external_id, user.external_id)
        and _same(query.username, user.username)
        and _same(query.id, user.id)
    )


def _same(wanted: str | None, found: str | None) -> bool:
    return wanted is None or (found is not None and wanted.casefold() == found.casefold())
