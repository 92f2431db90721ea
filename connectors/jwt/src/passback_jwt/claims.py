"""What a token must say to be believed (RFC 7519 §4.1), and what it then says of a person."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from passback import JSONValue
from passback_jwt.options import JwtOptions

__all__ = ["attributes", "claim_faults", "last_moment", "subject", "verified_email"]

# What holds a token together; the rest is about the person.
_PLUMBING = frozenset({"iss", "aud", "exp", "nbf", "iat", "jti"})
_LONGEST_ID = 1024


def claim_faults(claims: Mapping[str, JSONValue], options: JwtOptions, now: datetime) -> Iterator[str]:
    """Yield why the claims of a token are refused at `now`: names only, no values."""
    if claims.get("iss") != options.issuer:
        yield "iss: the token is another issuer's (option issuer)"
    yield from _audience_faults(claims, options)
    yield from _time_faults(claims, options, now.timestamp())
    if not _is_id(claims.get("jti", None if options.require_jti else "-")):
        yield "jti: the token has no id, or one that is no text (option require_jti)"
    if subject(claims, options) is None:
        yield f"{options.subject}: the token doesn't name one person by it (option subject)"


def _audience_faults(claims: Mapping[str, JSONValue], options: JwtOptions) -> Iterator[str]:
    audience = claims.get("aud")
    meant = audience if isinstance(audience, list) else [] if audience is None else [audience]
    if options.audience is None:
        # RFC 7519 §4.1.3: whoever doesn't find themselves in it must refuse it.
        if meant:
            yield "aud: the token is meant for somebody, and nobody says that it's us (option audience)"
    elif options.audience not in meant:
        yield "aud: the token is meant for somebody else, or for nobody (option audience)"


def _time_faults(claims: Mapping[str, JSONValue], options: JwtOptions, now: float) -> Iterator[str]:
    times = {name: claims[name] for name in ("iat", "exp", "nbf") if name in claims}
    for name, value in times.items():
        if _moment(value) is None:
            yield f"{name}: is no time"
    issued, ends, begins = (_moment(times.get(name)) for name in ("iat", "exp", "nbf"))
    if "iat" not in times:
        yield "iat: the token doesn't say when it was made"
    if "exp" not in times and options.require_exp:
        yield "exp: the token doesn't say until when it's good (option require_exp)"
    if issued is not None and issued > now + options.skew:
        yield "iat: the token was made in the future; compare the clocks (option skew)"
    if issued is not None and issued + options.max_age + options.skew <= now:
        yield "iat: the token is too old (option max_age)"
    if ends is not None and ends + options.skew <= now:
        yield "exp: the token has expired"
    if begins is not None and begins > now + options.skew:
        yield "nbf: the token isn't good yet; compare the clocks (option skew)"


def last_moment(claims: Mapping[str, JSONValue], options: JwtOptions, now: datetime) -> datetime:
    """Return when a token that is good at `now` is certainly refused: until then it must be remembered."""
    issued, ends = _moment(claims.get("iat")), _moment(claims.get("exp"))
    least = min((issued or 0.0) + options.max_age, math.inf if ends is None else ends)
    # A moment longer, for the fraction of a second that the text of a time may lack.
    return now + timedelta(seconds=max(0.0, least - now.timestamp()) + options.skew + 1)


def subject(claims: Mapping[str, JSONValue], options: JwtOptions) -> str | None:
    """Return whom a token names; None where that is nobody, or nothing that names a person."""
    named = claims.get(options.subject)
    if isinstance(named, int) and not isinstance(named, bool):
        return str(named)
    return named if isinstance(named, str) and named.strip() else None


def attributes(claims: Mapping[str, JSONValue]) -> dict[str, tuple[str, ...]]:
    """Return what a token says of a person: texts as they are, and what is neither text nor list as JSON."""
    found = {name: tuple(_texts(value)) for name, value in claims.items() if name not in _PLUMBING}
    return {name: values for name, values in found.items() if values}


def verified_email(claims: Mapping[str, JSONValue]) -> bool | None:
    """Return whether the issuer says that the address is the person's: only JSON's own true says so."""
    said = claims.get("email_verified")
    return said if said is None or isinstance(said, bool) else False


def _texts(value: JSONValue) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            # A list in a list has no name that it could go by.
            yield from () if isinstance(each, list) else _texts(each)
    elif value is not None and not isinstance(value, dict):
        yield json.dumps(value)


def _moment(value: JSONValue) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # Beyond the year 9999 a time is a mistake, as one in milliseconds is; before 1970 too.
    return float(value) if 0 <= value < 253_402_300_800 else None  # noqa: PLR2004


def _is_id(value: JSONValue) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST_ID
