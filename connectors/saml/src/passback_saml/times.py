"""Times as SAML writes them (core §1.3.3: xs:dateTime, in UTC)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

__all__ = ["SKEW", "latest", "parse_time", "written"]

# How far the provider's clock may be from ours: what a clock that is set by NTP never is.
SKEW = timedelta(seconds=60)
_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,20}))?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})?"
)
_MICROSECONDS = 6


def parse_time(text: str | None) -> datetime | None:
    """Return the moment that `text` means, in UTC; None where it means none.

    Fractions of any length are met, and zones though the standard has none; without one it's UTC.
    """
    found = _TIME.fullmatch(text or "")
    if found is None:
        return None
    fraction = (found[2] or "0")[:_MICROSECONDS].ljust(_MICROSECONDS, "0")
    zone = "+00:00" if found[3] in (None, "Z") else found[3]
    try:
        return datetime.fromisoformat(f"{found[1]}.{fraction}{zone}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def written(moment: datetime) -> str:
    """Return `moment` as SAML writes it, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def latest(moments: list[datetime]) -> datetime:
    """Return when nothing of `moments` is to come any more by any clock that is right enough."""
    last = max(moments)
    return last + SKEW if last < datetime.max.replace(tzinfo=UTC) - SKEW else last
