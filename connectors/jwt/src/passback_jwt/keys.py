"""Keys: how one is read, which token it could have signed, and whether it did (RFC 7517)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TypeAlias

import attrs
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, OctKey, OKPKey, RSAKey

from passback import JSONValue
from passback_jwt.algorithms import SYMMETRIC, Only
from passback_jwt.tokens import Token

__all__ = ["KeyPair", "VerifyingKey", "pem_key", "published_keys", "shared_key"]

KeyPair: TypeAlias = RSAKey | ECKey | OKPKey

# A set with more keys than this is no issuer's, and each costs a signature check.
_MOST = 100
_FEWEST_BITS = 2048
_PUBLIC = ("kty", "crv", "x", "y", "n", "e")
# What each reader of the library raises for what it can't read.
_UNREADABLE = (JoseError, ValueError, TypeError, KeyError)


@attrs.frozen(kw_only=True)
class VerifyingKey:
    """A key that tells whether it signed a token.

    Attributes:
        key: The key.
        algorithms: What it can have signed by.
        id: Its name; None where it has none.
    """

    key: KeyPair | OctKey = attrs.field(repr=False)
    algorithms: frozenset[str]
    id: str | None = None

    @property
    def kind(self) -> str:
        """What it is, for people."""
        if isinstance(self.key, RSAKey):
            return f"RSA {self.key.public_key.key_size}"
        return "shared secret" if isinstance(self.key, OctKey) else self.key.curve_name

    def fits(self, token: Token) -> bool:
        """Return whether it could have signed `token`, as far as names and kinds tell."""
        if None not in (token.key_id, self.id) and token.key_id != self.id:
            return False
        return token.algorithm in self.algorithms

    def signed(self, token: Token) -> bool:
        """Return whether it signed `token`."""
        try:
            jws.deserialize_compact(token.text, self.key, registry=Only(str(token.header["alg"])))
        except (JoseError, ValueError, TypeError):
            return False
        return True


def shared_key(secret: str) -> VerifyingKey:
    """Return the key that a shared secret is."""
    return VerifyingKey(key=OctKey.import_key(secret.encode()), algorithms=frozenset({SYMMETRIC}))


def pem_key(text: str, *, private: bool) -> tuple[KeyPair, frozenset[str]]:
    """Return the key in `text`, as PEM, and what it can sign by.

    Args:
        text: The PEM.
        private: Whether it must be a private key; otherwise it must be a public one.

    Raises:
        ValueError: It's none that can be used; says nothing of it.
    """
    content = text.strip().encode()
    with suppress(*_UNREADABLE, UnsupportedAlgorithm):
        found = load_pem_private_key(content, None) if private else load_pem_public_key(content)
        key = _imported(found)
        if key is not None:
            return key, _able(key)
    wanted = "private" if private else "public"
    raise ValueError(f"expected a {wanted} key as PEM: RSA of at least 2048 bits, P-256 or Ed25519")


def _imported(found: object) -> KeyPair | None:
    if isinstance(found, RSAPublicKey | RSAPrivateKey):
        # The library warns of short ones, where they are to be refused.
        return RSAKey.import_key(found) if found.key_size >= _FEWEST_BITS else None
    if isinstance(found, EllipticCurvePublicKey | EllipticCurvePrivateKey):
        return ECKey.import_key(found) if isinstance(found.curve, SECP256R1) else None
    if isinstance(found, Ed25519PublicKey | Ed25519PrivateKey):
        return OKPKey.import_key(found)
    return None


def published_keys(listed: Sequence[JSONValue]) -> Iterator[VerifyingKey]:
    """Yield the keys of a JWKS that can sign tokens; never a symmetric one.

    One that can't be read is passed over: an issuer may offer a kind that nobody here knows yet.
    """
    for each in listed[:_MOST]:
        if not isinstance(each, dict) or each.get("use", "sig") != "sig" or _short(each):
            continue
        with suppress(*_UNREADABLE):
            key = JWKRegistry.import_key(_public(each))
            if isinstance(key, OctKey):
                continue
            able, named, declared = _able(key), each.get("kid"), each.get("alg")
            if declared is not None:
                able &= {"EdDSA" if declared == "Ed25519" else str(declared)}
            if able:
                yield VerifyingKey(key=key, algorithms=able, id=named if isinstance(named, str) else None)


def _public(each: Mapping[str, JSONValue]) -> dict[str, str | list[str]]:
    return {name: str(each[name]) for name in _PUBLIC if name in each}


def _able(key: KeyPair) -> frozenset[str]:
    if isinstance(key, RSAKey):
        return frozenset({"RS256", "PS256"})
    return frozenset({"P-256": ("ES256",), "Ed25519": ("EdDSA",)}.get(key.curve_name, ()))


def _short(each: Mapping[str, JSONValue]) -> bool:
    # base64 has six bits a character.
    return each.get("kty") == "RSA" and len(str(each.get("n"))) * 6 < _FEWEST_BITS
