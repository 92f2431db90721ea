"""How many requests a system allows in a minute, an hour, a day; counted where they are sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import attrs

from passback.clock import Clock
from passback.errors import RateLimited

__all__ = ["OWN_QUOTA", "Meter", "Quota", "QuotaUsedUp", "Used"]

# So begins what is said where it's used up.
OWN_QUOTA = "the connection's own quota"

_SPANS = {"minute": 60, "hour": 3600, "day": 86400}
# When a window began, in seconds since 1970, and how many requests were sent in it.
_Window: TypeAlias = tuple[int, int]
# Span → its last window. What was sent before a clock was ahead, and while it was, may all be of one and the
# same by the true one, so those before the last are kept, too.
Used: TypeAlias = Mapping[str, _Window]
_KEPT = {span: (span, f"{span} before", f"{span} before that") for span in _SPANS}

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


class QuotaUsedUp(RateLimited):
    """The connection's own quota is used up: nothing was sent, so nothing is known of its system."""


class Meter:
    """Counts the requests of one connection, and refuses those beyond its quota."""

    def __init__(self, quota: Quota, clock: Clock) -> None:
        self._clock = clock
        limits = attrs.asdict(quota)
        self._limits = {span: limits[span] for span in _SPANS if limits[span] is not None}
        self._used: dict[str, _Window] = {}
        self._keep: Callable[[Used], Awaitable[None]] | None = None

    @property
    def used(self) -> Used:
        """What was sent in the last windows, to be kept over a restart."""
        return dict(self._used)

    def recall(self, used: Used) -> None:
        """Take over what was counted before a restart, where more was counted than here."""
        for span in self._limits.keys() & used.keys():
            if used[span] > self._used.get(span, (0, 0)):
                self._used |= {name: used[name] for name in _KEPT[span] if name in used}

    def kept_by(self, keep: Callable[[Used], Awaitable[None]]) -> None:
        """Have `keep` keep what was counted, before each request: who sends it may be killed."""
        self._keep = keep

    async def count(self) -> None:
        """Count one request, and keep that.

        Raises:
            QuotaUsedUp: The quota is used up; says until when.
        """
        before = self._used
        try:
            self.take()
        finally:
            # Also what a clock that was set back made of it: it must count in one window only.
            if self._keep is not None and self._used != before:
                await self._keep(self.used)

    def take(self) -> None:
        """Count one request.

        Raises:
            QuotaUsedUp: The quota is used up; says until when.
        """
        now = int(self._clock.now().timestamp())
        windows = {span: self._windows(span, now) for span in self._limits}
        self._used = _named(windows)
        # The longest first: whoever waits for it needn't be told of a shorter one in between.
        for span, limit in reversed(self._limits.items()):
            began, count = windows[span][0]
            if count >= limit:
                until = datetime.fromtimestamp(began, UTC) + timedelta(seconds=_SPANS[span])
                raise QuotaUsedUp(f"{OWN_QUOTA} of requests, {limit} per {span}, is used up", until=until)
        counted = {span: [(began, count + 1), *older] for span, ((began, count), *older) in windows.items()}
        self._used = _named(counted)

    def _windows(self, span: str, now: int) -> list[_Window]:
        """Return the window of now, and what is kept of those before it, the last first."""
        began = now - now % _SPANS[span]
        kept = [self._used[name] for name in _KEPT[span] if name in self._used]
        # What a clock that was ahead sent in the future was sent in the window of now, at worst.
        count = sum(sent for start, sent in kept if start >= began)
        return [(began, count), *sorted((each for each in kept if each[0] < began and each[1]), reverse=True)]


def _named(windows: Mapping[str, list[_Window]]) -> dict[str, _Window]:
    return {
        name: each for span, those in windows.items() for name, each in zip(_KEPT[span], those, strict=False)
    }
