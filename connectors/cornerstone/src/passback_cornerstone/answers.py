"""What Cornerstone's answers mean for the connection (wire facts §2.5)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from passback import RateLimited, Response
from passback_cornerstone.envelopes import said

__all__ = ["next_minute", "refusal", "require"]

_TOO_MANY = 429
_NUMBER = re.compile(r"[0-9]{1,9}")
_QUOTA = "x-csod-throttling-rate-limit-urilevel"


def require(answer: Response, *statuses: int) -> None:
    """Return if the status is one of `statuses`; raise what any other means for the connection.

    Raises:
        RateLimited: 429; until the next minute where the portal doesn't say, because its windows are minutes.
        ConnectionFailure: Anything else.
    """
    if answer.status == _TOO_MANY and answer.retry_at() is None:
        quota = _NUMBER.fullmatch(answer.headers.get(_QUOTA, ""))
        told = f" ({quota[0]} an hour)" if quota else ""
        raise RateLimited(
            f"{answer.asked} answered 429: this minute's share of its quota{told} is used up",
            until=next_minute(answer.received),
        )
    answer.require(*statuses)


def next_minute(at: datetime) -> datetime:
    """Return when the minute after `at` begins."""
    return at.replace(second=0, microsecond=0) + timedelta(minutes=1)


def refusal(answer: Response) -> str:
    """Return why a result is refused, for people."""
    return f"Cornerstone refused it ({answer.status}): {said(answer)}"
