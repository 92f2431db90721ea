"""One portal of GO1 over HTTP: a token, and two generations of API, each at a host of its own.

Source: wire facts §3.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, quote_plus

import attrs

from passback import HTTP, ClientCredentials, Clock, JSONValue, OAuth2, Response, ServerError
from passback_go1.options import Go1Options

__all__ = ["Portal", "document", "error_code", "hits", "said_by_go1"]

_GOOD = range(200, 300)
_BAD_REQUEST, _CONFLICT, _NOT_IMPLEMENTED = 400, 409, 501
_STATUSES = {"enrollment_exists": _CONFLICT}


class Portal:
    """Asks one portal, with a token."""

    def __init__(self, http: HTTP, options: Go1Options, clock: Clock) -> None:
        self._options = options
        credentials = ClientCredentials(
            token_url=options.token_url,
            client_id=options.client_id,
            client_secret=options.client_secret.get_secret_value(),
            scope=options.scope,
            send="form",
        )
        self._oauth = OAuth2(http, credentials, clock)

    async def renew(self) -> None:
        """Prove the client anew.

        Raises:
            ConnectionFailure: It gets no token.
        """
        await self._oauth.renew()

    async def enrollments(self, query: Mapping[str, str | int]) -> Response:
        """Ask for a page of enrollments."""
        return await self._gateway("GET", "enrollments", query=query)

    async def enroll(self, enrollment: Mapping[str, JSONValue]) -> Response:
        """Make an enrollment; made twice, the second is answered with 409."""
        return await self._gateway("POST", "enrollments", json=enrollment)

    async def change(self, enrollment: str, changes: Mapping[str, JSONValue]) -> Response:
        """Change an enrollment; twice is as good as once."""
        return await self._gateway("PATCH", f"enrollments/{quote(enrollment, safe='')}", json=changes)

    async def users(self, query: Mapping[str, str | int]) -> Response:
        """Ask for a page of users."""
        return await self._api("GET", "users", query)

    async def user(self, user: str) -> Response:
        """Ask for one user."""
        return await self._api("GET", f"users/{quote(user, safe='')}")

    async def login(self, user: str, query: Mapping[str, str | int]) -> Response:
        """Ask for a one-time login."""
        return await self._api("POST", f"users/{quote(user, safe='')}/login", query)

    async def _gateway(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int] | None = None,
        json: object = None,
    ) -> Response:
        url, headers = f"{self._options.gateway_url}/{path}", {"api-version": self._options.api_version}
        answer = await self._oauth.request(
            method, url, query=query, headers=headers, json=json, idempotent=True
        )
        return self._hidden(answer)

    async def _api(self, method: str, path: str, query: Mapping[str, str | int] | None = None) -> Response:
        answer = await self._oauth.request(method, f"{self._options.api_url}/{path}", query=query)
        return self._hidden(answer)

    def _hidden(self, answer: Response) -> Response:
        # What can't be done at all waits for a person to change something; a page of a proxy passes.
        if answer.status == _NOT_IMPLEMENTED and not said_by_go1(answer):
            raise ServerError(
                f"{answer.asked} answered 501, but not in GO1's words; is this its address?",
                status=answer.status,
            )
        secret = self._options.client_secret.get_secret_value()
        return _as_told(answer).hiding((secret, quote_plus(secret)))


def _as_told(answer: Response) -> Response:
    """Return `answer`; under the status of an error where a good one holds one (wire facts §3.3)."""
    code = error_code(answer) if answer.status in _GOOD else None
    if code is None or "id" in said_by_go1(answer):
        return answer
    return attrs.evolve(answer, status=_STATUSES.get(code, _BAD_REQUEST))


def document(answer: Response) -> dict[str, JSONValue]:
    """Return the object that an answer holds.

    Raises:
        ServerError: It holds none.
    """
    found = answer.json()
    if not isinstance(found, dict):
        raise ServerError(
            f"{answer.asked} answered {answer.status} with JSON that is no object; is this GO1's address?",
            status=answer.status,
        )
    return found


def said_by_go1(answer: Response) -> dict[str, JSONValue]:
    """Return the object by which GO1 says what is wrong; an empty one for a page of something else."""
    try:
        found = answer.json()
    except ServerError:
        return {}
    return found if isinstance(found, dict) else {}


def error_code(answer: Response) -> str | None:
    """Return the code of an error of the gateway (wire facts §3.3); None for what something else says."""
    code = said_by_go1(answer).get("error_code")
    return code if isinstance(code, str) and code else None


def hits(answer: Response, key: str) -> list[dict[str, JSONValue]]:
    """Return the objects that a page lists under `key`.

    Raises:
        ServerError: It lists none.
    """
    found = document(answer).get(key)
    if not isinstance(found, list):
        raise ServerError(
            f"{answer.asked} answered {answer.status} without a list in {key!r}", status=answer.status
        )
    items = [each for each in found if isinstance(each, dict)]
    if len(items) < len(found):
        raise ServerError(
            f"{answer.asked} answered {answer.status} with something in {key!r} that is no object",
            status=answer.status,
        )
    return items
