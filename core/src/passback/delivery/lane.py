"""A lane: everything that happens for one connection, in order."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import datetime, timedelta

import attrs
from sqlalchemy import Connection as Database

from passback.clock import Clock
from passback.connection import Connection
from passback.contract import HealthChanged, Observer, Settled
from passback.delivery.attempt import Attempt
from passback.delivery.breaker import Backoff, Breaker, load_breaker, save_breaker
from passback.delivery.condition import Condition
from passback.delivery.equipping import Equipment, Unequipped
from passback.delivery.leasing import Lease, Wish
from passback.delivery.outbox import Outbox
from passback.delivery.planning import plan
from passback.delivery.retention import RetentionPolicy
from passback.delivery.sending import Sent, send
from passback.delivery.settling import Settlement
from passback.delivery.slots import Slots
from passback.delivery.telling import listeners, tell
from passback.delivery.verdicts import settlement
from passback.errors import OutboxError, OutboxTooNew, PassbackError
from passback.http import HTTP
from passback.model import DEFAULT_ORGANISATION, Batch

__all__ = ["Lane", "LanePolicy", "Surroundings"]

log = logging.getLogger("passback.delivery")

# How long to wait before what a store couldn't keep is tried again, in seconds.
_UNSETTLED = 5.0


def _always() -> bool:
    return True


@attrs.frozen(kw_only=True)
class LanePolicy:
    """How one connection is served.

    Attributes:
        batch: The most deliveries in one request of the connector.
        linger: How long to wait for a batch to fill, in seconds.
        concurrency: How many batches may be on the wire at once.
        latest_only: Whether its system keeps only the latest status of a learner in an activity.
        patience: How long a connector may take for one batch, in seconds.
        backoff: How long to wait between probes.
        organisation: Whose results it takes; no other's are sent, whatever the outbox holds.
    """

    batch: int
    linger: float
    concurrency: int = 1
    latest_only: bool = False
    patience: float = 180.0
    backoff: Backoff = attrs.field(factory=Backoff)
    organisation: str = DEFAULT_ORGANISATION


@attrs.frozen(kw_only=True)
class Surroundings:
    """What every lane needs.

    Attributes:
        outbox: Where deliveries come from.
        clock: What tells the time.
        rng: What jitters.
        observers: Who is told of receipts and of health.
        retention: How long things are kept.
        equipment: What knows the accounts and launches of learners.
        stopping: Set when the dispatcher is to stop.
        may_send: Says whether no other process may have taken over by now.
        slots: How many lanes may be on the wire at once.
    """

    outbox: Outbox
    clock: Clock
    rng: random.Random
    observers: list[Observer] = attrs.field(factory=list)
    retention: RetentionPolicy = attrs.field(factory=RetentionPolicy)
    equipment: Equipment = attrs.field(factory=Unequipped)
    stopping: asyncio.Event = attrs.field(factory=asyncio.Event)
    may_send: Callable[[], bool] = _always
    slots: Slots = attrs.field(factory=Slots)


class Lane:
    """Delivers what is due for one connection until nothing of it is pending.

    Attributes:
        wake: Set when something may have become due.
    """

    def __init__(self, connection: Connection, policy: LanePolicy, around: Surroundings) -> None:
        self.wake = asyncio.Event()
        self._interrupted = asyncio.Event()
        self._connection = connection
        self._policy = policy
        self._around = around
        self._condition = Condition(policy.batch, policy.backoff, around.rng, around.clock.now())
        self._ready: Lease | None = None
        self._flying: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Deliver until nothing is pending or the dispatcher stops."""
        await self._recall()
        await self._around.clock.wait(self._around.stopping, self._policy.linger)
        try:
            while self._goes_on():
                if self._ready is None and not await self._may_try():
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
            await self._give_back()

    def interrupt(self) -> None:
        """End a wait for the next probe: somebody asked for one, or the lane is to end."""
        self._interrupted.set()

    async def _turn(self) -> bool:
        """Do what is to be done next; return whether something is left to do."""
        async with AsyncExitStack() as slot:
            await slot.enter_async_context(self._around.slots.taken(ill=not self._condition.breaker.closed))
            if not self._goes_on():
                return True
            lease = await self._take()
            if lease.rows:
                await self._start(lease, slot.pop_all())
                return True
            if lease.next_due is None and not self._condition.breaker.closed and not self._flying:
                await self._press()
                return True
        if self._flying:
            # Meanwhile somebody else's may come, who needn't wait for these.
            await self._landing_or_wake()
            return True
        return await self._rest(lease.next_due)

    def _goes_on(self) -> bool:
        return not self._around.stopping.is_set() and self._around.may_send()

    async def _recall(self) -> None:
        now = self._around.clock.now()
        name = self._connection.name
        breaker, used = await self._around.outbox.store.run_soft(load_breaker, name, now)
        self._condition.recall(breaker)
        self._connection.meter.recall(used)

    async def _may_try(self) -> bool:
        wait = self._condition.wait(self._around.clock.now()).total_seconds()
        if wait <= 0:
            return True
        if self._flying:
            await self._landing()
            return False
        self._interrupted.clear()
        # Not for a wake: new results don't make an outage shorter.
        if self._goes_on() and await self._around.clock.wait(self._interrupted, wait) and self._goes_on():
            await self._recall()
            log.info("%s: tried now, as somebody asked", self._connection.name)
        return False

    async def _take(self) -> Lease:
        lease, self._ready = self._ready, None
        if lease is None:
            now = self._around.clock.now()
            lease = await self._around.outbox.lease(self._wish(now), now)
        return lease

    def _wish(self, now: datetime) -> Wish:
        condition, policy = self._condition, self._policy
        return Wish(
            connection=self._connection.name,
            limit=1 if condition.single else condition.window,
            until=now + timedelta(seconds=2 * policy.patience),
            pass_over=condition.passed_over,
            fails=condition.breaker.fails,
            latest_only=policy.latest_only,
        )

    async def _start(self, lease: Lease, slot: AsyncExitStack) -> None:
        if not self._around.may_send():
            await slot.aclose()
            self._ready = lease
            return
        if self._policy.concurrency == 1:
            await self._fly(lease, slot)
            return
        self._flying.add(asyncio.create_task(self._fly(lease, slot), name=f"batch {self._connection.name}"))
        while len(self._flying) >= (1 if self._condition.single else self._policy.concurrency):
            await self._landing()

    async def _fly(self, lease: Lease, slot: AsyncExitStack) -> None:
        async with slot:
            await self._deliver(lease)

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

    async def _press(self) -> None:
        """Probe by the test button: nothing is left to send, and the outage is to end all the same."""
        before, failure = self._condition.breaker, None
        try:
            await self._connection.check()
        except PassbackError as error:
            failure = error
        self._condition.pressed(failure, self._around.clock.now())
        await self._around.outbox.store.run_soft(
            save_breaker, self._connection.name, self._condition.breaker, self._connection.meter.used
        )
        self._tell_health(before)

    async def _deliver(self, lease: Lease) -> None:
        policy = self._policy
        before = self._condition.breaker
        window = 1 if self._condition.single else self._condition.window
        planned = plan(
            lease.deliveries,
            policy.organisation,
            window,
            covered=lease.covered,
            overtaken=lease.overtaken,
        )
        started = self._around.clock.now()
        batch = await self._around.equipment.equip(self._connection, planned.send)
        with HTTP.recording() as tried:
            sent = await send(self._connection, batch, policy.patience) if planned.send else Sent()
        now = self._around.clock.now()
        attempt = Attempt(self._connection.name, len(planned.send), sent, tried, started, now)
        settled = settlement(lease, planned, sent, self._condition, now)
        event = attempt.event() if planned.send else None
        await self._keep(lease, attrs.evolve(settled, event=event), batch, sent, now)
        if planned.send:
            self._around.equipment.noted(self._connection, sent.receipts)
            self._tell(lease, before, attempt)

    async def _keep(self, lease: Lease, settled: Settlement, batch: Batch, sent: Sent, now: datetime) -> None:
        def also(db: Database) -> None:
            save_breaker(db, self._connection.name, self._condition.breaker, self._connection.meter.used)
            self._around.equipment.note(db, self._connection, batch, sent.receipts)

        goes_on = (
            self._policy.concurrency == 1
            and not self._around.stopping.is_set()
            # Who has to wait for a slot leases when it's there.
            and not self._around.slots.contended
            and not self._condition.wait(now)
        )
        wish = self._wish(now) if goes_on else None
        count, self._ready = await self._settle(lease, settled, now, also, wish)
        if count < len(settled.changes):
            log.warning(
                "%s: %d receipts changed nothing: their lease had ended, or their learner was erased",
                self._connection.name,
                len(settled.changes) - count,
            )

    async def _settle(
        self,
        lease: Lease,
        settled: Settlement,
        now: datetime,
        also: Callable[[Database], None],
        wish: Wish | None,
    ) -> tuple[int, Lease | None]:
        """Settle, also where the store can't for a while: what isn't settled is sent again."""
        until = now + timedelta(seconds=2 * self._policy.patience)
        while True:
            try:
                return await self._around.outbox.settle(lease, settled, now, also, wish)
            except OutboxTooNew:
                raise
            except OutboxError as error:
                if not self._goes_on() or self._around.clock.now() >= until:
                    raise
                name = self._connection.name
                log.error("%s: what it answered isn't kept yet, tried again: %s", name, error)  # noqa: TRY400 - it's told
            # By then the next may be due otherwise.
            wish = None
            await self._around.clock.wait(self._around.stopping, _UNSETTLED)

    async def _give_back(self) -> None:
        lease, self._ready = self._ready, None
        if lease is not None and lease.rows:
            untouched = Settlement(unsent=frozenset(row.seq for row in lease.rows))
            await self._around.outbox.settle(lease, untouched, self._around.clock.now())

    def _tell(self, lease: Lease, before: Breaker, attempt: Attempt) -> None:
        if self._around.observers:
            tell(self._around.observers, attempt.attempted())
        if listening := listeners(self._around.observers, Settled):
            results = {delivery.id: delivery.result for delivery in lease.deliveries}
            for receipt in attempt.sent.receipts:
                result = results[receipt.delivery]
                event = Settled(connection=self._connection.name, result=result, receipt=receipt)
                tell(listening, event)
        self._tell_health(before)

    def _tell_health(self, before: Breaker) -> None:
        breaker = self._condition.breaker
        if breaker.health is before.health:
            return
        log.log(
            logging.INFO if breaker.closed else logging.WARNING,
            "%s: %s%s",
            self._connection.name,
            breaker.health.value,
            f": {breaker.detail}" if breaker.detail else "",
            extra={"health": breaker.health.value},
        )
        change = HealthChanged(
            connection=self._connection.name,
            before=before.health,
            now=breaker.health,
            detail=breaker.detail,
            at=breaker.since,
        )
        tell(self._around.observers, change)
