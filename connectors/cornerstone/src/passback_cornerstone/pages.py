"""One way from the first page of employees to the last, which ends whatever the portal answers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeAlias

from passback import JSONValue, Response, ServerError, User
from passback_cornerstone.people import records, user

__all__ = ["TokenDied", "Walk"]

_MOST_PAGES = 20_000
_LONGEST_TOKEN = 4096
_Ask: TypeAlias = Callable[[str | None], Awaitable[Response | None]]


class TokenDied(Exception):
    """The portal no longer knows the token of the next page: they live for five minutes (wire facts §2.2)."""


class Walk:
    """One way through the pages.

    Attributes:
        read: How many were read.
    """

    def __init__(self, ask: _Ask, seen: set[str], known: int) -> None:
        """Prepare a walk.

        Args:
            ask: Gets the page of a token, the first for None; None where there is nobody.
            seen: Whom earlier walks told of, in lower case; added to.
            known: How many pages an earlier walk read.
        """
        self.read = 0
        self._ask = ask
        self._seen = seen
        # Pages that an earlier walk read bring nobody new, and one or two more may be empty.
        self._idle_allowed = known + 2

    async def users(self) -> AsyncIterator[User]:
        """Yield each user who wasn't told of yet.

        Raises:
            TokenDied: It has to be begun anew.
            ServerError: The pages never end, or aren't any.
        """
        token: str | None = None
        idle = 0
        while self.read < _MOST_PAGES:
            answer = await self._ask(token)
            if answer is None:
                return
            found, document = records(answer)
            self.read += 1
            idle += 1
            for each in (user(record, answer.asked) for record in found):
                if self._is_new(each):
                    idle = 0
                    yield each
            token = _next(document, answer)
            if token is None:
                return
            if idle > self._idle_allowed:
                raise ServerError(
                    f"{answer.asked}: the pages of employees lead in a circle", status=answer.status
                )
        raise ServerError(
            f"there are more than {_MOST_PAGES} pages of employees; ask for more at once (page_size)"
        )

    def _is_new(self, each: User) -> bool:
        key = each.id.lower()
        known = key in self._seen
        self._seen.add(key)
        return not known


def _next(document: JSONValue, answer: Response) -> str | None:
    if not isinstance(document, dict):
        return None
    given = next((value for name, value in document.items() if name.lower() == "nextpagetoken"), None)
    if given is None or given == "":
        return None
    if not isinstance(given, str) or len(given) > _LONGEST_TOKEN:
        raise ServerError(f"{answer.asked}: the token of the next page is no text", status=answer.status)
    return given
