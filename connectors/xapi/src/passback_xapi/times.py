"""Times and lengths of time as xAPI writes them.

Source: xAPI 1.0.3, Data §4.4 (timestamps) and §4.6 (durations).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import msgspec

__all__ = ["duration", "read_duration", "read_timestamp", "timestamp"]

_TIMESTAMP = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?",
    re.IGNORECASE,
)
_NUMBER = r"[0-9]+(?:\.[0-9]+)?"
_DURATION = re.compile(
    rf"P(?=[0-9T])(?:({_NUMBER})W|(?:({_NUMBER})D)?"
    rf"(?:T(?=[0-9])(?:({_NUMBER})H)?(?:({_NUMBER})M)?(?:({_NUMBER})S)?)?)"
)
_encoder = msgspec.json.Encoder()
_UNITS = ("weeks", "days", "hours", "minutes", "seconds")


def timestamp(at: datetime) -> str:
    """Return `at` as RFC 3339 in UTC, to the millisecond that every LRS keeps."""
    at = at if at.tzinfo is UTC else at.astimezone(UTC)
    # A tenth of what `isoformat` takes, and every statement has a time.
    written = _encoder.encode(at)[1:20].decode()
    return f"{written}.{at.microsecond // 1000:03}Z" if at.microsecond else f"{written}.000Z"


def read_timestamp(text: str) -> datetime:
    """Return the time that `text` tells, cut to the microsecond; without a zone where it has none.

    Raises:
        ValueError: It tells none.
    """
    if not _TIMESTAMP.fullmatch(text):
        raise ValueError("expected a time such as 2026-11-21T09:30:00Z")
    return datetime.fromisoformat(text.upper())


def duration(length: timedelta) -> str:
    """Return `length` as ISO 8601, to the hundredth of a second."""
    # Hundredths, as the specification compares durations as text and no finer than that.
    hundredths = length // timedelta(milliseconds=10)
    minutes, rest = divmod(hundredths, 6000)
    hours, minutes = divmod(minutes, 60)
    seconds = f"{rest / 100:.2f}".rstrip("0").rstrip(".")
    parts = [f"{hours}H" if hours else "", f"{minutes}M" if minutes else "", f"{seconds}S" if rest else ""]
    return "PT" + ("".join(parts) or "0S")


def read_duration(text: str) -> timedelta:
    """Return the length of time that `text` tells.

    Raises:
        ValueError: It tells none, or counts in years or months, which have no length of their own.
    """
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ValueError(
            "expected weeks, or days, hours, minutes and seconds, such as PT12M30.25S (years and months have "
            "no length of their own)"
        )
    try:
        return timedelta(
            **{unit: float(number) for unit, number in zip(_UNITS, found.groups(), strict=True) if number}
        )
    except OverflowError:
        raise ValueError("expected a length of time below 1,000,000,000 days") from None
