"""How many deliveries to send at once: as many as pass, which is found out by trying more.

Not every system says by 413 that a batch is too large: some fail, cut the connection or let it time out.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

__all__ = ["Window"]

# How many deliveries to send first to a system that never took any: it may not be there at all.
_FIRST = 10
# How many times as many are sent next where these were answered, up to a whole batch.
_GROWTH = 10
# As a part of what passes: nearer than this to what failed, it isn't worth another failure.
_PRECISION = 8
# How long a size that failed isn't tried again; twice as long after each time that it fails once more.
_REST = timedelta(minutes=1)
_LONGEST_REST = timedelta(hours=1)


class Window:
    """How many deliveries to send at once.

    Attributes:
        size: That many.
    """

    def __init__(self, most: int) -> None:
        self.size = most
        self._most = most
        # The most that passed since the last outage, or since more were refused as too large.
        self._passes = most
        # The fewest that failed while fewer passed before and after; and fewer are to tell of these still.
        self._fails: int | None = None
        self._tried: int | None = None
        self._rest = _REST
        self._again = datetime.max.replace(tzinfo=UTC)

    @property
    def narrow(self) -> bool:
        """Whether the system is known to fail on more."""
        return self._fails is not None

    def first(self) -> None:
        """Send a few, to a system that never took any."""
        self.size, self._passes = min(self.size, _FIRST), 0

    def shut(self) -> None:
        """Begin anew with one: it was an outage, which says nothing of what the system takes otherwise."""
        self.size, self._passes, self._tried = 1, 0, None

    def fits(self, count: int, now: datetime) -> None:
        """Take note that the system took `count`, and said itself that more were too large."""
        # It may have been about a few large results, and not about their number: it rests as any other size.
        if self._fails is not None and self._rested(now):
            self._rest = min(2 * self._rest, _LONGEST_REST)
        self._passes, self._fails, self._tried = count, count + 1, None
        self._again = now + self._rest
        self.size = min(self.size, count)

    def passed(self, count: int, now: datetime) -> None:
        """Take note that `count` passed; 0 if the system wasn't asked."""
        if count:
            self._learn(count, now)
        elif self._tried is not None:
            # What is to tell of it has yet to come.
            return
        self.size = min(self._most, max(1, self.size) * _GROWTH, self._bound(now))

    def too_large(self, count: int) -> bool:
        """Return whether that `count` failed is about their number, as far as is known.

        If so, what passed just before is sent next: if that fails too, it's an outage.
        """
        if not 0 < self._passes < count:
            return False
        self._tried = min(count, self._tried or count)
        self.size = self._passes
        return True

    def _learn(self, count: int, now: datetime) -> None:
        self._passes = max(self._passes, count)
        if self._fails is not None and count >= self._fails:
            self._fails, self._rest = None, _REST
        if self._tried is None:
            return
        if count < self._tried:
            if self._fails is not None and self._tried >= self._fails:
                self._rest = min(2 * self._rest, _LONGEST_REST)
            self._fails = min(self._tried, self._fails or self._tried)
            self._again = now + self._rest
        self._tried = None

    def _bound(self, now: datetime) -> int:
        if self._fails is None:
            return self._most
        between = self._passes
        if self._fails - self._passes > max(1, self._passes // _PRECISION):
            between = (self._passes + self._fails) // 2
        return max(2 * self._passes, between) if self._rested(now) else between

    def _rested(self, now: datetime) -> bool:
        # A clock that was set back mustn't make the rest longer than it can be.
        self._again = min(self._again, now + self._rest)
        return now >= self._again
