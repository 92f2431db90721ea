"""Whether an ID token says what it must (OpenID Connect Core §3.1.3.7)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import attrs
from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]
from joserfc.errors import JoseError
from joserfc.jwt import JWTClaimsRegistry

from passback import JSONValue
from passback_oidc.tokens import Token

__all__ = ["Expected", "claim_faults"]

SKEW = timedelta(seconds=60)
_OLDEST = timedelta(days=1)

_SAID: Mapping[str, str] = {
    "iss": "iss: the ID token is another issuer's",
    "sub": "sub: the ID token doesn't say whom it is about",
    "aud": "aud: the ID token isn't for our client",
    "azp": "azp: the ID token was given out to another client, or is for several and doesn't say to which",
    "exp": "exp: the ID token has expired, or doesn't say when it does",
    "nbf": "nbf: the ID token isn't valid yet",
    "iat": "iat: the ID token was made in the future, or doesn't say when; check both clocks",
    "nonce": "nonce: the ID token wasn't made for this sign-in",
    "at_hash": "at_hash: the access token isn't the one that came with the ID token",
}


@attrs.frozen(kw_only=True)
class Expected:
    """What an ID token must say.

    Attributes:
        issuers: One of these made it.
        client: For whom.
        at: What time it's judged by.
        nonce: What it must bring back; None for a sample.
        access_token: What came with it; None for a sample, or where none did.
    """

    issuers: tuple[str, ...]
    client: str
    at: datetime
    nonce: str | None = attrs.field(default=None, repr=False)
    access_token: str | None = attrs.field(default=None, repr=False)


def claim_faults(token: Token, expected: Expected) -> Iterator[str]:
    """Yield why an ID token is refused, each beginning with the claim; no values."""
    for name, check in _checks(token, expected).items():
        try:
            check()
        except (JoseError, ValueError, TypeError):
            yield _SAID[name]
    issued = token.claims.get("iat")
    # The libraries let an old one pass while it hasn't expired.
    if isinstance(issued, int | float) and issued < (expected.at - _OLDEST - SKEW).timestamp():
        yield "iat: the ID token is older than a day"


def _checks(token: Token, expected: Expected) -> dict[str, Callable[[], Any]]:
    claims = dict(token.claims)
    now, leeway = int(expected.at.timestamp()), int(SKEW.total_seconds())
    registry = JWTClaimsRegistry(
        now,
        leeway,
        sub={"essential": True},
        aud={"essential": True, "value": expected.client},
    )
    checks: dict[str, Callable[[], Any]] = {
        "iss": lambda: _check_issuer(claims.get("iss"), expected.issuers),
        "sub": lambda: _check_subject(claims.get("sub"), registry),
        "aud": lambda: registry.validate_aud(claims.get("aud")),
        "exp": lambda: registry.validate_exp(claims.get("exp")),
        "iat": lambda: registry.validate_iat(claims.get("iat")),
    }
    if "nbf" in claims:
        checks["nbf"] = lambda: registry.validate_nbf(claims["nbf"])
    oidc = CodeIDToken(
        claims,
        # The library knows Ed25519 by its old name only.
        {"alg": "EdDSA" if token.algorithm == "Ed25519" else token.algorithm},
        params={
            "client_id": expected.client,
            "nonce": expected.nonce,
            "access_token": expected.access_token,
        },
    )
    checks["azp"] = oidc.validate_azp
    if expected.nonce is not None:
        checks["nonce"] = oidc.validate_nonce
    if "at_hash" in claims and expected.access_token is not None:
        checks["at_hash"] = lambda: _check_hash(claims["at_hash"], oidc.validate_at_hash)
    return checks


def _check_issuer(issuer: JSONValue, issuers: tuple[str, ...]) -> None:
    if issuer not in issuers:
        raise ValueError


def _check_subject(subject: JSONValue, registry: JWTClaimsRegistry) -> None:
    registry.validate_sub(subject)
    # The library lets blank and unprintable names pass.
    if not isinstance(subject, str) or not subject.strip() or not subject.isprintable():
        raise ValueError


def _check_hash(at_hash: JSONValue, check: Callable[[], Any]) -> None:
    # Empty or of another kind, the library would pass over it.
    if not isinstance(at_hash, str) or not at_hash:
        raise ValueError
    check()
