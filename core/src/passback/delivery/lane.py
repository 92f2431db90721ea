"""A lane: everything that happens for one connection, one batch at a time and in order."""

from __future__ import annotations

import asyncio
import logging
import random
from datetime import timedelta

import attrs
from sqlalchemy import Connection as Database

from passback.clock import Clock
from passback.connection import Connection
from passback.contract import Health, HealthChanged, Observer, Settled
from passback.delivery.breaker import Backoff, Breaker, load_breaker, save_breaker
from passback.delivery.leasing import Lease
from passback.delivery.outbox import Outbox
from passback.delivery.sending import Sent, send
from passback.delivery.states import Change, State, WaitingFor, change_for
from passback.delivery.telling import tell
from passback.errors import PassbackError, RateLimited, Unsupported
from passback.model import Receipt

__all__ = ["Lane", "LanePolicy"]

log = logging.getLogger("passback.delivery")

# A longer outage is probed with one delivery after another: if some are what the system fails on, the others
# mustn't wait behind them. A short one keeps the order.
_PROBES_OF_THE_FIRST = 3
_HEADS = 200
_LONGEST_ALONE = timedelta(minutes=15)


@attrs.frozen(kw_only=True)
class LanePolicy:
    """How one connection is served.

    Attributes:
        batch: The most deliveries in one lease.
        linger: How long to wait for a batch to fill, in seconds.
        patience: How long a connector may take for one batch, in seconds.
        backoff: How long to wait between probes.
    """

    batch: int
    linger: float
    patience: float = 180.0
    backoff: Backoff = attrs.field(factory=Backoff)


@attrs.frozen(kw_only=True)
class Surroundings:
    """What every lane needs.

    Attributes:
        outbox: Where deliveries come from.
        clock: What tells the time.
        rng: What jitters.
        observers: Who is told of receipts and of health.
        stopping: Set when the dispatcher is to stop.
    """

    outbox: Outbox
    clock: Clock
    rng: random.Random
    observers: list[Observer] = attrs.field(factory=list)
    stopping: asyncio.Event = attrs.field(factory=asyncio.Event)


class Lane:
    """Delivers what is due for one connection until nothing of it is pending.

    Attributes:
        wake: Set when something may have become due.
    """

    def __init__(self, connection: Connection, policy: LanePolicy, around: Surroundings) -> None:
        self.wake = asyncio.Event()
        self._connection = connection
        self._policy = policy
        self._around = around
        self._breaker = Breaker(health=Health.OK, since=around.clock.now())
        self._window = policy.batch
        self._largest = policy.batch
        self._suspects = 0

    async def run(self) -> None:
        """Deliver until nothing is pending or the dispatcher stops."""
        await self._recall()
        await self._around.clock.wait(self._around.stopping, self._policy.linger)
        while not self._around.stopping.is_set():
            if not await self._may_try():
                continue
            lease = await self._lease()
            if lease.deliveries:
                sent = await send(self._connection, lease.deliveries, self._policy.patience)
                await self._settle(lease, sent)
            elif not await self._rest():
                return

    async def _recall(self) -> None:
        now = self._around.clock.now()
        breaker = await self._around.outbox.store.run_soft(load_breaker, self._connection.name, now)
        self._breaker = breaker
        if not breaker.closed:
            self._window = 1

    async def _may_try(self) -> bool:
        wait = self._breaker.wait(self._around.clock.now(), self._policy.backoff).total_seconds()
        if wait <= 0:
            return True
        # Waits for the stop rather than for a wake: new results don't make an outage shorter.
        await self._around.clock.wait(self._around.stopping, wait)
        return False

    async def _lease(self) -> Lease:
        now = self._around.clock.now()
        single = self._suspects or not self._breaker.closed
        return await self._around.outbox.lease(
            self._connection.name,
            1 if single else self._window,
            now,
            now + timedelta(seconds=2 * self._policy.patience),
            pass_over=max(0, self._breaker.fails - _PROBES_OF_THE_FIRST) % _HEADS,
        )

    async def _rest(self) -> bool:
        due = await self._around.outbox.next_due(self._connection.name)
        if not self.wake.is_set():
            if due is None:
                return False
            wait = max((due - self._around.clock.now()).total_seconds(), 0.001)
            await self._around.clock.wait(self.wake, wait)
        self.wake.clear()
        return True

    async def _settle(self, lease: Lease, sent: Sent) -> None:
        before = self._breaker
        changes = [self._change(lease, receipt) for receipt in sent.receipts]
        if sent.fits is not None:
            self._largest = sent.fits
        if sent.failure is None or isinstance(sent.failure, Unsupported):
            if isinstance(sent.failure, Unsupported):
                changes += self._parked(lease, changes, str(sent.failure))
            self._answered(lease, sent)
        elif self._to_blame(lease, sent.failure):
            changes.append(self._later(lease, str(sent.failure)))
        else:
            now = self._around.clock.now()
            self._breaker = before.failed(sent.failure, now, self._policy.backoff, self._around.rng)
            self._window, self._suspects = 1, 0
        await self._keep(lease, changes)
        self._tell(lease, sent, before)

    def _answered(self, lease: Lease, sent: Sent) -> None:
        now = self._around.clock.now()
        if not sent.reached and not self._breaker.closed:
            # Answered by the connector alone: nothing is known of the system, so the next one is the probe.
            self._breaker = attrs.evolve(self._breaker, next_probe=now)
            return
        if not self._breaker.closed:
            self._suspects = lease.passed_over
        elif self._suspects:
            self._suspects -= 1
        self._breaker = self._breaker.succeeded(now, arrived=sent.arrived)
        self._window = 1 if self._suspects else min(self._largest, self._window * 2)

    def _to_blame(self, lease: Lease, failure: PassbackError) -> bool:
        """Return whether what failed is this one delivery, as others passed just before."""
        if isinstance(failure, RateLimited) or not self._breaker.closed or len(lease.deliveries) > 1:
            return False
        if lease.alone:
            return True
        if not self._suspects:
            return False
        self._suspects -= 1
        return True

    async def _keep(self, lease: Lease, changes: list[Change]) -> None:
        def also(db: Database) -> None:
            save_breaker(db, self._connection.name, self._breaker)

        settled = await self._around.outbox.settle(lease, changes, self._around.clock.now(), also)
        if settled < len(changes):
            log.warning(
                "%s: %d receipts came after their lease had ended; those results are sent again",
                self._connection.name,
                len(changes) - settled,
            )

    def _change(self, lease: Lease, receipt: Receipt) -> Change:
        change = change_for(receipt)
        if change.due is None:
            return change
        # "At once", again and again, is not to be taken at its word.
        attempts = {delivery.id: delivery.attempt for delivery in lease.deliveries}
        least = timedelta(seconds=min(2 ** min(attempts[receipt.delivery] - 1, 10), 900))
        return attrs.evolve(change, due=max(change.due, self._around.clock.now() + least))

    def _parked(self, lease: Lease, changes: list[Change], reason: str) -> list[Change]:
        done = {change.delivery for change in changes}
        return [
            Change(delivery=each.id, state=State.WAITING, waiting_for=WaitingFor.CONNECTION, reason=reason)
            for each in lease.deliveries
            if each.id not in done
        ]

    def _later(self, lease: Lease, failure: str) -> Change:
        delivery = lease.deliveries[0]
        wait = min(timedelta(minutes=1) * 2 ** min(delivery.attempt, 10), _LONGEST_ALONE)
        return Change(
            delivery=delivery.id,
            state=State.PENDING,
            due=self._around.clock.now() + wait,
            reason=f"{failure}; others pass, so this one is tried alone",
            alone=True,
        )

    def _tell(self, lease: Lease, sent: Sent, before: Breaker) -> None:
        if self._around.observers:
            results = {delivery.id: delivery.result for delivery in lease.deliveries}
            for receipt in sent.receipts:
                result = results[receipt.delivery]
                event = Settled(connection=self._connection.name, result=result, receipt=receipt)
                tell(self._around.observers, event)
        if self._breaker.health is before.health:
            return
        log.log(
            logging.INFO if self._breaker.closed else logging.WARNING,
            "%s: %s%s",
            self._connection.name,
            self._breaker.health.value,
            f": {self._breaker.detail}" if self._breaker.detail else "",
        )
        change = HealthChanged(
            connection=self._connection.name,
            before=before.health,
            now=self._breaker.health,
            detail=self._breaker.detail,
            at=self._breaker.since,
        )
        tell(self._around.observers, change)
