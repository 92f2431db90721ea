"""How many requests a system allows in a minute, an hour, a day; counted where they are sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import attrs

from passback.clock import Clock
from passback.errors import RateLimited

__all__ = ["Meter", "Quota", "Used"]

_SPANS = {"minute": 60, "hour": 3600, "day": 86400}
# Span → when its window began, in seconds since 1970, and how many requests were sent in it.
Used: TypeAlias = Mapping[str, tuple[int, int]]

_limit = attrs.validators.optional(attrs.validators.ge(1))


@attrs.frozen(kw_only=True)
class Quota:
    """The most requests in each window; windows begin on the minute, the hour, and midnight UTC.

    Attributes:
        minute: In a minute; None for any number.
        hour: In an hour.
        day: In a day.
    """

    minute: int | None = attrs.field(default=None, validator=_limit)
    hour: int | None = attrs.field(default=None, validator=_limit)
    day: int | None = attrs.field(default=None, validator=_limit)


class Meter:
    """Counts the requests of one connection, and refuses those beyond its quota."""

    def __init__(self, quota: Quota, clock: Clock) -> None:
        self._clock = clock
        limits = attrs.asdict(quota)
        self._limits = {span: limits[span] for span in _SPANS if limits[span] is not None}
        self._used: dict[str, tuple[int, int]] = {}
        self._keep: Callable[[Used], Awaitable[None]] | None = None

    @property
    def used(self) -> Used:
        """What was sent in the windows that run, to be kept over a restart."""
        return dict(self._used)

    def recall(self, used: Used) -> None:
        """Take over what was counted before a restart, where more was counted than here."""
        for span in self._limits.keys() & used.keys():
            self._used[span] = max(used[span], self._used.get(span, (0, 0)))

    def kept_by(self, keep: Callable[[Used], Awaitable[None]]) -> None:
        """Have `keep` keep what was counted, before each request: who sends it may be killed."""
        self._keep = keep

    async def count(self) -> None:
        """Count one request, and keep that.

        Raises:
            RateLimited: The quota is used up; says until when.
        """
        self.take()
        if self._limits and self._keep is not None:
            await self._keep(self.used)

    def take(self) -> None:
        """Count one request.

        Raises:
            RateLimited: The quota is used up; says until when.
        """
        now = int(self._clock.now().timestamp())
        windows = {span: self._window(span, now) for span in self._limits}
        # The longest first: whoever waits for it needn't be told of a shorter one in between.
        for span, limit in reversed(self._limits.items()):
            began, count = windows[span]
            if count >= limit:
                until = datetime.fromtimestamp(began, UTC) + timedelta(seconds=_SPANS[span])
                raise RateLimited(
                    f"the connection's own quota of requests, {limit} per {span}, is used up", until=until
                )
        self._used = {span: (began, count + 1) for span, (began, count) in windows.items()}

    def _window(self, span: str, now: int) -> tuple[int, int]:
        began = now - now % _SPANS[span]
        before, count = self._used.get(span, (began, 0))
        # One that is about to begin was begun by somebody whose clock is ahead.
        return (before, count) if began <= before <= now + _SPANS[span] else (began, 0)
