"""How a connection does, as its lane learns it: whether it's open, and how much it takes at once."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import attrs

from passback.contract import Health
from passback.delivery.lanes.sending import Sent
from passback.delivery.lanes.window import Window
from passback.delivery.outbox.breaker import Backoff, Breaker
from passback.delivery.outbox.leasing import Lease
from passback.delivery.outbox.mentions import Mentions
from passback.errors import PassbackError, RateLimited, Unsupported

__all__ = ["Condition"]

# A longer outage is probed with one delivery after another: if some are what the system fails on, the others
# mustn't wait behind them. A short one keeps the order.
_PROBES_OF_THE_FIRST = 3
_HEADS = 200
# What passed so long ago still says that the system is well.
_JUST_NOW = timedelta(minutes=1)


class Condition:
    """What is known of a connection, and what follows for the next attempt.

    Attributes:
        breaker: How it does, as people are told.
    """

    def __init__(self, window: Window, backoff: Backoff, rng: random.Random, now: datetime) -> None:
        self.breaker = Breaker(health=Health.OK, since=now)
        self._window = window
        self._backoff = backoff
        self._rng = rng
        # How many deliveries are sent one by one, as one of them may be what the system fails on.
        self._suspects = 0
        self._well: datetime | None = None
        # Whether it may have refused a row of results since it took anything; a lane before may know of some.
        self._refused = True

    def recall(self, breaker: Breaker) -> None:
        """Go on from what the outbox knows."""
        self.breaker = breaker
        if not breaker.closed:
            self._window.shut()
        elif breaker.last_success is None:
            self._window.first()

    def silence(self, mentions: Mentions) -> None:
        """Say nothing any more that `mentions` somebody who was erased."""
        self.breaker = attrs.evolve(self.breaker, detail=mentions.without(self.breaker.detail))

    @property
    def single(self) -> bool:
        """Whether deliveries are sent one at a time."""
        return bool(self._suspects) or not self.breaker.closed

    @property
    def troubled(self) -> bool:
        """Whether the system's last word was a failure, or that it takes nothing for now."""
        return not self.breaker.closed or self.breaker.asked is not None

    @property
    def limit(self) -> int:
        """The most deliveries that are sent at once by now."""
        return 1 if self.single else self._window.size

    @property
    def passed_over(self) -> int:
        """How many of the oldest to leave out of the next probe."""
        return max(0, self.breaker.fails - _PROBES_OF_THE_FIRST) % _HEADS

    def takes_again(self, sent: Sent) -> bool:
        """Whether it took something, and may have refused a row of results before that."""
        again = self._refused and sent.arrived
        self._refused = not sent.arrived and (self._refused or sent.refused)
        return again

    def in_doubt(self, lease: Lease, sent: Sent, now: datetime) -> bool:
        """Whether only the test button tells an outage from one delivery that the system fails on.

        What is tried alone fails for ever, perhaps, and may be all that is left to send.
        """
        if not lease.alone or sent.failure is None or isinstance(sent.failure, RateLimited | Unsupported):
            return False
        return self.troubled or self._well is None or not timedelta() <= now - self._well < _JUST_NOW

    def believes(self, lease: Lease, sent: Sent, now: datetime) -> bool:
        """Whether a refusal counts although the system's own check failed: of one alone, while others arrive.

        Some fail their check for good, as the address that is asked has nothing to say.
        """
        last = self.breaker.last_success
        if not sent.doubted or last is None or not timedelta() <= now - last < _JUST_NOW:
            return False
        return self.breaker.closed and (lease.alone or bool(self._suspects))

    def wait(self, now: datetime) -> timedelta:
        """Return how long to wait until the next attempt."""
        return self.breaker.wait(now, self._backoff)

    def answered(self, lease: Lease, sent: Sent, now: datetime, *, count: int) -> None:
        """Take note of an attempt to send `count` deliveries that the system answered."""
        self._learn(sent, now)
        if not sent.reached and self.troubled:
            # Answered by the connector alone: nothing is known of the system, so the next one is the probe.
            self.breaker = attrs.evolve(self.breaker, next_probe=None)
            self._suspects = max(0, self._suspects - 1)
            return
        if (why := sent.put_off) is not None:
            self._suspects = max(0, self._suspects - 1)
            self.breaker = self.breaker.put_off(why, now, self._backoff, self._rng)
            return
        if not self.breaker.closed:
            self._suspects = lease.passed_over
        elif self._suspects:
            self._suspects -= 1
        self.breaker = self.breaker.succeeded(now, arrived=sent.arrived)
        if sent.reached:
            self._well = now
        if not self._suspects:
            self._window.passed((sent.fits or count) if sent.reached else 0, now)

    def failed(self, lease: Lease, sent: Sent, failure: PassbackError, now: datetime, *, count: int) -> bool:
        """Take note of a failure; return whether it's this one delivery that is to blame.

        Others passed just before, so the connection is well.

        Args:
            lease: What was leased.
            sent: What came of it.
            failure: What went wrong.
            now: The time.
            count: How many deliveries were to be sent.
        """
        self._learn(sent, now)
        if sent.arrived:
            self.breaker = attrs.evolve(self.breaker, last_success=now)
        asked = isinstance(failure, RateLimited)
        if count == 1 and not asked and self._to_blame(lease):
            return True
        if self.breaker.closed and not asked and self._window.too_large(count):
            return False
        # What was under way at the same time failed of the same outage, and makes it no longer.
        if self.breaker.fails <= lease.fails or asked:
            self.breaker = self.breaker.failed(failure, now, self._backoff, self._rng)
        self._window.shut()
        self._suspects = 0
        return False

    def pressed(self, failure: PassbackError | None, now: datetime) -> None:
        """Take note of what the test button told."""
        if failure is None:
            self.breaker = self.breaker.succeeded(now, arrived=False)
            self._well = now
        else:
            self.breaker = self.breaker.failed(failure, now, self._backoff, self._rng)

    def _learn(self, sent: Sent, now: datetime) -> None:
        if sent.fits is not None:
            self._window.fits(sent.fits, now)

    def _to_blame(self, lease: Lease) -> bool:
        if not self.breaker.closed:
            return False
        if lease.alone:
            return True
        if not self._suspects:
            return False
        self._suspects -= 1
        return True
