"""Our client's own key, and the assertion by which it proves itself (RFC 7523)."""

from __future__ import annotations

import secrets
import warnings
from contextlib import suppress
from datetime import datetime, timedelta
from typing import cast

from joserfc import jwt
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey, import_key

from passback import json_object
from passback_oidc.jose import Algorithms

__all__ = ["client_assertion", "signing_key"]

_LIFETIME = timedelta(seconds=60)
_FEWEST_BITS = 2048
_BY_CURVE = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512", "Ed25519": "EdDSA"}


def signing_key(text: str) -> tuple[Key, str]:
    """Return the private key that `text` is, as PEM or as a JWK, and what it signs by.

    Raises:
        ValueError: It's none that could be used; says nothing of it.
    """
    try:
        with warnings.catch_warnings():
            # Of an RSA key that is too short, which is refused below.
            warnings.simplefilter("ignore", SecurityWarning)
            key = _imported(text.strip())
    except (JoseError, ValueError, TypeError):
        raise ValueError("private_key: neither PEM nor a JWK that can be read") from None
    algorithm = _algorithm(key)
    if not key.is_private or algorithm is None:
        raise ValueError(
            "private_key: expected a private key: RSA of at least 2048 bits, P-256, P-384, P-521 or Ed25519"
        )
    return key, algorithm


def client_assertion(
    key: tuple[Key, str], client: str, audience: str, now: datetime, key_id: str | None = None
) -> str:
    """Return a token by which `client` proves itself to `audience`, once and for a minute.

    The audience is the issuer alone: with a token endpoint in it, another provider could have it made
    (CVE-2025-27370, RFC 10070).
    """
    private, algorithm = key
    at = int(now.timestamp())
    claims: dict[str, str | int] = {
        "iss": client,
        "sub": client,
        "aud": audience,
        "jti": secrets.token_urlsafe(32),
        "iat": at,
        "exp": at + int(_LIFETIME.total_seconds()),
    }
    header = {"alg": algorithm, **({"kid": key_id} if key_id else {})}
    return jwt.encode(header, claims, private, registry=Algorithms(algorithm))


def _imported(text: str) -> Key:
    if text.startswith("{"):
        return import_key(cast("dict[str, str | list[str]]", json_object(text.encode())))
    for kind in (RSAKey, ECKey, OKPKey):
        with suppress(JoseError, ValueError, TypeError):
            return kind.import_key(text)
    raise ValueError


def _algorithm(key: Key) -> str | None:
    if isinstance(key, RSAKey):
        return "RS256" if key.public_key.key_size >= _FEWEST_BITS else None
    if isinstance(key, ECKey | OKPKey):
        return _BY_CURVE.get(key.curve_name)
    return None
