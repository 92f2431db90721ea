"""The dispatcher: has a lane run where something is due, for the connections that are ours to serve."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

import attrs

from passback.delivery.fleet.claims import Claims, Sole
from passback.delivery.fleet.fleet import Fleet
from passback.delivery.lanes.serving import AFTER_A_CRASH, Lanes, Roster
from passback.delivery.lanes.surroundings import Surroundings
from passback.delivery.outbox.telling import tell_health
from passback.delivery.upkeep.overview import Overview
from passback.delivery.upkeep.repair import Repair
from passback.delivery.upkeep.retention import Retention
from passback.errors import ConnectionNotReady, OutboxGone, OutboxTooNew, PassbackError

__all__ = ["Dispatcher"]

log = logging.getLogger("passback.delivery")

# How long until what another process submitted is noticed.
_POLL = 0.2
_SWEEP = timedelta(seconds=30)
# How long until somebody's wish that a connection be tried now is noticed.
_LISTEN = timedelta(seconds=2)
_RECHECK = timedelta(hours=1)
# Enough for a request that is on the wire to end by its own timeout.
_GRACE = 90.0
_BREATH = 2.0
# Less than that is a clock that is being adjusted.
_BACK = timedelta(seconds=2)


class Dispatcher:
    """Delivers what is due, everywhere, until it's stopped."""

    def __init__(self, roster: Roster, around: Surroundings) -> None:
        store = around.outbox.store
        self._claims: Claims = Fleet(store, self.cancel) if store.shared else Sole(store)
        self._roster = roster
        self._around = attrs.evolve(around, may_send=self._claims.may_send)
        self._lanes = Lanes(roster, self._around)
        self._repair = Repair(store)
        self._retention = Retention(store, around.retention)
        self._overview = Overview(store)
        self._wanted: set[str] = set()
        self._starting = asyncio.Lock()
        # Who takes what is to be done, and who lets go what is idle, don't do so at the same time.
        self._claiming = asyncio.Lock()
        self._joined = False
        # By whose connections the outbox was last set up.
        self._set_up_by: Roster | None = None
        self._swept = self._listened = self._seen = around.clock.now()
        self._rechecked = around.clock.now() - _RECHECK

    async def start(self) -> None:
        """Take over the outbox: end leases of the dead; park, free and route by today's configuration.

        `run` does it where it wasn't done, and tries until the store can take it.

        Raises:
            OutboxError: The store can't be used.
        """
        async with self._starting:
            if not self._joined:
                await self._join()
                self._joined = True
            while self._set_up_by is not (roster := self._roster):
                await self._set_up(roster)
                self._set_up_by = roster

    def renew(self, roster: Roster, around: Surroundings) -> Mapping[str, asyncio.Event]:
        """Deliver by `roster` and `around` from now on.

        Each connection goes over by itself, once what it has on the wire has arrived. Returned is what is
        set then, by its name, for those that may have something there.
        """
        before, serves = self._roster.fingerprints(), roster.fingerprints()
        changed = {name for name, fingerprint in serves.items() if before.get(name) != fingerprint}
        self._roster = roster
        self._around = attrs.evolve(around, may_send=self._claims.may_send)
        self._retention = Retention(around.outbox.store, around.retention)
        self._lanes.end(self._claims.serve(serves))
        return self._lanes.renew(roster, self._around, changed)

    def stop(self) -> None:
        """Have `run` let what is on the wire arrive, and return."""
        self._around.stopping.set()

    async def run(self) -> None:
        """Deliver until ``stopping`` is set; then let what is on the wire arrive, and return.

        Raises:
            OutboxGone: The outbox's file was removed or replaced meanwhile.
            OutboxTooNew: A newer Passback changed the tables meanwhile.
        """
        holding = asyncio.create_task(self._hold(), name="passback hold")
        try:
            while not self._around.stopping.is_set():
                await self._take_turn()
                await self._around.clock.wait(self._around.stopping, _POLL)
        finally:
            holding.cancel()
            await asyncio.gather(holding, return_exceptions=True)
            await self._finish()

    def wake(self, name: str) -> None:
        """Take note that something of the connection called `name` may be due."""
        if self._claims.holds(name):
            self._lanes.wake(name)

    def cancel(self) -> None:
        """Leave what is on the wire: it's sent again by whoever delivers next."""
        self._lanes.cancel()

    async def _join(self) -> None:
        now = self._around.clock.now()
        await self._repair.pull_back(now)
        await self._claims.join(self._roster.fingerprints(), now)

    async def _set_up(self, roster: Roster) -> None:
        now = self._around.clock.now()
        # What is answered by an older configuration says nothing of this one: their lanes do it after that,
        # and whoever takes over from another process.
        changing = self._lanes.changing | await self._claims.elsewhere()
        serves = {name: each for name, each in roster.fingerprints().items() if name not in changing}
        for change in await self._repair.configured(serves, now):
            tell_health(self._around.observers, change)
        await self._repair.route(roster.routes(), now)
        self._want(roster.not_ready())
        self._want(await self._overview.pending_connections())

    def _want(self, names: Iterable[str]) -> None:
        for name in names:
            if self._claims.holds(name):
                self._lanes.wake(name)
            else:
                self._wanted.add(name)

    async def _take_turn(self) -> None:
        try:
            await self.start()
            await self._look(await self._time())
        except (OutboxGone, OutboxTooNew):
            raise
        except PassbackError as error:
            # The file may be locked, its disk full, the server away: that passes, and everything goes on.
            log.error("delivery rests for %g s: %s", AFTER_A_CRASH, error)  # noqa: TRY400 - it's told
            await self._around.clock.wait(self._around.stopping, AFTER_A_CRASH)

    async def _hold(self) -> None:
        """Hold on to what is ours, whatever a look at everything waits for meanwhile."""
        while not self._around.stopping.is_set():
            if self._joined:
                try:
                    await self._keep()
                except PassbackError as error:
                    log.error("what is ours can't be held now: %s", error)  # noqa: TRY400 - it's told
                    await self._around.clock.wait(self._around.stopping, _BREATH)
            await self._around.clock.wait(self._around.stopping, _POLL)

    async def _keep(self) -> None:
        async with self._claiming:
            kept = await self._claims.keep(self._lanes.busy)
            self._lanes.cancel(kept.lost)
            self._lanes.end(kept.given)

    async def _time(self) -> datetime:
        """Return the time; where it went back, what was put into the future by then is due."""
        now = self._around.clock.now()
        if now < self._seen - _BACK:
            log.warning(
                "the clock went back by %s; nothing waits for it to come round again", self._seen - now
            )
            self._swept, self._listened = min(self._swept, now), min(self._listened, now)
            self._rechecked = min(self._rechecked, now)
            await self._repair.pull_back(now)
            self._want(await self._overview.pending_connections())
        self._seen = now
        return now

    async def _look(self, now: datetime) -> None:
        async with self._claiming:
            called = await self._claims.called(self._wanted, now)
            self._wanted.clear()
            for name in called.lanes:
                self._lanes.wake(name, changed=name in called.changed)
        if now - self._listened >= _LISTEN:
            self._listened = now
            self._lanes.try_now(await self._repair.asked())
        swept = now - self._swept >= _SWEEP
        # Whoever accepted it, or was told of it, may know less than we: its configuration may be older.
        if called.unrouted or (swept and self._around.outbox.store.shared):
            for name in await self._repair.route(self._roster.routes(), now):
                self.wake(name)
        if swept:
            # Whatever was overlooked is found here at the latest.
            self._swept = now
            await self._around.outbox.store.check()
            self._want(await self._overview.pending_connections(due=now))
        if now - self._rechecked >= _RECHECK:
            self._rechecked = now
            await self._repair.recheck(now, self._looks_up)
            await self._retain(now)

    def _looks_up(self, name: str) -> bool:
        try:
            return "lookup_users" in self._roster.connection(name).capabilities
        except ConnectionNotReady:
            # Nothing of it is tried now.
            return True

    async def _retain(self, now: datetime) -> None:
        rejected, removed = await self._retention.sweep(now)
        if rejected:
            log.warning("deliveries rejected, as they couldn't be delivered for too long: %d", rejected)
        if removed:
            log.info("results kept no longer, as they are settled for long: %d", removed)

    async def _finish(self) -> None:
        self._lanes.end()
        patience = _GRACE
        while patience > 0 and not await self._lanes.ended(_BREATH):
            patience -= _BREATH
            try:
                await self._keep()
            except PassbackError as error:
                log.error("what is on the wire can't be noted now: %s", error)  # noqa: TRY400 - it's told
        self._lanes.cancel()
        await self._lanes.ended(_GRACE)
        await self._claims.leave()
