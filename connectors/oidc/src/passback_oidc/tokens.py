"""An ID token taken apart, before anything of it is believed."""

from __future__ import annotations

import base64
import re
from collections.abc import Collection, Iterator, Mapping

import attrs

from passback import JSONValue, SignInRefused, json_object
from passback_oidc.jose import LONGEST_HEADER, LONGEST_TOKEN

__all__ = ["Token", "header_faults", "read_token"]

_SEGMENT = re.compile(r"[A-Za-z0-9_-]+")
_SIGNED, _ENCRYPTED = 3, 5


@attrs.frozen(kw_only=True)
class Token:
    """A signed token; its signature is still to be checked.

    Attributes:
        text: As it came; isn't shown.
        header: Says how it's signed.
        claims: What it says.
    """

    text: str = attrs.field(repr=False)
    header: Mapping[str, JSONValue] = attrs.field(repr=False)
    claims: Mapping[str, JSONValue] = attrs.field(repr=False)

    @property
    def algorithm(self) -> str:
        """What it claims to be signed by; empty where it doesn't say."""
        named = self.header.get("alg")
        return named if isinstance(named, str) else ""


def read_token(text: str) -> Token:
    """Return the parts of an ID token in its compact form (RFC 7515 §3.1).

    Raises:
        SignInRefused: It's none that could be read.
    """
    if len(text) > LONGEST_TOKEN:
        raise SignInRefused(f"the ID token is longer than {LONGEST_TOKEN // 1024} KiB")
    parts = text.split(".")
    if len(parts) == _ENCRYPTED:
        raise SignInRefused("the ID token is encrypted, which isn't supported; switch that off there")
    if len(parts) != _SIGNED or not all(_SEGMENT.fullmatch(part) for part in parts[:2]):
        raise SignInRefused("the ID token is no signed JWT")
    if len(parts[0]) > LONGEST_HEADER:
        raise SignInRefused(f"the ID token's header is longer than {LONGEST_HEADER} characters")
    try:
        header, claims = (json_object(_decoded(part)) for part in parts[:2])
    except ValueError:
        raise SignInRefused(
            "the ID token's header or claims are no JSON object, or have a member twice"
        ) from None
    return Token(text=text, header=header, claims=claims)


def header_faults(token: Token, algorithms: Collection[str]) -> Iterator[str]:
    """Yield why a token's header is refused; whatever key it brings or points to is left alone."""
    if token.algorithm not in algorithms:
        yield "alg: the ID token is signed by an algorithm that isn't allowed (option algorithms)"
    if "crit" in token.header or "b64" in token.header:
        yield "crit: the ID token needs an extension to be understood, and none is"
    kind = token.header.get("typ", "")
    # RFC 8725 §3.11: what is of a kind of its own, as an access or a logout token, says so; ID tokens don't.
    if not isinstance(kind, str) or kind.lower().endswith("+jwt"):
        yield "typ: the token is of another kind than an ID token"
    if not isinstance(token.header.get("kid", ""), str):
        yield "kid: the ID token names its key by something that is no text"


def _decoded(segment: str) -> bytes:
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
