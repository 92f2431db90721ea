"""When somebody is told, and who."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import attrs

__all__ = ["AlertPolicy", "Recipients"]

# Channel → who gets it there: an e-mail address, a host.
Recipients = Mapping[str, str]


@attrs.frozen(kw_only=True)
class AlertPolicy:
    """When somebody is told.

    Attributes:
        after: How long a connection is ill before that is told.
        calm: How long it's well before that is told.
        gather: How long a digest waits for more after the first thing it tells.
        every: The least time between two reminders, and between two digests, of one connection.
        undelivered: When what couldn't be delivered is given up.
        before_expiry: How long before that it's told; see `warned`.
    """

    after: timedelta = timedelta(minutes=5)
    calm: timedelta = timedelta(minutes=1)
    gather: timedelta = timedelta(minutes=10)
    every: timedelta = timedelta(days=1)
    undelivered: timedelta = timedelta(days=30)
    before_expiry: timedelta = timedelta(days=3)

    @property
    def warned(self) -> timedelta:
        """How old something is when it's told that it's given up soon: at least half of its time."""
        return max(self.undelivered - self.before_expiry, self.undelivered / 2)

    @property
    def notice(self) -> timedelta:
        """How long after that was told something is given up, at the earliest."""
        return self.undelivered - self.warned

    @property
    def forgotten(self) -> timedelta:
        """How long after its last reminder an incident is over of which nobody can be reminded any more.

        Its connection was in no configuration for a day then, if not for two.
        """
        return 2 * self.every

    def calm_after(self, incidents: int) -> timedelta:
        """Return how long a connection must be well after so many other `incidents` on the last day.

        One that comes and goes must be well for longer each time, so that it's told of a few times a day at
        most.
        """
        longer: int = 15 ** min(incidents, 6)
        return min(self.calm * longer, self.every)
