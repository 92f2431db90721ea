"""A courier: takes what is leased to a connection's system, and keeps and tells what came of it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

import attrs
from sqlalchemy import Connection as Database

from passback.connection import Connection
from passback.contract import Settled
from passback.delivery.lanes.attempt import Attempt
from passback.delivery.lanes.condition import Condition
from passback.delivery.lanes.erased import Gone
from passback.delivery.lanes.planning import Plan, plan
from passback.delivery.lanes.sending import Sent, send
from passback.delivery.lanes.surroundings import LanePolicy, Surroundings
from passback.delivery.lanes.verdicts import settlement
from passback.delivery.lanes.window import Window
from passback.delivery.outbox.breaker import load_breaker, save_breaker, save_used
from passback.delivery.outbox.leasing import Lease, Wish, hold
from passback.delivery.outbox.reconsidering import reconsider_run
from passback.delivery.outbox.retrying import any_goes
from passback.delivery.outbox.said import completed
from passback.delivery.outbox.settling import Erased, Settlement
from passback.delivery.outbox.telling import listeners, tell, tell_health
from passback.errors import OutboxError, OutboxGone, OutboxTooNew, PassbackError
from passback.http import HTTP, Used
from passback.model import Batch

__all__ = ["Courier"]

log = logging.getLogger("passback.delivery")

# How long to wait before what a store couldn't keep is tried again, in seconds.
_UNSETTLED = 5.0


class Courier:
    """Takes leases of one connection to its system, and learns by that how it does.

    Attributes:
        condition: How it does.
        ready: What is leased already and on its way next.
    """

    def __init__(
        self, connection: Connection, policy: LanePolicy, window: Window, around: Surroundings
    ) -> None:
        self.condition = Condition(window, policy.backoff, around.rng, around.clock.now())
        self.ready: Lease | None = None
        self._connection = connection
        self._policy = policy
        self._around = around
        # What is kept of how it does, in words: since then somebody may have been erased whom they named.
        self._said: str | None = None
        # Of several on the wire at the same time, the first that is answered tells the change.
        self._told = self.condition.breaker
        # What is on the wire, and when its lease ends.
        self._out: dict[int, tuple[Lease, datetime]] = {}

    async def recall(self) -> None:
        """Go on from what the outbox knows of the connection."""
        now = self._around.clock.now()
        name = self._connection.name
        breaker, used = await self._around.outbox.store.run_soft(load_breaker, name, now)
        self.condition.recall(breaker)
        self._said = breaker.detail
        self._told = breaker
        self._connection.meter.recall(used)
        self._connection.meter.kept_by(self._keep_count)

    async def _keep_count(self, used: Used) -> None:
        # Where the store can't, it's kept with what comes of the request.
        with suppress(OutboxError):
            await self._around.outbox.store.run_soft(save_used, self._connection.name, used)

    async def take(self) -> Lease:
        """Return what is to be delivered next, leased."""
        lease, self.ready = self.ready, None
        if lease is None:
            now = self._around.clock.now()
            await self._hold(now)
            lease = await self._around.outbox.lease(self._wish(now), now)
        return lease

    async def _hold(self, now: datetime) -> None:
        # The clock may have been set past its end: what we send ourselves isn't to be sent beside that.
        late = [lease for lease, until in self._out.values() if until <= now]
        for lease in late:
            until = self._end_of_lease(now)
            await self._around.outbox.store.run_soft(hold, lease, until)
            if lease.token in self._out:
                self._out[lease.token] = lease, until

    async def give_back(self) -> None:
        """Let go what is leased and wasn't delivered."""
        lease, self.ready = self.ready, None
        if lease is not None and lease.rows:
            await self._leave(lease)

    async def press(self) -> None:
        """Probe by the test button: nothing is left to send, and the outage is to end all the same."""
        await self._check()
        self._said = await self._around.outbox.store.run_soft(self._save)
        self._tell_health()

    async def deliver(self, lease: Lease) -> None:
        """Send what `lease` holds, keep what came of it, and tell it."""
        self._out[lease.token] = lease, self._end_of_lease(self._around.clock.now())
        try:
            await self._deliver(lease)
        finally:
            del self._out[lease.token]

    async def _deliver(self, lease: Lease) -> None:
        policy = self._policy
        planned = self._planned(lease)
        started = self._around.clock.now()
        batch = await self._around.equipment.equip(self._connection, completed(planned.send, lease.foreign))
        if await self._overtakes(lease):
            await self._leave(lease)
            return
        with HTTP.recording() as tried:
            sent = await send(self._connection, batch, policy.patience, tried) if planned.send else Sent()
        now = self._around.clock.now()
        if self.condition.believes(lease, sent, now):
            sent = sent.believed()
        if self.condition.in_doubt(lease, sent, now):
            await self._check()
        attempt = Attempt(self._connection.name, len(planned.send), sent, tried, started, now)
        settled = settlement(lease, planned, sent, self.condition, now)
        event = attempt.event() if planned.send else None
        gone = await self._keep(lease, attrs.evolve(settled, event=event), batch, sent, now)
        if planned.send:
            self._around.equipment.noted(self._connection, sent.receipts)
            told = sent if gone is None else gone.sent(sent)
            self._tell(lease, attrs.evolve(attempt, sent=told))

    def _planned(self, lease: Lease) -> Plan:
        return plan(
            lease.deliveries,
            self._policy.organisation,
            self.condition.limit,
            covered=lease.covered,
            overtaken=lease.overtaken,
        )

    async def _overtakes(self, lease: Lease) -> bool:
        # Whoever wasn't known when this was leased may have been found since, and be equipped by that.
        if not lease.let_go:
            return False
        return await self._around.outbox.store.run_soft(any_goes, lease.let_go)

    async def _leave(self, lease: Lease) -> None:
        untouched = Settlement(unsent=frozenset(row.seq for row in lease.rows))
        await self._around.outbox.settle(lease, untouched, self._around.clock.now())

    async def _check(self) -> None:
        failure = None
        try:
            await self._connection.check()
        except PassbackError as error:
            failure = error
        self.condition.pressed(failure, self._around.clock.now())

    def _end_of_lease(self, now: datetime) -> datetime:
        return now + timedelta(seconds=2 * self._policy.patience)

    def _wish(self, now: datetime) -> Wish:
        condition, policy = self.condition, self._policy
        return Wish(
            connection=self._connection.name,
            limit=condition.limit,
            until=self._end_of_lease(now),
            pass_over=condition.passed_over,
            fails=condition.breaker.fails,
            latest_only=policy.latest_only,
        )

    def _goes_on(self, now: datetime) -> bool:
        return (
            self._policy.concurrency == 1
            and not self._around.stopping.is_set()
            # Who has to wait for a slot leases when it's there.
            and not self._around.slots.contended
            and not self.condition.wait(now)
        )

    async def _keep(
        self, lease: Lease, settled: Settlement, batch: Batch, sent: Sent, now: datetime
    ) -> Gone | None:
        """Keep what came of `lease`; return whose learners were erased meanwhile, if any."""
        said = self._said
        takes_again = self.condition.takes_again(sent)

        def also(db: Database) -> None:
            nonlocal said
            if takes_again:
                reconsider_run(db, self._connection.name, now)
            said = self._save(db)
            self._around.equipment.note(db, self._connection, batch, sent.receipts)

        wish = self._wish(now) if self._goes_on(now) else None
        gone: Gone | None = None
        while True:
            try:
                count, self.ready = await self._settle(lease, settled, now, also, wish)
            except Erased as erased:
                # Nothing was kept; it's kept without their names, rather than overwritten afterwards.
                gone = Gone.of(erased.deliveries, lease, batch)
                settled = gone.settled(settled)
                self.condition.silence(gone.mentions)
            else:
                break
        self._said = said
        self._warn(len(settled.changes) - count)
        return gone

    def _warn(self, without_effect: int) -> None:
        if without_effect:
            log.warning(
                "%s: %d receipts changed nothing: their lease had ended, or their learner was erased",
                self._connection.name,
                without_effect,
            )

    def _save(self, db: Database) -> str:
        """Keep how it does; return what is said of that."""
        breaker = self.condition.breaker
        save_breaker(db, self._connection.name, breaker, self._connection.meter.used, said=self._said)
        return breaker.detail

    async def _settle(
        self,
        lease: Lease,
        settled: Settlement,
        now: datetime,
        also: Callable[[Database], None],
        wish: Wish | None,
    ) -> tuple[int, Lease | None]:
        """Settle, also where the store can't for a while: what isn't settled is sent again."""
        until = self._end_of_lease(now)
        while True:
            try:
                return await self._around.outbox.settle(lease, settled, now, also, wish)
            except (OutboxGone, OutboxTooNew):
                raise
            except OutboxError as error:
                if not self._around.going_on or self._around.clock.now() >= until:
                    raise
                name = self._connection.name
                log.error("%s: what it answered isn't kept yet, tried again: %s", name, error)  # noqa: TRY400 - it's told
            # By then the next may be due otherwise.
            wish = None
            await self._around.clock.wait(self._around.stopping, _UNSETTLED)

    def _tell(self, lease: Lease, attempt: Attempt) -> None:
        if self._around.observers:
            tell(self._around.observers, attempt.attempted())
        if listening := listeners(self._around.observers, Settled):
            results = {delivery.id: delivery.result for delivery in lease.deliveries}
            for receipt in attempt.sent.receipts:
                result = results[receipt.delivery]
                event = Settled(connection=self._connection.name, result=result, receipt=receipt)
                tell(listening, event)
        self._tell_health()

    def _tell_health(self) -> None:
        before, self._told = self._told, self.condition.breaker
        change = self._told.changed_from(before, self._connection.name)
        if change is not None:
            tell_health(self._around.observers, change)
