"""The keys of the issuer that a connection trusts: configured, or published and loaded when needed."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from passback import HTTP, Clock, JSONValue, Response, ServerError, SignInRefused, json_object
from passback_jwt.keys import VerifyingKey, pem_key, published_keys, shared_key
from passback_jwt.options import JwtOptions
from passback_jwt.tokens import Token

__all__ = ["KeyRing", "configured"]

_OK = 200
_AGE = timedelta(hours=1)
_RELOAD = timedelta(minutes=1)


def configured(options: JwtOptions) -> tuple[VerifyingKey, ...]:
    """Return the keys that stand in the options; none where they are published somewhere."""
    if options.secret is not None:
        return (shared_key(options.secret.get_secret_value()),)
    if options.public_key is not None:
        key, able = pem_key(options.public_key, private=False)
        return (VerifyingKey(key=key, algorithms=able),)
    return tuple(published_keys(options.jwks["keys"])) if options.jwks is not None else ()


class KeyRing:
    """The keys of one issuer.

    Published ones are kept for an hour. A token whose key isn't among them makes them be loaded anew, as
    after a change of keys, but at most once a minute: whoever makes up tokens mustn't make us ask.
    """

    def __init__(self, http: HTTP, clock: Clock, options: JwtOptions) -> None:
        self._http = http
        self._clock = clock
        self._url = options.jwks_url
        self._lock = asyncio.Lock()
        self._keys = configured(options)
        self._loaded: datetime | None = None
        self._reloaded: datetime | None = None

    async def verify(self, token: Token) -> None:
        """Return if one of the keys signed `token`.

        Raises:
            SignInRefused: None did.
            ConnectionFailure: They can't be had.
        """
        known = await self._current()
        if not _signed(token, known) and not _signed(token, await self._changed(known)):
            raise SignInRefused("signature: none of the issuer's keys made the token's")

    async def published(self) -> tuple[Response, tuple[VerifyingKey, ...]] | None:
        """Load the published keys anew, and return the answer and them; None where none are published.

        Raises:
            ConnectionFailure: They can't be had.
        """
        if self._url is None:
            return None
        async with self._lock:
            return await self._load(self._url), self._keys

    async def _current(self) -> tuple[VerifyingKey, ...]:
        if self._url is None:
            return self._keys
        async with self._lock:
            if self._loaded is None or self._clock.now() >= self._loaded + _AGE:
                await self._load(self._url)
            return self._keys

    async def _changed(self, known: tuple[VerifyingKey, ...]) -> tuple[VerifyingKey, ...]:
        if self._url is None:
            return ()
        async with self._lock:
            if self._keys is not known:
                return self._keys
            now = self._clock.now()
            if self._reloaded is not None and now < self._reloaded + _RELOAD:
                return ()
            self._reloaded = now
            await self._load(self._url)
            return self._keys

    async def _load(self, url: str) -> Response:
        answer = await self._http.request("GET", url)
        answer.require(_OK)
        try:
            listed: JSONValue = json_object(answer.body).get("keys")
        except ValueError:
            listed = None
        if not isinstance(listed, list):
            raise ServerError(
                f"{answer.asked} answered {_OK} without a list of keys; is it a JWKS?", status=_OK
            )
        self._keys = tuple(published_keys(listed))
        self._loaded = self._clock.now()
        return answer


def _signed(token: Token, keys: tuple[VerifyingKey, ...]) -> bool:
    return any(key.fits(token) and key.signed(token) for key in keys)
