"""StackOne's unified LMS routes: who asks, and whose account it's about.

Source: wire facts §4.1: HTTP Basic with the API key as user name and an empty password, and ``x-account-id``.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from passback import HTTP, JSONValue, Response, basic_auth
from passback_stackone.answers import as_told
from passback_stackone.options import StackOneOptions

__all__ = ["USERS", "Api", "user_path"]

USERS = "/unified/lms/users"
_LONGEST_ID = 512


def user_path(user_id: str) -> str | None:
    """Return the path of a user; None where the id can be in no path."""
    if not user_id.isprintable() or not user_id.strip() or user_id in (".", ".."):
        return None
    if len(user_id) > _LONGEST_ID:
        return None
    return f"{USERS}/{quote(user_id, safe='')}"


class Api:
    """One linked account."""

    def __init__(self, http: HTTP, options: StackOneOptions) -> None:
        self._http = http
        self._url = options.url
        # As a user name it isn't taken for a secret by itself.
        self._key = options.api_key.get_secret_value()
        self._headers = {
            "authorization": basic_auth(self._key, ""),
            "x-account-id": options.account_id,
        }

    async def get(self, path: str, query: Mapping[str, str | int | bool] | None = None) -> Response:
        """Ask for what is at `path`; return the answer, whatever it is, under the status that it tells."""
        url = f"{self._url}{path}"
        answer = await self._http.request("GET", url, query=query, headers=self._headers)
        return as_told(answer).hiding([self._key])

    async def post(self, path: str, body: Mapping[str, JSONValue]) -> Response:
        """Write `body`, once: there is no idempotency key (wire facts §4.4)."""
        url = f"{self._url}{path}"
        answer = await self._http.request("POST", url, headers=self._headers, json=body, idempotent=False)
        return as_told(answer).hiding([self._key])
