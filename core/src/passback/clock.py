"""Time, injected: what decides when something is due asks a clock, so that tests can move it."""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

__all__ = ["Clock", "ServerClock", "SystemClock"]

log = logging.getLogger("passback.clock")

# As far as a clock may be off that nobody is told of, and that isn't set for it: an answer of the server
# that took longer than that says less.
_CLOSE = timedelta(seconds=1)


class Clock(Protocol):
    """What tells the time and waits for it."""

    def now(self) -> datetime:
        """Return the time, in UTC."""

    async def wait(self, event: asyncio.Event, seconds: float | None) -> bool:
        """Wait for `event`, at most `seconds` (None: for ever); return whether it was set."""


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        """Return the time, in UTC."""
        return datetime.now(UTC)

    async def wait(self, event: asyncio.Event, seconds: float | None) -> bool:
        """Wait for `event`, at most `seconds` (None: for ever); return whether it was set."""
        try:
            async with asyncio.timeout(seconds):
                return await event.wait()
        except TimeoutError:
            return event.is_set()


class ServerClock(SystemClock):
    """The time of a server that several machines share, as theirs may differ by hours.

    It goes on by itself until the server's is known anew, whatever becomes of this machine's own meanwhile.
    """

    def __init__(self) -> None:
        # What time it was at a moment of the monotonic clock.
        self._known = (datetime.now(UTC), time.monotonic())
        self._learned = self._warned = False

    def now(self) -> datetime:
        """Return the time, in UTC."""
        return self._at(time.monotonic())

    def learn(self, told: datetime, began: float, ended: float) -> None:
        """Take over the server's time.

        Args:
            told: What it said.
            began: When it was asked, by the monotonic clock.
            ended: When it had answered.
        """
        if ended - began > _CLOSE.total_seconds():
            return
        moment = (began + ended) / 2
        # What differs by less is how long the answer took: who is set at each look sees time go back.
        if not self._learned or abs(told - self._at(moment)) > _CLOSE:
            self._known, self._learned = (told.astimezone(UTC), moment), True
        self._compare()

    def _at(self, moment: float) -> datetime:
        told, at = self._known
        return told + timedelta(seconds=moment - at)

    def _compare(self) -> None:
        off = datetime.now(UTC) - self.now()
        wrong = abs(off) > _CLOSE
        if wrong and not self._warned:
            log.warning(
                "the clock of this machine is %s %s that of the outbox's server, whose time counts",
                timedelta(seconds=round(abs(off).total_seconds())),
                "ahead of" if off > timedelta() else "behind",
            )
        self._warned = wrong
