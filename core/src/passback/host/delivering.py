"""What delivers in this process: a dispatcher, started anew with each configuration."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence

from passback.clock import Clock
from passback.contract import Observer
from passback.delivery import Dispatcher, Equipment, Outbox, RetentionPolicy, Roster, Surroundings

__all__ = ["Delivering"]


class Delivering:
    """Runs the dispatcher of this process, at most one at a time."""

    def __init__(self, outbox: Outbox, clock: Clock) -> None:
        self._outbox = outbox
        self._clock = clock
        self._dispatcher: Dispatcher | None = None
        self._task: asyncio.Task[None] | None = None
        # Set when it ended by itself: there is something wrong that doesn't pass.
        self.gave_up = asyncio.Event()

    def begin(
        self,
        roster: Roster,
        observers: Sequence[Observer],
        retention: RetentionPolicy,
        equipment: Equipment,
    ) -> Dispatcher:
        """Deliver by `roster` from now on; return the dispatcher, whose `start` tells what prevents it."""
        around = Surroundings(
            outbox=self._outbox,
            clock=self._clock,
            rng=random.Random(),  # noqa: S311 - it spreads probes, no secret
            observers=list(observers),
            retention=retention,
            equipment=equipment,
        )
        self._dispatcher = Dispatcher(roster, around)
        self._task = asyncio.create_task(self._dispatcher.run(), name="passback dispatcher")
        self._task.add_done_callback(self._ended)
        return self._dispatcher

    def _ended(self, task: asyncio.Task[None]) -> None:
        if task.cancelled() or task.exception() is not None:
            self.gave_up.set()

    async def end(self) -> None:
        """Let what is on the wire arrive, and stop."""
        if self._dispatcher is not None and self._task is not None:
            self._dispatcher.stop()
            await self._task

    def wake(self, name: str) -> None:
        """Take note that something of the connection called `name` may be due."""
        if self._dispatcher is not None:
            self._dispatcher.wake(name)

    def cancel(self) -> None:
        """Leave what is on the wire: it's sent again by whoever delivers next."""
        if self._dispatcher is not None:
            self._dispatcher.cancel()
