"""The users of one school (wire facts §6.1)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

from passback import Clock, JSONValue, Patience, ServerError, User, UserQuery
from passback_thoughtindustries.options import ThoughtIndustriesOptions
from passback_thoughtindustries.pages import pages
from passback_thoughtindustries.school import School, document, is_own, require

__all__ = ["Directory", "is_identity"]

_OK, _NOT_FOUND = 200, 404
_PER_PAGE = 100
# What can stand in a path without leading elsewhere.
_IDENTITY = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._~-]{1,200}")
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$&'*+=^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,255}")
_OUT = ("false", "inactive", "disabled")


def is_identity(text: str) -> bool:
    """Return whether `text` can be a user's id at a school."""
    return _IDENTITY.fullmatch(text) is not None


class Directory:
    """Looks users up.

    Attributes:
        filters: By what the school itself finds a user.
    """

    def __init__(self, school: School, options: ThoughtIndustriesOptions, clock: Clock) -> None:
        self._school = school
        self._options = options
        self._clock = clock
        self.filters = frozenset({"id", "email"} if options.email_lookup else {"id"})

    async def users(self, query: UserQuery) -> AsyncIterator[User]:
        """Yield the user whom `query` names by id or by an address that the school finds, or all of them.

        Raises:
            ConnectionFailure: They can't be listed, or one of them can't be understood.
        """
        if query.id is not None:
            found = await self._one(query.id) if is_identity(query.id) else None
            if found is not None and found.id == query.id:
                yield found
            return
        address = query.email
        if address is not None and self._options.email_lookup and _ADDRESS.fullmatch(address):
            found = await self._one(address)
            if found is not None and (found.email or "").casefold() == address.casefold():
                yield found
            return
        patience = Patience(self._clock)
        async for items in pages(self._school, "users", {"perPage": _PER_PAGE}, "users", patience):
            patience.renew()
            for item in items:
                user = self._user(item)
                if address is None or (user.email or "").casefold() == address.casefold():
                    yield user

    async def _one(self, name: str) -> User | None:
        answer = await self._school.user(name)
        if answer.status == _NOT_FOUND and is_own(answer):
            return None
        require(answer, _OK)
        whole = document(answer)
        inner = next((each for name in ("data", "user") if isinstance(each := whole.get(name), dict)), whole)
        return self._user(inner)

    def _user(self, item: dict[str, JSONValue]) -> User:
        identity = item.get("id")
        if not isinstance(identity, str) or not is_identity(identity):
            raise ServerError("a user that was listed has no id")
        names = [_text(item, name) for name in ("firstName", "lastName")]
        state = item.get(self._options.active_key)
        return User(
            id=identity,
            email=_text(item, "email"),
            external_id=_text(item, "externalCustomerId"),
            name=" ".join(each for each in names if each) or None,
            active=str(state).strip().lower() not in _OUT,
        )


def _text(item: dict[str, JSONValue], name: str) -> str | None:
    value = item.get(name)
    if value is not None and not isinstance(value, str):
        raise ServerError(f"a user that was listed has a {name} that is no text")
    return value.strip() or None if value else None
