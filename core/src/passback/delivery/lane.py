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
from passback.errors import ContractError, ServerError, Unsupported

__all__ = ["Lane", "LanePolicy"]

log = logging.getLogger("passback.delivery")

# After so many failed probes of the same delivery, one with the next shows whether it's to blame.
_PROBES_PER_HEAD = 5
_HEADS = 5
_LONGEST_ALONE = timedelta(hours=1)


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
        idle: Whether it ended because nothing was pending.
    """

    def __init__(self, connection: Connection, policy: LanePolicy, around: Surroundings) -> None:
        self.wake = asyncio.Event()
        self.idle = False
        self._connection = connection
        self._policy = policy
        self._around = around
        self._breaker = Breaker(health=Health.OK, since=around.clock.now())
        self._window = policy.batch
        self._largest = policy.batch
        self._suspicious = False

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
        probe = self._breaker.next_probe
        wait = (probe - self._around.clock.now()).total_seconds() if probe else 0
        if wait <= 0:
            return True
        # Waits for the stop rather than for a wake: new results don't make an outage shorter.
        await self._around.clock.wait(self._around.stopping, wait)
        return False

    async def _lease(self) -> Lease:
        now = self._around.clock.now()
        pass_over = 0
        if self._suspicious and not self._breaker.closed:
            pass_over = self._breaker.fails // _PROBES_PER_HEAD % _HEADS
        return await self._around.outbox.lease(
            self._connection.name,
            self._window if self._breaker.closed else 1,
            now,
            now + timedelta(seconds=2 * self._policy.patience),
            pass_over=pass_over,
        )

    async def _rest(self) -> bool:
        due = await self._around.outbox.next_due(self._connection.name)
        if not self.wake.is_set():
            if due is None:
                self.idle = True
                return False
            wait = max((due - self._around.clock.now()).total_seconds(), 0.001)
            await self._around.clock.wait(self.wake, wait)
        self.wake.clear()
        return True

    async def _settle(self, lease: Lease, sent: Sent) -> None:
        now = self._around.clock.now()
        changes = [change_for(receipt) for receipt in sent.receipts]
        before, failure = self._breaker, sent.failure
        suspicious = _suspicious(sent)
        if sent.fits is not None:
            self._largest = sent.fits
        if isinstance(failure, Unsupported):
            changes += self._parked(lease, changes, str(failure))
            self._breaker = before.succeeded(now)
        elif failure is None:
            self._breaker = before.succeeded(now)
            self._window = min(self._largest, max(self._window, 1) * 2)
        elif lease.alone and suspicious and before.closed:
            changes.append(self._later(lease, str(failure)))
        else:
            self._breaker = before.failed(failure, now, self._policy.backoff, self._around.rng)
            self._window = 1
        self._suspicious = suspicious
        await self._keep(lease, changes)
        if failure is None and lease.passed_over:
            await self._isolate(lease)
        self._tell(lease, sent, before)

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

    async def _isolate(self, lease: Lease) -> None:
        reason = "the system failed again and again when it was this one's turn; it's tried alone"
        await self._around.outbox.isolate(lease.passed_over, self._around.clock.now(), reason)

    def _parked(self, lease: Lease, changes: list[Change], reason: str) -> list[Change]:
        done = {change.delivery for change in changes}
        return [
            Change(delivery=each.id, state=State.WAITING, waiting_for=WaitingFor.CONNECTION, reason=reason)
            for each in lease.deliveries
            if each.id not in done
        ]

    def _later(self, lease: Lease, reason: str) -> Change:
        delivery = lease.deliveries[0]
        wait = min(timedelta(minutes=1) * 2 ** min(delivery.attempt, 10), _LONGEST_ALONE)
        return Change(
            delivery=delivery.id, state=State.PENDING, due=self._around.clock.now() + wait, reason=reason
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


def _suspicious(sent: Sent) -> bool:
    """Return whether one delivery, rather than the system, may be what fails."""
    failure = sent.failure
    if isinstance(failure, ServerError):
        return failure.status is not None and failure.status >= 500  # noqa: PLR2004 - the class of statuses
    return isinstance(failure, ContractError)
