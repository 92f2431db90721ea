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
from passback.delivery.breaker import Breaker, save_breaker
from passback.delivery.lane import Lane, LanePolicy, Surroundings
from passback.delivery.overview import Overview
from passback.delivery.repair import Repair
from passback.errors import ConnectionNotReady

__all__ = ["Dispatcher", "Roster"]

log = logging.getLogger("passback.delivery")

# How long until what another process submitted is noticed.
_POLL = 0.2
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

    def routes(self) -> tuple[Mapping[str, list[str]], list[str]]:
        """Return activity id → connections, and the connections that take every activity."""


@attrs.define
class _Running:
    lane: Lane
    task: asyncio.Task[None]


class Dispatcher:
    """Delivers what is due, everywhere, until it's stopped."""

    def __init__(self, roster: Roster, around: Surroundings) -> None:
        self._roster = roster
        self._around = around
        self._store = around.outbox.store
        self._repair = Repair(self._store)
        self._running: dict[str, _Running] = {}
        self._unserved: dict[str, str] = {}

    async def start(self) -> None:
        """Take over the outbox: end leases of the dead; park, free and route by today's configuration."""
        now = self._around.clock.now()
        await self._repair.reopen()
        await self._repair.configured(self._roster.fingerprints(), now)
        attached, everywhere = self._roster.routes()
        await self._repair.route(attached, everywhere, now)
        for name, reason in self._roster.not_ready().items():
            await self._park(name, reason)
        for connection in (await Overview(self._store).totals()).connections:
            if connection.counts.get("pending"):
                self.wake(connection.name)

    async def run(self) -> None:
        """Deliver until ``stopping`` is set; then let what is on the wire arrive, and return."""
        checked = self._around.clock.now()
        while not self._around.stopping.is_set():
            for name in await self._repair.signals():
                self.wake(name)
            while self._unserved:
                await self._park(*self._unserved.popitem())
            checked = await self._recheck(checked)
            await self._around.clock.wait(self._around.stopping, _POLL)
        await self._finish()

    def wake(self, name: str) -> None:
        """Take note that something of the connection called `name` may be due."""
        running = self._running.get(name)
        if running is not None and not running.lane.idle and not running.task.done():
            running.lane.wake.set()
            return
        try:
            connection = self._roster.connection(name)
        except ConnectionNotReady as error:
            self._unserved[name] = error.reason
            return
        lane = Lane(connection, self._roster.policy(name), self._around)
        self._running[name] = _Running(
            lane, asyncio.create_task(self._serve(name, lane), name=f"lane {name}")
        )

    async def _serve(self, name: str, lane: Lane) -> None:
        try:
            await lane.run()
        except Exception:
            # A defect or a full disk: this lane rests, the others go on.
            log.exception("%s: delivery stopped unexpectedly; it starts again in %g s", name, _AFTER_A_CRASH)
            await self._around.clock.wait(self._around.stopping, _AFTER_A_CRASH)
            lane.idle = True
            if not self._around.stopping.is_set():
                self.wake(name)

    async def _park(self, name: str, reason: str) -> None:
        now = self._around.clock.now()
        parked = await self._repair.park(name, reason, now)
        breaker = Breaker(health=Health.MISCONFIGURED, since=now, detail=reason)
        await self._store.run_soft(save_breaker, name, breaker)
        if parked:
            log.warning("%s: misconfigured, %d results wait for it: %s", name, parked, reason)

    async def _recheck(self, checked: datetime) -> datetime:
        now = self._around.clock.now()
        if now - checked < _RECHECK:
            return checked
        await self._repair.recheck_activities(now)
        return now

    async def _finish(self) -> None:
        tasks = [running.task for running in self._running.values()]
        for running in self._running.values():
            running.lane.wake.set()
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=_GRACE)
            for task in late:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
