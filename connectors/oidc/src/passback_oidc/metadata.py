"""What a provider publishes about itself (OpenID Connect Discovery 1.0)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import attrs

from passback import HTTP, Clock, JSONValue, ServerError, is_web_address
from passback_oidc.documents import document

__all__ = ["Discovery", "Metadata"]

_AGE = timedelta(hours=1)
_NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_OFFERED = ("userinfo_endpoint", "end_session_endpoint")


@attrs.frozen(kw_only=True)
class Metadata:
    """A provider's own words.

    Attributes:
        issuer: Who it is.
        authorization_endpoint: Where a browser signs in.
        token_endpoint: Where a code becomes a token.
        jwks_uri: Where its keys are.
        userinfo_endpoint: Where more about a person is said; empty where there is none.
        end_session_endpoint: Where a browser signs out; empty where there is none.
        names_itself: Whether each of its answers by browser says who it is (RFC 9207).
        said: All of it.
        date: What time its server had, as its ``Date`` header says; None where it has none.
        received: What time it was then.
    """

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str = ""
    end_session_endpoint: str = ""
    names_itself: bool = False
    said: Mapping[str, JSONValue] = attrs.field(factory=dict, repr=False)
    date: str = ""
    received: datetime

    def names(self, member: str) -> tuple[str, ...] | None:
        """Return the texts that `member` lists; None where it doesn't say."""
        listed = self.said.get(member)
        if not isinstance(listed, list):
            return None
        return tuple(each for each in listed if isinstance(each, str))


class Discovery:
    """Reads what a provider publishes when it's needed, and keeps it for an hour."""

    def __init__(self, http: HTTP, clock: Clock, base: str, issuer: str) -> None:
        """Prepare to read.

        Args:
            http: The connection's HTTP session.
            clock: What tells the time.
            base: Where it's published: below this address.
            issuer: Who it must name as its issuer.
        """
        self._http = http
        self._clock = clock
        self._url = f"{base.rstrip('/')}/.well-known/openid-configuration"
        self._issuer = issuer
        self._lock = asyncio.Lock()
        self._known: tuple[Metadata, datetime] | None = None

    async def metadata(self, *, anew: bool = False) -> Metadata:
        """Return what the provider publishes; with `anew` as it is this moment.

        Raises:
            ConnectionFailure: It can't be had, or doesn't fit.
        """
        async with self._lock:
            if anew or self._known is None or self._clock.now() >= self._known[1] + _AGE:
                self._known = (await self._read(), self._clock.now())
            return self._known[0]

    async def _read(self) -> Metadata:
        answer = await self._http.request("GET", self._url)
        said = document(answer)
        if said.get("issuer") != self._issuer:
            # Discovery §4.3: else another provider's document could be put in its place.
            raise ServerError(
                f"{answer.asked} names another issuer than the configured one, {self._issuer}; they must be "
                "the same in every character",
                status=answer.status,
            )
        scheme = urlsplit(self._url).scheme
        return Metadata(
            issuer=self._issuer,
            **{name: _address(said, name, scheme) for name in (*_NEEDED, *_OFFERED)},
            names_itself=said.get("authorization_response_iss_parameter_supported") is True,
            said=said,
            date=answer.headers.get("date", ""),
            received=answer.received,
        )


def _address(said: Mapping[str, JSONValue], name: str, scheme: str) -> str:
    given = said.get(name)
    if given is None and name in _OFFERED:
        return ""
    if not isinstance(given, str) or not is_web_address(given, allow_http=scheme == "http"):
        raise ServerError(
            f"the provider's openid-configuration has no {name} that can be used: expected an address "
            f"that starts with {scheme}://"
        )
    return given
