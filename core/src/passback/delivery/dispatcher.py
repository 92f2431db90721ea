"""The dispatcher: starts a lane where something is due, and keeps one's trouble from the others."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Protocol

import attrs

from passback.connection import Connection
from passback.contract import Health
from passback.delivery.accepting import UNROUTED
from passback.delivery.breaker import Breaker, save_breaker
from passback.delivery.lane import Lane, LanePolicy, Surroundings
from passback.delivery.overview import Overview
from passback.delivery.repair import Repair
from passback.delivery.retention import Retention
from passback.delivery.routing import Routes
from passback.errors import ConnectionNotReady, PassbackError

__all__ = ["Dispatcher", "Roster"]

log = logging.getLogger("passback.delivery")

# How long until what another process submitted is noticed.
_POLL = 0.2
_SWEEP = timedelta(seconds=30)
_RECHECK = timedelta(hours=1)
# Enough for a request that is on the wire to end by its own timeout.
_GRACE = 90.0
_AFTER_A_CRASH = 5.0


class Roster(Protocol):
    """Who is served: the connections as they are configured now."""

    def connection(self, name: str) -> Connection:
        """Return the connection called `name`, built when first asked for.

        Raises:
            ConnectionNotReady: It can't serve; says why.
        """

    def policy(self, name: str) -> LanePolicy:
        """Return how the connection called `name` is served."""

    def not_ready(self) -> Mapping[str, str]:
        """Return the connections that can't serve, and why."""

    def fingerprints(self) -> Mapping[str, str]:
        """Return the connections that serve, each with a fingerprint of its configuration."""

    def routes(self) -> Routes:
        """Return which connections take the results of which activity."""


@attrs.define
class _Running:
    task: asyncio.Task[None] | None = None
    lane: Lane | None = None
    again: bool = True

    @property
    def alive(self) -> bool:
        return self.task is not None and not self.task.done()


class Dispatcher:
    """Delivers what is due, everywhere, until it's stopped."""

    def __init__(self, roster: Roster, around: Surroundings) -> None:
        self._roster = roster
        self._around = around
        self._store = around.outbox.store
        self._repair = Repair(self._store)
        self._retention = Retention(self._store, around.retention)
        self._running: dict[str, _Running] = {}
        self._starting = asyncio.Lock()
        self._started = False
        self._overview = Overview(self._store)
        self._swept = around.clock.now()
        self._rechecked = around.clock.now() - _RECHECK

    async def start(self) -> None:
        """Take over the outbox: end leases of the dead; park, free and route by today's configuration.

        `run` does it where it wasn't done, and tries until the store can take it.

        Raises:
            OutboxError: The store can't be used.
        """
        async with self._starting:
            if not self._started:
                await self._take_over()
                self._started = True

    def stop(self) -> None:
        """Have `run` let what is on the wire arrive, and return."""
        self._around.stopping.set()

    async def _take_over(self) -> None:
        now = self._around.clock.now()
        await self._repair.reopen(now)
        await self._repair.configured(self._roster.fingerprints(), now)
        await self._repair.route(self._roster.routes(), now)
        for name, reason in self._roster.not_ready().items():
            await self._park(name, reason)
        for name in await self._overview.pending_connections():
            self.wake(name)

    async def run(self) -> None:
        """Deliver until ``stopping`` is set; then let what is on the wire arrive, and return."""
        while not self._around.stopping.is_set():
            try:
                await self._turn()
            except PassbackError as error:
                # The file may be locked, or its disk full: that passes, and then everything goes on.
                log.error("delivery rests for %g s: %s", _AFTER_A_CRASH, error)  # noqa: TRY400 - it's told
                await self._around.clock.wait(self._around.stopping, _AFTER_A_CRASH)
            await self._around.clock.wait(self._around.stopping, _POLL)
        await self._finish()

    def wake(self, name: str) -> None:
        """Take note that something of the connection called `name` may be due."""
        running = self._running.get(name)
        if running is not None and running.alive:
            running.again = True
            if running.lane is not None:
                running.lane.wake.set()
            return
        running = _Running()
        running.task = asyncio.create_task(self._serve(name, running), name=f"lane {name}")
        self._running[name] = running

    def cancel(self) -> None:
        """Leave what is on the wire: it's sent again by whoever delivers next."""
        for running in self._running.values():
            if running.task is not None:
                running.task.cancel()

    async def _turn(self) -> None:
        await self.start()
        now = self._around.clock.now()
        signals = set(await self._repair.signals())
        if UNROUTED in signals:
            # Whoever accepted it may know less than we: its configuration may be older.
            signals |= await self._repair.route(self._roster.routes(), now)
        for name in signals - {UNROUTED}:
            self.wake(name)
        if now - self._swept >= _SWEEP:
            # Whatever was overlooked is found here at the latest.
            self._swept = now
            for name in await self._overview.pending_connections(due=now):
                self.wake(name)
        if now - self._rechecked >= _RECHECK:
            self._rechecked = now
            await self._repair.recheck_activities(now)
            await self._retain(now)

    async def _retain(self, now: datetime) -> None:
        rejected, removed = await self._retention.sweep(now)
        if rejected:
            log.warning("%d deliveries are rejected, as they couldn't be delivered for too long", rejected)
        if removed:
            log.info("%d results that are settled for long aren't kept any longer", removed)

    async def _serve(self, name: str, running: _Running) -> None:
        while running.again and not self._around.stopping.is_set():
            running.again = False
            try:
                await self._deliver(name, running)
            except Exception:
                # A defect or a full disk: this lane rests, the others go on.
                log.exception(
                    "%s: delivery stopped unexpectedly; it starts again in %g s", name, _AFTER_A_CRASH
                )
                await self._around.clock.wait(self._around.stopping, _AFTER_A_CRASH)
                running.again = True

    async def _deliver(self, name: str, running: _Running) -> None:
        try:
            running.lane = Lane(self._roster.connection(name), self._roster.policy(name), self._around)
        except ConnectionNotReady as error:
            running.lane = None
            await self._park(name, error.reason)
        else:
            await running.lane.run()

    async def _park(self, name: str, reason: str) -> None:
        now = self._around.clock.now()
        parked = await self._repair.park(name, reason, now)
        breaker = Breaker(health=Health.MISCONFIGURED, since=now, detail=reason)
        await self._store.run_soft(save_breaker, name, breaker)
        if parked:
            log.warning("%s: misconfigured, %d results wait for it: %s", name, parked, reason)

    async def _finish(self) -> None:
        for running in self._running.values():
            if running.lane is not None:
                running.lane.wake.set()
        tasks = [running.task for running in self._running.values() if running.task is not None]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=_GRACE)
            for task in late:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
