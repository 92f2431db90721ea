"""The keys that a provider publishes, and whether one of them signed a token (RFC 7517)."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta

import attrs
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, Key, OKPKey, RSAKey

from passback import HTTP, Clock, JSONValue, ServerError, SignInRefused
from passback_oidc.documents import document
from passback_oidc.jose import Algorithms
from passback_oidc.tokens import Token

__all__ = ["KeyRing", "PublishedKey"]

_AGE = timedelta(hours=1)
_RELOAD = timedelta(minutes=1)
# A set with more keys than this is no provider's, and each costs a signature check.
_MOST = 100
_FEWEST_BITS = 2048
_RSA = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})
_CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521", "EdDSA": "Ed25519"}
_PUBLIC = ("kty", "crv", "x", "y", "n", "e")


@attrs.frozen(kw_only=True)
class PublishedKey:
    """A key that ID tokens can be signed with.

    Attributes:
        key: The key.
        id: Its name; None where it has none.
        said: Its members, as published.
    """

    key: Key = attrs.field(repr=False)
    id: str | None
    said: Mapping[str, JSONValue] = attrs.field(repr=False)

    @property
    def kind(self) -> str:
        """What it is, for people."""
        if isinstance(self.key, RSAKey):
            return f"RSA {self.key.public_key.key_size}"
        return str(self.said.get("crv", self.key.key_type))

    def fits(self, token: Token) -> bool:
        """Return whether it could have signed `token`, as far as names and kinds tell."""
        named, algorithm = token.header.get("kid"), _one_name(token.algorithm)
        if named is not None and self.id != named:
            return False
        declared = self.said.get("alg")
        if declared is not None and _one_name(declared) != algorithm:
            return False
        if isinstance(self.key, RSAKey):
            return algorithm in _RSA
        return _CURVES.get(algorithm) == self.said.get("crv")

    def signed(self, token: Token) -> bool:
        """Return whether it signed `token`."""
        try:
            jws.deserialize_compact(token.text, self.key, registry=Algorithms(token.algorithm))
        except (JoseError, ValueError, TypeError):
            return False
        return True


class KeyRing:
    """A provider's keys, loaded when they're needed and kept for an hour.

    A token whose key isn't among them makes them be loaded anew, as after a change of keys, but at most once
    a minute: whoever makes up tokens mustn't make us ask.
    """

    def __init__(self, http: HTTP, clock: Clock) -> None:
        self._http = http
        self._clock = clock
        self._lock = asyncio.Lock()
        self._keys: tuple[PublishedKey, ...] = ()
        self._loaded: tuple[str, datetime] | None = None
        self._reloaded: datetime | None = None

    async def verify(self, token: Token, url: str) -> PublishedKey:
        """Return which of the keys published at `url` signed `token`.

        Raises:
            SignInRefused: None did.
            ConnectionFailure: They can't be had.
        """
        keys = await self.current(url)
        for key in keys:
            if key.fits(token) and key.signed(token):
                return key
        for key in await self._changed(url, keys):
            if key.fits(token) and key.signed(token):
                return key
        raise SignInRefused("signature: none of the keys that the provider publishes made the ID token's")

    async def current(self, url: str) -> tuple[PublishedKey, ...]:
        """Return the keys published at `url`, not older than an hour.

        Raises:
            ConnectionFailure: They can't be had.
        """
        async with self._lock:
            if self._loaded is None or self._loaded[0] != url or self._clock.now() >= self._loaded[1] + _AGE:
                await self._load(url)
            return self._keys

    async def _changed(self, url: str, known: tuple[PublishedKey, ...]) -> tuple[PublishedKey, ...]:
        async with self._lock:
            if self._keys is not known:
                return self._keys
            now = self._clock.now()
            if self._reloaded is not None and now < self._reloaded + _RELOAD:
                return ()
            self._reloaded = now
            await self._load(url)
            return self._keys

    async def _load(self, url: str) -> None:
        answer = await self._http.request("GET", url)
        listed = document(answer).get("keys")
        if not isinstance(listed, list):
            raise ServerError(
                f"{answer.asked} answered {answer.status} without a list of keys; is it a JWKS?"
            )
        self._keys = tuple(_published(listed[:_MOST]))
        self._loaded = (url, self._clock.now())


def _published(listed: list[JSONValue]) -> Iterator[PublishedKey]:
    # One that can't be read is passed over: a provider may offer a kind that we don't know yet.
    for each in listed:
        if not isinstance(each, dict) or each.get("use", "sig") != "sig" or _is_short(each):
            continue
        with suppress(JoseError, ValueError, TypeError, KeyError):
            key = JWKRegistry.import_key({name: str(each[name]) for name in _PUBLIC if name in each})
            if isinstance(key, RSAKey | ECKey | OKPKey):
                named = each.get("kid")
                yield PublishedKey(key=key, id=named if isinstance(named, str) else None, said=each)


def _is_short(key: Mapping[str, JSONValue]) -> bool:
    # The library would only warn.
    modulus = key.get("n")
    if key.get("kty") != "RSA" or not isinstance(modulus, str):
        return False
    try:
        number = base64.urlsafe_b64decode(modulus + "=" * (-len(modulus) % 4))
    except ValueError:
        return True
    return int.from_bytes(number).bit_length() < _FEWEST_BITS


def _one_name(algorithm: JSONValue) -> str:
    # RFC 9864 gave it its own name; the old one is in use everywhere.
    return "EdDSA" if algorithm == "Ed25519" else str(algorithm)
