"""The LRS's resources, as far as results need them.

Source: xAPI 1.0.3, Communication §2.1 (statements) and §2.8 (about); the differences between LRSs that are
handled here were measured on four of them (docs/explanation/xapi.md).
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from passback import HTTP, Clock, JSONValue, Response, ServerError, basic_auth
from passback_xapi.options import XapiOptions
from passback_xapi.statements import Statement
from passback_xapi.unseen import Unseen

__all__ = ["LRS"]

_OK, _NO_CONTENT, _BAD_REQUEST, _NOT_FOUND = 200, 204, 400, 404
# What says, of what can be read otherwise, that there is none or that it isn't told.
_UNKNOWN = (400, 403, 404, 501)
_FALLBACK = "1.0.3"
_RECENT = 100
_encode = msgspec.json.Encoder().encode


class LRS:
    """One Learning Record Store.

    Attributes:
        unseen: What it should hold, and didn't show.
    """

    def __init__(self, http: HTTP, options: XapiOptions, clock: Clock) -> None:
        self.unseen = Unseen(clock)
        self._http = http
        self._options = options
        self._authorization = basic_auth(options.key, options.secret.get_secret_value())
        self._version: str | None = None if options.version == "auto" else options.version

    async def version(self) -> str:
        """Return the xAPI version to speak, asking the LRS once."""
        if self._version is None:
            self._version = await self._offered()
        return self._version

    async def renegotiate(self) -> bool:
        """Ask the LRS again which version it speaks; return whether it's another than before."""
        if self._options.version != "auto":
            return False
        before, self._version = self._version, await self._offered()
        return before != self._version

    async def store(self, statements: Sequence[Statement]) -> Response:
        """Send `statements` in one request; return the answer, whatever it is.

        Statements carry ids of ours, so that sending them twice stores them once.
        """
        headers = await self._headers() | {"content-type": "application/json"}
        content = _encode(statements)
        return await self._http.request(
            "POST", self._url("statements"), headers=headers, content=content, idempotent=True
        )

    async def newest(self, limit: int) -> list[JSONValue]:
        """Return the statements that the LRS stored last, at most `limit`.

        Raises:
            ConnectionFailure: It doesn't let us read.
        """
        answer = await self._http.request(
            "GET", self._url("statements"), query={"limit": limit}, headers=await self._headers()
        )
        answer.require(_OK)
        return _listed(answer)

    async def recent(self, count: int) -> dict[str, JSONValue]:
        """Return what the LRS stored last, by id: enough to hold a batch of `count` that came just before.

        Raises:
            ConnectionFailure: It doesn't let us read.
        """
        return _by_id(await self.newest(max(_RECENT, 2 * count)))

    async def statement(self, statement_id: str) -> JSONValue:
        """Return the statement with this id, None if the LRS has none.

        Raises:
            ConnectionFailure: It doesn't let us read, or answers with other statements than this one.
        """
        answer = await self._http.request(
            "GET", self._url("statements"), query={"statementId": statement_id}, headers=await self._headers()
        )
        if answer.status == _NOT_FOUND:
            return None
        answer.require(_OK)
        document = answer.json()
        # Ralph lists even one.
        listed = _listed(answer) if isinstance(document, dict) and "statements" in document else [document]
        found = _by_id(listed).get(statement_id)
        if listed and found is None:
            raise ServerError(
                f"{answer.asked} answered 200 with something else than the statement that was asked for; "
                "does something on the way to the LRS drop the query, or answer from a cache?",
                status=answer.status,
            )
        return found

    async def voids(self, statement_id: str) -> bool:
        """Return whether the LRS shows the statement with this id as one that was voided.

        Not every LRS knows that question: some refuse it, some list what they stored last.

        Raises:
            ConnectionFailure: It can't be asked.
        """
        query = {"voidedStatementId": statement_id}
        answer = await self._http.request(
            "GET", self._url("statements"), query=query, headers=await self._headers()
        )
        if answer.status in _UNKNOWN:
            return False
        answer.require(_OK)
        # What is in a list may be there as what was stored last, and not as voided.
        return statement_id in _by_id([answer.json()])

    def _url(self, resource: str) -> str:
        return f"{self._options.url}{resource}"

    async def _headers(self) -> dict[str, str]:
        return {"authorization": self._authorization, "x-experience-api-version": await self.version()}

    async def _offered(self) -> str:
        # Not every LRS has about, and 1.0.3 is what all of them speak.
        answer = await self._http.request(
            "GET",
            self._url("about"),
            headers={"authorization": self._authorization, "x-experience-api-version": _FALLBACK},
        )
        if answer.status != _OK:
            if answer.status == _BAD_REQUEST:
                return _version_of(answer.headers.get("x-experience-api-version", ""))
            return _FALLBACK
        try:
            document = answer.json()
        except ServerError:
            return _FALLBACK
        versions = document.get("version") if isinstance(document, dict) else None
        return _version_of(*versions) if isinstance(versions, list) else _FALLBACK


def _version_of(*offered: object) -> str:
    return "2.0.0" if any(isinstance(each, str) and each.startswith("2.0") for each in offered) else _FALLBACK


def _by_id(listed: Sequence[JSONValue]) -> dict[str, JSONValue]:
    return {str(each.get("id")).lower(): each for each in listed if isinstance(each, dict)}


def _listed(answer: Response) -> list[JSONValue]:
    document = answer.json()
    listed = document.get("statements") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise ServerError(
            f"{answer.asked} answered 200 with something that is no list of statements; "
            "is this the xAPI endpoint of an LRS?",
            status=answer.status,
        )
    return listed
