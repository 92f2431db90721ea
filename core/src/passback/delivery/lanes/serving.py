"""Who is served, by lanes that end when nothing is pending and start again when something is."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Mapping
from typing import Protocol

import attrs
from sqlalchemy import Connection as Database

from passback.connection import Connection
from passback.contract import HealthChanged
from passback.delivery.lanes.lane import Lane
from passback.delivery.lanes.surroundings import LanePolicy, Surroundings
from passback.delivery.lanes.window import Window
from passback.delivery.outbox.breaker import Backoff, load_breaker, save_breaker
from passback.delivery.outbox.routing import Routes
from passback.delivery.outbox.telling import tell_health
from passback.delivery.upkeep.repair import Repair
from passback.errors import ConnectionNotReady, ContractError, PassbackError

__all__ = ["AFTER_A_CRASH", "Lanes", "Roster"]

log = logging.getLogger("passback.delivery")

AFTER_A_CRASH = 5.0


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
    # Of the lane of now, which the next one replaces: it's to end; it has.
    stopping: asyncio.Event = attrs.field(factory=asyncio.Event)
    ended: asyncio.Event = attrs.field(factory=asyncio.Event)
    task: asyncio.Task[None] | None = None
    lane: Lane | None = None
    again: bool = True
    # No other lane follows.
    last: bool = False
    # Its next lane is the first by another configuration of it.
    changed: bool = False

    @property
    def alive(self) -> bool:
        return self.task is not None and not self.task.done()

    def begin(self) -> None:
        self.ended.set()
        self.stopping, self.ended, self.again = asyncio.Event(), asyncio.Event(), False

    def renew(self, *, changed: bool) -> None:
        self.again = True
        self.changed |= changed
        self._halt()

    def stop(self) -> None:
        self.last = True
        self._halt()

    def _halt(self) -> None:
        self.stopping.set()
        if self.lane is not None:
            self.lane.wake.set()
            self.lane.interrupt()


class Lanes:
    """The lanes of this process; one's trouble is kept from the others."""

    def __init__(self, roster: Roster, around: Surroundings) -> None:
        self._roster = roster
        self._around = around
        self._repair = Repair(around.outbox.store)
        self._running: dict[str, _Running] = {}
        self._windows: dict[str, Window] = {}

    @property
    def busy(self) -> frozenset[str]:
        """The connections for which something happens right now."""
        return frozenset(name for name, running in self._running.items() if running.alive)

    def wake(self, name: str, *, changed: bool = False) -> None:
        """Take note that something of the connection called `name` may be due.

        Args:
            name: Which.
            changed: Whether it's configured otherwise than by whoever served it before.
        """
        running = self._running.get(name)
        if running is not None and running.alive:
            running.again = True
            running.changed |= changed
            if running.lane is not None:
                running.lane.wake.set()
            return
        running = _Running(changed=changed)
        running.task = asyncio.create_task(self._serve(name, running), name=f"lane {name}")
        running.task.add_done_callback(lambda _: running.ended.set())
        self._running[name] = running

    def renew(
        self, roster: Roster, around: Surroundings, changed: Collection[str]
    ) -> Mapping[str, asyncio.Event]:
        """Go over to `roster` and `around`; return what is set once the lane of before has ended, by name.

        Each lane lets what is on the wire arrive, and the next one begins, whatever the others wait for.
        Those called `changed` are configured otherwise than before.
        """
        self._roster, self._around = roster, around
        for name in changed:
            self._windows.pop(name, None)
        ended = {name: self._running[name].ended for name in self.busy}
        for name in ended:
            self._running[name].renew(changed=name in changed)
        return ended

    @property
    def changing(self) -> frozenset[str]:
        """The connections that may have something on the wire by another configuration than today's."""
        return frozenset(name for name in self.busy if self._running[name].changed)

    def try_now(self, names: Collection[str]) -> None:
        """Have the lanes called `names` wait no longer for the time of their next probe."""
        for name in self.busy & frozenset(names):
            if (lane := self._running[name].lane) is not None:
                lane.interrupt()

    def end(self, names: Collection[str] | None = None) -> None:
        """Have the lanes called `names`, or all, let what is on the wire arrive, and end."""
        for name in self.busy if names is None else self.busy & frozenset(names):
            self._running[name].stop()

    def cancel(self, names: Collection[str] | None = None) -> None:
        """Leave what is on the wire, of the lanes called `names` or of all: it's sent again by others."""
        for name in self.busy if names is None else self.busy & frozenset(names):
            running = self._running[name]
            # What is answered just then is kept all the same, and nothing is sent after it.
            running.stop()
            if running.task is not None:
                running.task.cancel()

    async def ended(self, seconds: float) -> bool:
        """Wait until no lane is at work, at most `seconds`; return whether that came."""
        tasks = [running.task for running in self._running.values() if running.task is not None]
        return not tasks or not (await asyncio.wait(tasks, timeout=seconds))[1]

    async def park(self, name: str, reason: str) -> None:
        """Let what is pending of the connection called `name` wait for it, as `reason` says."""
        now = self._around.clock.now()
        parked = await self._repair.park(name, reason, now)

        def write(db: Database) -> HealthChanged | None:
            before, _ = load_breaker(db, name, now)
            here = before.misconfigured(reason, now)
            save_breaker(db, name, here)
            return here.changed_from(before, name)

        change = await self._around.outbox.store.run_soft(write)
        if change is not None:
            tell_health(self._around.observers, change)
        log.debug("%s: results that begin to wait for it: %d", name, parked, extra={"results": parked})

    async def _serve(self, name: str, running: _Running) -> None:
        failed = False
        while running.again and not running.last:
            running.begin()
            try:
                if failed:
                    # What it had leased is nobody's now.
                    await self._repair.reopen(self._around.clock.now(), [name])
                await self._configure(name, running)
                await self._deliver(name, running)
            except PassbackError as error:
                # A full disk, a server that is away: this lane rests.
                log.error("%s: delivery rests for %g s: %s", name, AFTER_A_CRASH, error)  # noqa: TRY400 - it's told
                failed = True
            except Exception as error:
                # A defect: the others go on.
                log.exception(
                    "%s: delivery stopped unexpectedly; it starts again in %g s", name, AFTER_A_CRASH
                )
                await self._blame(name, error)
                failed = True
            else:
                failed = False
            if failed:
                await self._around.clock.wait(running.stopping, AFTER_A_CRASH)
                running.again = True

    async def _blame(self, name: str, error: Exception) -> None:
        """Have `error`, which ended the lane called `name`, count as a failure: it's told, and rests."""
        said = f"delivery stopped unexpectedly ({type(error).__name__}); the log has more"

        def write(db: Database) -> None:
            now = self._around.clock.now()
            before, _ = load_breaker(db, name, now)
            save_breaker(db, name, before.failed(ContractError(said), now, Backoff(), self._around.rng))

        try:
            await self._around.outbox.store.run_soft(write)
        except PassbackError as more:
            log.error("%s: that can't be kept: %s", name, more)  # noqa: TRY400 - it's told

    async def _configure(self, name: str, running: _Running) -> None:
        """Take note of another configuration, by which nothing was answered before."""
        fingerprint = self._roster.fingerprints().get(name) if running.changed else None
        if fingerprint is not None:
            healed = await self._repair.configured({name: fingerprint}, self._around.clock.now())
            for change in healed:
                tell_health(self._around.observers, change)
        # It may be another again by now.
        running.changed = running.changed and self._roster.fingerprints().get(name) != fingerprint

    async def _deliver(self, name: str, running: _Running) -> None:
        around = attrs.evolve(self._around, stopping=running.stopping)
        try:
            connection, policy = self._roster.connection(name), self._roster.policy(name)
            running.lane = Lane(connection, policy, self._window(name, policy.batch), around)
        except ConnectionNotReady as error:
            running.lane = None
            await self.park(name, error.reason)
        else:
            await running.lane.run()

    def _window(self, name: str, batch: int) -> Window:
        # A lane ends as soon as nothing is pending; what a system fails on is found out once.
        window = self._windows.get(name)
        if window is None or not window.narrow:
            window = self._windows[name] = Window(batch)
        return window
