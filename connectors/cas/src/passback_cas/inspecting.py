"""What is seen at a CAS server, for administrators."""

from __future__ import annotations

from datetime import UTC
from email.utils import parsedate_to_datetime

from passback import Observation, Response

__all__ = ["clock", "encryption", "verdict"]

_NOTICEABLE_SECONDS = 30
_REGISTERED = ("INVALID_SERVICE", "UNAUTHORIZED_SERVICE")


def clock(answer: Response) -> Observation:
    """Return how the server's clock stands to ours, by its ``Date``; CAS itself compares no times."""
    what = "clock"
    try:
        there = parsedate_to_datetime(answer.headers.get("date", ""))
    except (ValueError, OverflowError):
        return Observation(what=what, said="the server doesn't say what time it has")
    there = there if there.tzinfo else there.replace(tzinfo=UTC)
    off = round(abs((there - answer.received).total_seconds()))
    if off <= _NOTICEABLE_SECONDS:
        return Observation(what=what, said=f"within {_NOTICEABLE_SECONDS} s of ours")
    return Observation(
        what=what,
        said=f"{off} s off ours; CAS compares no times, so sign-in works, but the logs won't fit together",
        verdict="warning",
    )


def encryption(url: str) -> Observation:
    """Return whether the way to the server can be trusted: nothing in its answers is signed."""
    if url.startswith("https://"):
        return Observation(what="encryption", said="https")
    return Observation(
        what="encryption",
        said="http: CAS signs nothing, so whoever is on the way can sign in as anybody; use https",
        verdict="warning",
    )


def verdict(code: str) -> Observation:
    """Return what the answer to a made-up ticket tells."""
    what = "ticket validation"
    if code in _REGISTERED:
        return Observation(
            what=what,
            said=f"it answers {code} for our callback: register it there as a service",
            verdict="problem",
        )
    if code != "INVALID_TICKET":
        return Observation(
            what=what,
            said=f"it answers {code or 'a failure without a code'} for a made-up ticket; expected was "
            "INVALID_TICKET",
            verdict="warning",
        )
    return Observation(what=what, said="it refuses a made-up ticket, as it should")
