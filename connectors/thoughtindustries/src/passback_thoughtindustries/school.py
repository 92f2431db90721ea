"""One school over HTTP (wire facts §6.1, §6.2)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import quote

import attrs

from passback import HTTP, JSONValue, RateLimited, Response, ServerError
from passback_thoughtindustries.errors import as_told, is_error
from passback_thoughtindustries.options import ThoughtIndustriesOptions

__all__ = ["School", "document", "is_own", "require", "said_by_school", "words"]

_TOO_MANY, _NOT_IMPLEMENTED = 429, 501
_LONGEST_WAIT = 86_400
_MOST_WORDS = 5


class School:
    """Asks one school, with its key."""

    def __init__(self, http: HTTP, options: ThoughtIndustriesOptions) -> None:
        self._http = http
        self._base = f"{options.url}/incoming/v2"
        self._key = options.api_key.get_secret_value()

    async def get(self, path: str, query: Mapping[str, str | int] | None = None) -> Response:
        """Ask for `path`."""
        return await self._ask("GET", path, query=query)

    async def user(self, name: str) -> Response:
        """Ask for one user by id or address."""
        return await self.get(f"users/{quote(name, safe='@')}")

    async def post(self, path: str, content: Mapping[str, JSONValue]) -> Response:
        """Write `content` at `path`, once."""
        return await self._ask("POST", path, json=content)

    async def _ask(
        self, method: str, path: str, *, query: Mapping[str, str | int] | None = None, json: object = None
    ) -> Response:
        answer = await self._http.request(
            method,
            f"{self._base}/{path}",
            query=query,
            headers={"authorization": f"Bearer {self._key}"},
            json=json,
        )
        return as_told(answer)


def require(answer: Response, *statuses: int) -> None:
    """Return if the status is one of `statuses`; raise what any other means for the connection.

    Raises:
        RateLimited: The school asks to slow down; it says how long in a header, in the body, or in both.
        ConnectionFailure: Any other status.
    """
    if answer.status == _TOO_MANY and answer.retry_at() is None:
        seconds = said_by_school(answer).get("retryAfter")
        if isinstance(seconds, int) and not isinstance(seconds, bool) and seconds >= 0:
            until = answer.received + timedelta(seconds=min(seconds, _LONGEST_WAIT))
            raise RateLimited(f"{answer.asked} answered 429: it asks to slow down", until=until)
    # What can't be done at all waits for a person to change something; a page of a proxy passes.
    if answer.status == _NOT_IMPLEMENTED and not said_by_school(answer):
        raise ServerError(
            f"{answer.asked} answered 501, but not in the school's words; is this its address?",
            status=answer.status,
        )
    answer.require(*statuses)


def document(answer: Response) -> dict[str, JSONValue]:
    """Return the object that an answer holds.

    Raises:
        ServerError: It holds none.
    """
    found = answer.json()
    if not isinstance(found, dict):
        raise ServerError(
            f"{answer.asked} answered {answer.status} with JSON that is no object; is this its address?",
            status=answer.status,
        )
    return found


def said_by_school(answer: Response) -> dict[str, JSONValue]:
    """Return the object by which the school says what is wrong; an empty one for a page of something else."""
    try:
        found = answer.json()
    except ServerError:
        return {}
    return found if isinstance(found, dict) else {}


def is_own(answer: Response) -> bool:
    """Return whether an error is the school's own, in its documents' words; a gateway's has others."""
    said = said_by_school(answer)
    # As any router says of a path that it doesn't know.
    bare = not said.get("errors") and str(said.get("error")).casefold() == "not found"
    return is_error(said) and not bare


def words(answer: Response) -> str:
    """Return what the school says is wrong, for people."""
    errors = said_by_school(answer).get("errors")
    said = [each for each in errors if isinstance(each, str)] if isinstance(errors, list) else []
    if not said:
        return answer.excerpt() or "without a word why"
    # As an excerpt: whatever proves us isn't shown, should it be quoted.
    text = "; ".join(said[:_MOST_WORDS])
    return attrs.evolve(answer, body=text.encode()).excerpt()
