"""OAuth2 client credentials: a token for a connection, and requests that carry it.

RFC 6749 §4.4 says how a token is asked for, RFC 6750 how it is carried. Everything goes through the
connection's own HTTP session, so that its address policy and its quota hold at the token endpoint, too.
"""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import quote_plus, urlencode

import attrs
import msgspec

from passback.clock import Clock, SystemClock
from passback.errors import ServerError
from passback.http.asked import Query
from passback.http.response import Response, basic_auth
from passback.http.session import HTTP
from passback.model import JSONValue

__all__ = ["ClientCredentials", "OAuth2"]

_UNAUTHORIZED = 401
# The last as well: no result was in what was too large.
_REFUSALS = (400, 401, 403, 413)
# What a header can carry.
_TOKEN = re.compile(r"[\x21-\x7e]{1,16384}")
_ERROR = re.compile(r"[a-z_]{1,40}")
_UNTOLD = timedelta(hours=1)
_LONGEST = timedelta(days=1)
# A token is renewed a little before it expires: it has to arrive while it's good.
_MARGIN = timedelta(seconds=60)

_MEANING: Mapping[str, str] = {
    "invalid_client": "it doesn't accept the client; check client id and secret",
    "invalid_scope": "it doesn't know the scope, or doesn't grant it; check the scope",
    "unauthorized_client": "the client isn't allowed to use client credentials; check how it is registered",
    "unsupported_grant_type": "it doesn't offer client credentials; check the token endpoint",
    "invalid_request": "it misses a parameter, or knows one by another name; check how the client is sent",
    "access_denied": "it doesn't grant the client a token; check its permissions",
}


@attrs.frozen(kw_only=True)
class ClientCredentials:
    """How a client gets its token (RFC 6749 §4.4).

    Attributes:
        token_url: The token endpoint.
        client_id: Who asks.
        client_secret: What proves it.
        scope: What for, separated by spaces; not sent where it's empty.
        audience: For which API; not sent where it's empty.
        send: Where client id and secret stand: in a Basic header (RFC 6749 §2.3.1), or in the body as a form
            or as JSON.
        extra: Further parameters of the request.
        names: What the endpoint calls a parameter, where that isn't the standard's name.
        headers: Further headers of the request.
    """

    token_url: str
    client_id: str
    client_secret: str = attrs.field(repr=False)
    scope: str = ""
    audience: str = ""
    send: Literal["basic", "form", "json"] = "basic"
    extra: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    names: Mapping[str, str] = attrs.field(factory=dict)
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)


@attrs.frozen(kw_only=True)
class _Token:
    text: str = attrs.field(repr=False)
    until: datetime


class OAuth2:
    """Requests that prove themselves with an access token.

    The token is asked for when it's first needed and kept until shortly before it expires; however many
    requests need one at once, it's asked for once. A 401 drops it, and the request is sent once more with a
    new one.
    """

    def __init__(self, http: HTTP, credentials: ClientCredentials, clock: Clock | None = None) -> None:
        self._http = http
        self._credentials = credentials
        self._clock = clock or SystemClock()
        self._token: _Token | None = None
        self._asking: asyncio.Task[_Token] | None = None

    async def request(  # noqa: PLR0913 - the parts of a request
        self,
        method: str,
        url: str,
        *,
        query: Query | None = None,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        json: object = None,
        idempotent: bool | None = None,
    ) -> Response:
        """Send one request as `HTTP.request` does, with the token in its ``Authorization`` header.

        Raises:
            CannotConnect: The system or the token endpoint wasn't reached.
            ServerError: The token endpoint refuses the client, or answers nonsense.
            RateLimited: The token endpoint asks to slow down, or the connection's own quota is used up.
        """
        token = await self._valid()
        for last in (False, True):
            proven = {
                **{name: text for name, text in (headers or {}).items() if name.lower() != "authorization"},
                "authorization": f"Bearer {token}",
            }
            answer = await self._http.request(
                method, url, query=query, headers=proven, content=content, json=json, idempotent=idempotent
            )
            if answer.status != _UNAUTHORIZED or last:
                break
            token = await self._valid(unlike=token)
        if answer.status == _UNAUTHORIZED:
            self._drop(token)
        return answer

    async def renew(self) -> None:
        """Get a new token, as a check does: what is kept proves nothing about the client today.

        Raises:
            CannotConnect: The token endpoint wasn't reached.
            ServerError: It refuses the client, or answers nonsense.
            RateLimited: It asks to slow down.
        """
        self._token = None
        await self._valid()

    async def _valid(self, unlike: str = "") -> str:
        held = self._token
        if held is not None and held.text != unlike and self._clock.now() < held.until:
            return held.text
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask())
            self._asking.add_done_callback(self._asked)
        # Others may wait for the same answer: who is cancelled takes it from none of them.
        return (await asyncio.shield(self._asking)).text

    def _asked(self, task: asyncio.Task[_Token]) -> None:
        self._asking = None
        # Whoever waited has the failure; where nobody does any more, nobody needs it.
        if not task.cancelled() and task.exception() is None:
            self._token = task.result()

    def _drop(self, token: str) -> None:
        if self._token is not None and self._token.text == token:
            self._token = None

    async def _ask(self) -> _Token:
        asked = self._clock.now()
        headers, content = _body(self._credentials)
        answer = await self._http.request(
            "POST", self._credentials.token_url, headers=headers, content=content, idempotent=True
        )
        # An endpoint may quote what it was sent, and the secret may have stood in the body.
        secret = self._credentials.client_secret
        given = (*self._credentials.extra.values(), *self._credentials.headers.values())
        known = (secret, quote_plus(secret), *given)
        return _read(answer.hiding(known), asked)


def _body(given: ClientCredentials) -> tuple[dict[str, str], bytes]:
    headers = dict(given.headers)
    fields = {"grant_type": "client_credentials", **given.extra}
    if given.send == "basic":
        headers["authorization"] = basic_auth(quote_plus(given.client_id), quote_plus(given.client_secret))
    else:
        fields |= {"client_id": given.client_id, "client_secret": given.client_secret}
    fields |= {"scope": given.scope} if given.scope else {}
    fields |= {"audience": given.audience} if given.audience else {}
    named = {given.names.get(name, name): text for name, text in fields.items()}
    if given.send == "json":
        return {**headers, "content-type": "application/json"}, msgspec.json.encode(named)
    return {**headers, "content-type": "application/x-www-form-urlencoded"}, urlencode(named).encode()


def _read(answer: Response, asked: datetime) -> _Token:
    if answer.status in _REFUSALS:
        raise _refused(answer)
    answer.require(200, 201)
    document = answer.json()
    if not isinstance(document, dict):
        raise _nonsense(answer, "with something that is no token")
    if "error" in document:
        raise _refused(answer)
    text, kind = document.get("access_token"), document.get("token_type", "Bearer")
    if not isinstance(text, str) or not _TOKEN.fullmatch(text):
        raise _nonsense(answer, "without an access_token that a header can carry")
    if not isinstance(kind, str) or not kind.lower().startswith("bearer"):
        raise _nonsense(answer, "with a token that is no bearer token")
    lifetime = _lifetime(document.get("expires_in"))
    return _Token(text=text, until=asked + lifetime - min(_MARGIN, lifetime / 10))


def _lifetime(said: JSONValue) -> timedelta:
    try:
        seconds = float(said) if isinstance(said, int | float | str) and not isinstance(said, bool) else None
    except (ValueError, OverflowError):
        seconds = None
    if seconds is None or not math.isfinite(seconds):
        return _UNTOLD
    return timedelta(seconds=min(max(seconds, 0.0), _LONGEST.total_seconds()))


def _refused(answer: Response) -> ServerError:
    try:
        document = answer.json()
    except ServerError:
        document = None
    error = document.get("error") if isinstance(document, dict) else None
    # Nothing but a code is quoted: the rest may repeat what was sent.
    code = f" {error}" if isinstance(error, str) and _ERROR.fullmatch(error) else ""
    meaning = _MEANING.get(code.strip(), "it gives no token; check token endpoint, client id and secret")
    return ServerError(f"{answer.asked} answered {answer.status}{code}: {meaning}", status=answer.status)


def _nonsense(answer: Response, what: str) -> ServerError:
    return ServerError(
        f"{answer.asked} answered {answer.status} {what}; is this the token endpoint?", status=answer.status
    )
