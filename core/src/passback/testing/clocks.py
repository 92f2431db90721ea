"""A clock on which waiting takes no time, so that a connector that waits for a minute can be tried."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from passback.clock import SystemClock

__all__ = ["Unhurried"]


class Unhurried(SystemClock):
    """Goes on by as much as somebody wants to wait.

    Attributes:
        waits: How many waits of a second or more there were.
    """

    def __init__(self) -> None:
        self.waits = 0
        self._ahead = timedelta()

    def now(self) -> datetime:
        """Return the time, in UTC."""
        return super().now() + self._ahead

    async def wait(self, event: asyncio.Event, seconds: float | None) -> bool:
        """Wait for `event` without limit, or not at all; return whether it was set."""
        if seconds is None:
            return await super().wait(event, None)
        self.waits += seconds >= 1
        self._ahead += timedelta(seconds=seconds)
        await asyncio.sleep(0)
        return event.is_set()
