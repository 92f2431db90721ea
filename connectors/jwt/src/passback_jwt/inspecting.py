"""What an administrator is told of a connection by tokens."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from email.utils import parsedate_to_datetime

from passback import Observation, Response, SignInPlace
from passback_jwt.keys import VerifyingKey
from passback_jwt.options import JwtOptions

__all__ = ["clock", "keys", "wanted"]

_USUAL_BYTES = 32
_NOTICEABLE_SECONDS, _TOO_MANY_SECONDS = 30, 120


def wanted(options: JwtOptions, place: SignInPlace) -> Iterator[Observation]:
    """Yield what the issuer's tokens must be, and where they are to be brought."""
    yield Observation(what="callback", said=f"{place.callback}, parameter {options.parameter!r}")
    yield Observation(what="iss", said=options.issuer or "")
    yield Observation(what="aud", said=options.audience or "left out")
    yield Observation(what="alg", said=", ".join(options.algorithms))
    yield Observation(what="recognised by", said=options.subject)
    yield Observation(what="iat", said=f"at most {options.max_age} s ago, {options.skew} s of skew apart")
    if not options.require_state:
        yield Observation(
            what="begun elsewhere",
            said="tokens are taken of browsers that weren't sent from here; whoever has one can sign "
            "somebody else in as themselves by a link (require_state)",
            verdict="warning",
        )
    if options.fewest_bytes < _USUAL_BYTES:
        said = f"{options.fewest_bytes} bytes are enough here; {_USUAL_BYTES} can't be guessed (fewest_bytes)"
        yield Observation(what="secret", said=said, verdict="warning")


def keys(found: tuple[VerifyingKey, ...], options: JwtOptions) -> Iterator[Observation]:
    """Yield what keys there are for the algorithms that are allowed."""
    for each in found:
        able = ", ".join(sorted(each.algorithms))
        yield Observation(what="key", said=f"{each.id or 'without a name'}: {each.kind}, for {able}")
    for algorithm in options.algorithms:
        if not any(algorithm in each.algorithms for each in found):
            yield Observation(what="key", said=f"there is none for {algorithm}", verdict="problem")


def clock(answer: Response) -> Observation:
    """Return how the issuer's clock stands to ours, by the ``Date`` of an answer."""
    try:
        there = parsedate_to_datetime(answer.headers.get("date", ""))
    except (ValueError, OverflowError):
        return Observation(what="clock", said="the issuer doesn't say what time it has")
    there = there if there.tzinfo else there.replace(tzinfo=UTC)
    off = round(abs((there - answer.received).total_seconds()))
    if off <= _NOTICEABLE_SECONDS:
        return Observation(what="clock", said=f"within {_NOTICEABLE_SECONDS} s of ours")
    return Observation(
        what="clock",
        said=f"{off} s off ours; tokens may be refused for their times",
        verdict="warning" if off <= _TOO_MANY_SECONDS else "problem",
    )
