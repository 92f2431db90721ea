"""A token taken apart, before anything of it is believed (RFC 7515 §3.1, RFC 8725)."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Collection, Iterator, Mapping

import attrs

from passback import JSONValue, SignInRefused, json_object
from passback_jwt.algorithms import LONGEST_HEADER, LONGEST_TOKEN

__all__ = ["Token", "header_faults", "read_token"]

_SEGMENT = re.compile(r"[A-Za-z0-9_-]+")
_SIGNED, _ENCRYPTED = 3, 5


@attrs.frozen(kw_only=True)
class Token:
    """A signed token; its signature is still to be checked.

    Attributes:
        text: As it came; isn't shown.
        header: How it says that it's signed.
        claims: What it says.
    """

    text: str = attrs.field(repr=False)
    header: Mapping[str, JSONValue] = attrs.field(repr=False)
    claims: Mapping[str, JSONValue] = attrs.field(repr=False)

    @property
    def algorithm(self) -> str:
        """What it says that it's signed by, by the name of options; empty where it doesn't say."""
        named = self.header.get("alg")
        # RFC 9864 gave it its own name; the old one is in use everywhere.
        return "EdDSA" if named == "Ed25519" else named if isinstance(named, str) else ""

    @property
    def key_id(self) -> str | None:
        """Which key it says that it's signed with."""
        named = self.header.get("kid")
        return named if isinstance(named, str) else None

    @property
    def fingerprint(self) -> str:
        """What it's remembered by: a hash of what is signed.

        The signature isn't in it, because one text has many good ones: anybody can make a second one of an
        elliptic curve's.
        """
        return hashlib.sha256(self.text.rpartition(".")[0].encode()).hexdigest()


def read_token(text: str) -> Token:
    """Return the parts of a token in its compact form.

    Raises:
        SignInRefused: It's none that could be read.
    """
    if len(text) > LONGEST_TOKEN:
        raise SignInRefused(f"the token is longer than {LONGEST_TOKEN // 1024} KiB")
    parts = text.split(".")
    if len(parts) == _ENCRYPTED:
        raise SignInRefused("the token is encrypted, which isn't supported; have it signed only")
    if len(parts) != _SIGNED or not all(_SEGMENT.fullmatch(part) for part in parts):
        raise SignInRefused("the token is no signed JWT: three parts of base64url, with points between them")
    if len(parts[0]) > LONGEST_HEADER:
        raise SignInRefused(f"the token's header is longer than {LONGEST_HEADER} characters")
    try:
        header, claims = (json_object(_decoded(part)) for part in parts[:2])
    except ValueError:
        raise SignInRefused(
            "the token's header or claims are no JSON object, or have a member twice"
        ) from None
    return Token(text=text, header=header, claims=claims)


def header_faults(token: Token, algorithms: Collection[str]) -> Iterator[str]:
    """Yield why a token's header is refused.

    Keys that it brings or points to (``jwk``, ``jku``, ``x5c``, ``x5u``) are neither used nor fetched.
    """
    if token.algorithm not in algorithms:
        yield "alg: the token is signed by an algorithm that isn't allowed (option algorithms)"
    if "crit" in token.header or "b64" in token.header:
        yield "crit: the token needs an extension to be understood, and none is"
    kind = token.header.get("typ", "JWT")
    # RFC 8725 §3.11: a token made for something else, as an access token, signs nobody in.
    if not isinstance(kind, str) or kind.lower().removeprefix("application/") != "jwt":
        yield "typ: the token is of another kind than JWT"
    if not isinstance(token.header.get("kid", ""), str):
        yield "kid: the token names its key by something that is no text"


def _decoded(segment: str) -> bytes:
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
