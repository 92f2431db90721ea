"""The users of the LMS behind StackOne (wire facts §4.2)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from passback import Clock, JSONValue, ServerError, Unsupported, User, UserQuery
from passback_stackone.answers import document, failure, is_missing, text
from passback_stackone.api import USERS, Api, user_path
from passback_stackone.options import StackOneOptions
from passback_stackone.pages import Pages

__all__ = ["Users"]

_FIELDS = "id,remote_id,external_reference,email,name,active"
_MOST_PAGES = 20_000
_LONGEST_TEXT = 1000

_OK = 200
_FILTERS = {"external_reference": "external_id", "email": "email"}


class _NotFiltered(Exception):  # it never leaves this module
    """The LMS answered with somebody else than was asked for."""


class Users:
    """The users of one account."""

    def __init__(self, api: Api, options: StackOneOptions, clock: Clock) -> None:
        self._api = api
        self._options = options
        self._clock = clock
        self._usable = {_FILTERS[name]: name for name in options.filters}
        if options.external_id != "external_reference":
            self._usable.pop("external_id", None)

    @property
    def filters(self) -> frozenset[str]:
        """The fields of a query by which the LMS looks users up, as far as is known."""
        return frozenset({"id", *self._usable})

    async def probe(self) -> bool:
        """Return whether users can be listed; False where StackOne says that this account can't (501).

        Raises:
            ConnectionFailure: It can't be asked, or refuses.
        """
        answer = await self._api.get(USERS, {"page_size": 1})
        if answer.status == _OK:
            if not isinstance(document(answer).get("data"), list):
                raise ServerError(f"{answer.asked} answered 200 without a list of users", status=_OK)
            return True
        meant = failure(answer)
        if isinstance(meant, Unsupported):
            return False
        raise meant

    async def look_up(self, query: UserQuery) -> AsyncIterator[User]:
        """Yield the users that match `query` where the LMS filters by it; all of them otherwise.

        Raises:
            Unsupported: With status 501: content distribution; the LMS tells nobody who its users are.
            ConnectionFailure: The list can't be had to its end.
        """
        field = next((name for name in ("id", *self._usable) if getattr(query, name) is not None), None)
        if field is not None:
            try:
                found = await self._filtered(field, getattr(query, field))
            except (Unsupported, _NotFiltered):  # no such filter, or no users: the whole list tells which
                pass
            else:
                for user in found:
                    yield user
                return
        async for user in self._listed({}):
            if field is not None:
                self._usable.pop(field, None)
            yield user

    async def _filtered(self, field: str, wanted: str) -> list[User]:
        if field == "id":
            return await self._one(wanted)
        found = []
        async for user in self._listed({f"filter[{self._usable[field]}]": wanted}):
            # Some systems answer everybody where they don't know a filter.
            if not _same(field, getattr(user, field), wanted):
                raise _NotFiltered
            found.append(user)
        return found

    async def _one(self, wanted: str) -> list[User]:
        path = user_path(wanted)
        if path is None:
            return []
        answer = await self._api.get(path, {"fields": _FIELDS})
        if is_missing(answer):
            return []
        if answer.status != _OK:
            raise failure(answer)
        user = document(answer).get("data")
        if not isinstance(user, dict):
            raise ServerError(f"{answer.asked} answered 200 without a user", status=_OK)
        return [self._user(user)]

    async def _listed(self, filters: Mapping[str, str]) -> AsyncIterator[User]:
        asked: dict[str, str | int] = {"fields": _FIELDS, "page_size": self._options.page_size, **filters}
        known: set[str] = set()
        async for page in Pages(self._api, self._clock, USERS, asked).walk(_MOST_PAGES):
            for item in page:
                user = self._user(item)
                if user.id not in known:
                    known.add(user.id)
                    yield user

    def _user(self, item: Mapping[str, JSONValue]) -> User:
        identity = text(item.get("id"))
        if identity is None:
            raise ServerError(f"GET {USERS}: a user that was found has no id that can be used")
        return User(
            id=identity,
            email=text(item.get("email"), _LONGEST_TEXT),
            external_id=text(item.get(self._options.external_id), _LONGEST_TEXT),
            name=text(item.get("name"), _LONGEST_TEXT),
            active=item.get("active") not in (False, "false"),
        )


def _same(field: str, found: str | None, wanted: str) -> bool:
    if field == "email":
        return (found or "").casefold() == wanted.casefold()
    return found == wanted
