"""Times as the outbox keeps them: milliseconds since 1970, UTC."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["AT_ONCE", "milliseconds", "moment"]

# When that is due which waits for no time: whatever a clock says or said, it has come.
AT_ONCE = 0


def milliseconds(at: datetime) -> int:
    """Return `at` as the outbox keeps it."""
    return int(at.timestamp() * 1000)


def moment(value: int) -> datetime:
    """Return the time that the outbox kept as `value`."""
    return datetime.fromtimestamp(value / 1000, UTC)
