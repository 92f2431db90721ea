"""What delivers in this process: a dispatcher, which goes over to each configuration."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Mapping, Sequence

import attrs

from passback.clock import Clock
from passback.contract import Observer
from passback.delivery import Dispatcher, Equipment, Outbox, RetentionPolicy, Roster, Surroundings
from passback.errors import PassbackError

__all__ = ["Delivering", "Service"]

log = logging.getLogger("passback.host")


@attrs.frozen(kw_only=True)
class Service:
    """How a configuration has results delivered.

    Attributes:
        roster: Its connections.
        observers: Who is told.
        retention: How long things are kept.
        equipment: What knows the accounts and launches of learners.
    """

    roster: Roster
    observers: Sequence[Observer]
    retention: RetentionPolicy
    equipment: Equipment


class Delivering:
    """Runs the dispatcher of this process, at most one at a time."""

    def __init__(self, outbox: Outbox, clock: Clock) -> None:
        self._outbox = outbox
        self._clock = clock
        self._around: Surroundings | None = None
        self._dispatcher: Dispatcher | None = None
        self._task: asyncio.Task[None] | None = None
        # Set when it ended by itself: there is something wrong that doesn't pass.
        self.gave_up = asyncio.Event()

    def begin(self, service: Service) -> Dispatcher:
        """Deliver from now on; return the dispatcher, whose `start` tells what prevents it."""
        self._around = Surroundings(
            outbox=self._outbox,
            clock=self._clock,
            rng=random.Random(),  # noqa: S311 - it spreads probes, no secret
            observers=list(service.observers),
            retention=service.retention,
            equipment=service.equipment,
        )
        self._dispatcher = Dispatcher(service.roster, self._around)
        self._task = asyncio.create_task(self._dispatcher.run(), name="passback dispatcher")
        self._task.add_done_callback(self._ended)
        return self._dispatcher

    def renew(self, service: Service) -> Mapping[str, asyncio.Event]:
        """Deliver by `service` from now on, where anything is delivered.

        Each connection goes over by itself, once what it has on the wire has arrived. Returned is what is
        set then, by its name, for those that may have something there.
        """
        if self._dispatcher is None or self._around is None:
            return {}
        around = attrs.evolve(
            self._around,
            observers=list(service.observers),
            retention=service.retention,
            equipment=service.equipment,
        )
        return self._dispatcher.renew(service.roster, around)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if task.cancelled():
            self.gave_up.set()
        elif (error := task.exception()) is not None:
            said = error if isinstance(error, PassbackError) else f"a defect ({type(error).__name__})"
            log.error("nothing is delivered any more: %s", said)
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
