"""The users of one portal (wire facts §3.2)."""

from __future__ import annotations

from collections.abc import AsyncIterator

from passback import Clock, JSONValue, Patience, ServerError, User, UserQuery
from passback_go1.answers import is_user_missing
from passback_go1.ids import identifier
from passback_go1.options import Go1Options
from passback_go1.pages import pages
from passback_go1.portal import Portal, document

__all__ = ["Directory"]

_OK = 200
_MOST_PAGES = 20_000


class Directory:
    """Looks users up."""

    def __init__(self, portal: Portal, options: Go1Options, clock: Clock) -> None:
        self._portal = portal
        self._options = options
        self._clock = clock

    async def users(self, query: UserQuery) -> AsyncIterator[User]:
        """Yield the user with the id that `query` names, those with its address, or all of them.

        Raises:
            ConnectionFailure: They can't be listed, or one of them can't be understood.
        """
        if query.id is not None:
            for user in await self._one(query.id):
                yield user
            return
        options, address = self._options, query.email
        asked = {options.email_filter: address} if address is not None and options.email_filter else {}
        patience = Patience(self._clock)
        async for items in pages(self._portal.users, asked, options.users_key, _MOST_PAGES, patience):
            patience.renew()
            for item in items:
                user = self._user(item)
                # A portal that doesn't know the filter lists everybody.
                if address is None or (user.email or "").casefold() == address.casefold():
                    yield user

    async def _one(self, identity: str) -> list[User]:
        if identifier(identity) is None:  # the id of somebody in another system
            return []
        answer = await self._portal.user(identity)
        if is_user_missing(answer):
            return []
        answer.require(_OK)
        user = self._user(document(answer))
        return [user] if user.id == identity else []

    def _user(self, item: dict[str, JSONValue]) -> User:
        identity = identifier(item.get("id"))
        if identity is None:
            raise ServerError("a user that was listed has no id")
        names = [_text(item, name) for name in ("first_name", "last_name")]
        state = item.get(self._options.active_key)
        return User(
            id=identity,
            email=_text(item, "email"),
            name=" ".join(each for each in names if each) or None,
            active=state is None or str(state).strip().lower() not in ("false", "0", "inactive"),
        )


def _text(item: dict[str, JSONValue], name: str) -> str | None:
    value = item.get(name)
    if value is not None and not isinstance(value, str):
        raise ServerError(f"a user that was listed has a {name} that is no text")
    return value.strip() or None if value else None
