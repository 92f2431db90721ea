"""A lane: everything that happens for one connection, in order."""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack
from datetime import datetime

from passback.connection import Connection
from passback.delivery.lanes.courier import Courier
from passback.delivery.lanes.surroundings import LanePolicy, Surroundings
from passback.delivery.lanes.window import Window
from passback.delivery.outbox.leasing import Lease

__all__ = ["Lane"]

log = logging.getLogger("passback.delivery")

# A clock may be set, or a machine sleep, while something is waited for: so it's looked again, in seconds.
_LOOK = 30.0


class Lane:
    """Delivers what is due for one connection until nothing of it is pending.

    Attributes:
        wake: Set when something may have become due.
    """

    def __init__(
        self, connection: Connection, policy: LanePolicy, window: Window, around: Surroundings
    ) -> None:
        self.wake = asyncio.Event()
        self._interrupted = asyncio.Event()
        self._name = connection.name
        self._policy = policy
        self._around = around
        self._courier = Courier(connection, policy, window, around)
        self._condition = self._courier.condition
        self._flying: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Deliver until nothing is pending or the dispatcher stops."""
        await self._courier.recall()
        await self._around.clock.wait(self._around.stopping, self._policy.linger)
        try:
            while self._around.going_on:
                if self._courier.ready is None and not await self._may_try():
                    continue
                if not await self._turn():
                    return
        except asyncio.CancelledError:
            for task in self._flying:
                task.cancel()
            raise
        # Whatever else went wrong, what the others on the wire are answered is kept.
        finally:
            await asyncio.gather(*self._flying, return_exceptions=True)
            await self._courier.give_back()

    def interrupt(self) -> None:
        """End a wait for the next probe: somebody asked for one, or the lane is to end."""
        self._interrupted.set()

    async def _turn(self) -> bool:
        """Do what is to be done next; return whether something is left to do."""
        async with AsyncExitStack() as slot:
            await slot.enter_async_context(self._around.slots.taken(ill=not self._condition.breaker.closed))
            if not self._around.going_on:
                return True
            lease = await self._courier.take()
            if lease.rows:
                await self._start(lease, slot.pop_all())
                return True
            if lease.next_due is None and self._condition.troubled and not self._flying:
                await self._courier.press()
                return True
        if self._flying:
            # Meanwhile somebody else's may come, who needn't wait for these.
            await self._landing_or_wake()
            return True
        return await self._rest(lease.next_due)

    async def _may_try(self) -> bool:
        wait = self._condition.wait(self._around.clock.now()).total_seconds()
        if wait <= 0:
            return True
        if self._flying:
            await self._landing()
            return False
        self._interrupted.clear()
        # Not for a wake: new results don't make an outage shorter.
        if await self._around.clock.wait(self._interrupted, min(wait, _LOOK)) and self._around.going_on:
            await self._courier.recall()
            log.info("%s: tried now, as somebody asked", self._name)
        return False

    async def _start(self, lease: Lease, slot: AsyncExitStack) -> None:
        if not self._around.may_send():
            await slot.aclose()
            self._courier.ready = lease
            return
        if self._policy.concurrency == 1:
            await self._fly(lease, slot)
            return
        self._flying.add(asyncio.create_task(self._fly(lease, slot), name=f"batch {self._name}"))
        while len(self._flying) >= (1 if self._condition.single else self._policy.concurrency):
            await self._landing()

    async def _fly(self, lease: Lease, slot: AsyncExitStack) -> None:
        async with slot:
            await self._courier.deliver(lease)

    async def _landing(self) -> None:
        await asyncio.wait(self._flying, return_when=asyncio.FIRST_COMPLETED)
        self._landed()

    async def _landing_or_wake(self) -> None:
        woken = asyncio.create_task(self.wake.wait())
        try:
            await asyncio.wait({*self._flying, woken}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            woken.cancel()
        self.wake.clear()
        self._landed()

    def _landed(self) -> None:
        landed = {task for task in self._flying if task.done()}
        self._flying -= landed
        for task in landed:
            task.result()

    async def _rest(self, due: datetime | None) -> bool:
        if not self.wake.is_set():
            if due is None:
                return False
            wait = max((due - self._around.clock.now()).total_seconds(), 0.001)
            await self._around.clock.wait(self.wake, wait)
        self.wake.clear()
        return True
