"""Looking users up."""

from __future__ import annotations

from collections.abc import AsyncIterator

from passback import JSONValue, Response, ServerError, Unsupported, User, UserQuery
from passback_webhook.addresses import Address, as_text, with_query
from passback_webhook.calling import Caller
from passback_webhook.expressions import Budget, Expression, ExpressionFailed
from passback_webhook.facts import PAGE, QUERY, about_query
from passback_webhook.outcomes import holds
from passback_webhook.pages import pages
from passback_webhook.people_options import UserOptions, UsersOptions

__all__ = ["Directory"]

_FILTERS = ("email", "username", "external_id")


class Directory:
    """The users of one customer's system."""

    def __init__(self, options: UsersOptions, caller: Caller) -> None:
        self._options = options
        self._caller = caller
        self._url = Address(options.url, QUERY)
        self._query = {name: Expression(text, QUERY) for name, text in options.query.items()}
        self._headers = {name: Expression(text, QUERY) for name, text in options.headers.items()}
        self._items = Expression(options.items, PAGE)
        self._mapping = _Mapping(options.user)

    async def users(self, query: UserQuery) -> AsyncIterator[User]:
        """Yield the users that match `query`, whatever the system makes of it.

        Raises:
            Unsupported: It asks for something that isn't mapped, so that nobody could be told apart by it.
            ConnectionFailure: The system can't be asked, or answers nonsense.
        """
        self._mapping.require(query)
        url, headers = self._asked(query)

        async def ask(target: str) -> Response:
            answer = await self._caller.ask("GET", target, headers=headers)
            if answer.status in self._options.none:
                raise _NoSuchUser
            answer.require(200, 206)
            return answer

        try:
            async for items in pages(ask, url, self._items, self._options.paging):
                for item in items:
                    user = self._mapping.user(item)
                    if _matches(user, query):
                        yield user
        except _NoSuchUser:
            return

    def _asked(self, query: UserQuery) -> tuple[str, dict[str, str]]:
        facts, budget = about_query(query), Budget()
        try:
            fields = [(name, as_text(each.value(facts, budget))) for name, each in self._query.items()]
            headers = {name: as_text(each.value(facts, budget)) for name, each in self._headers.items()}
            url = self._url.filled(facts, budget)
        except ExpressionFailed as failure:
            raise Unsupported(f"users can't be looked up so: {failure}") from None
        given = [(name, text) for name, text in fields if text]
        return with_query(url, given), {name: text for name, text in headers.items() if text}


class _NoSuchUser(Exception):  # it never leaves this module
    """The system said so by a status."""


class _Mapping:
    """Where each user has what."""

    def __init__(self, options: UserOptions) -> None:
        self._id = Expression(options.id)
        self._texts = {
            name: Expression(text)
            for name in (*_FILTERS, "name")
            if (text := getattr(options, name)) is not None
        }
        self._active = None if options.active is None else Expression(options.active)

    def require(self, query: UserQuery) -> None:
        for name in _FILTERS:
            if getattr(query, name) is not None and name not in self._texts:
                raise Unsupported(f"users can't be looked up by {name}: users.user.{name} isn't configured")

    def user(self, item: JSONValue) -> User:
        try:
            identity = as_text(self._id.value(item))
            texts = {name: as_text(each.value(item)) or None for name, each in self._texts.items()}
            active = self._active is None or holds(self._active, item)
        except ExpressionFailed as failure:
            raise ServerError(f"a user that was listed can't be understood: users.user: {failure}") from None
        if not identity:
            raise ServerError(f"a user that was listed has no {self._id.text}, which users.user.id expects")
        return User(id=identity, active=active, **texts)


def _matches(user: User, query: UserQuery) -> bool:
    # Many an API answers everybody where it doesn't know a parameter.
    return (
        (query.email is None or (user.email or "").casefold() == query.email.casefold())
        and query.username in (None, user.username)
        and query.external_id in (None, user.external_id)
    )
