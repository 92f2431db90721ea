"""A host at work: what it opens, and what a changed configuration replaces."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import timedelta

from passback.clock import Clock
from passback.delivery import (
    Committer,
    DispatcherLock,
    Outbox,
    RetentionPolicy,
    attached_connections,
)
from passback.errors import ConfigError, OutboxError, OutboxTooNew
from passback.host.config import Config, Mistake, OutboxPlace, read_again
from passback.host.lookups.matching import Matching
from passback.host.roster import ConfiguredRoster
from passback.host.running.alerting import Alerting, alert_mistakes, alert_policy
from passback.host.running.bonding import Bonding
from passback.host.running.delivering import Delivering, Service
from passback.host.running.standstill import standstills_told
from passback.host.running.telemetry import telemetry
from passback.host.running.timekeeping import kept_in_time
from passback.host.running.watching import watch
from passback.identity import Launches, Seal
from passback.store import Store

__all__ = ["Running"]

log = logging.getLogger("passback.host")


class Running:
    """Everything that is open while a host is.

    Attributes:
        config: The configuration that is served now.
        roster: Its connections.
        routes: What it attaches to what.
        store: The outbox's database.
        delivers: Whether this process delivers.
        delivering: What delivers in this process, if it does.
        clock: What tells the time.
        seal: What seals what browsers bring, once it's open; None where there is no key.
    """

    def __init__(self, config: Config, clock: Clock, *, strict: bool, delivers: bool) -> None:
        self.config = config
        self.store = Store(config.outbox)
        self.roster = ConfiguredRoster(config, clock)
        self.routes = self.roster.routes()
        self.delivers = delivers
        self.clock = clock
        self.seal: Seal | None = None
        self._strict = strict
        self._outbox = Outbox(self.store)
        self.delivering = Delivering(self._outbox, clock)
        self._alerting = Alerting(self.store, clock)
        self._matching = Matching(self.store, clock)
        self._committer: Committer | None = None
        self._telemetry = telemetry(clock) if delivers else None
        self._changing = asyncio.Lock()
        self._closing = False
        self._reloading: set[asyncio.Task[None]] = set()
        # The one that hasn't begun to read yet.
        self._next: asyncio.Task[None] | None = None
        # What closes connections of an older configuration, each once nothing of it is on the wire.
        self._before: set[asyncio.Task[None]] = set()
        self._stack = AsyncExitStack()

    @property
    def committer(self) -> Committer:
        """What takes results in.

        Raises:
            OutboxError: The host isn't open.
        """
        if self._committer is None:
            raise OutboxError("open the host first: async with Passback.from_file(…) as pb")
        return self._committer

    @property
    def launches(self) -> Launches | None:
        """What keeps launches; None where there is no key to seal them with."""
        if self.seal is None:
            return None
        return Launches(self.seal, timedelta(hours=self.config.launches.hours))

    def look_up(self, connection: str) -> None:
        """Have those looked up who are expected at `connection`, if this process does that."""
        self._matching.want(connection)

    def organisation(self, connection: str) -> str:
        """Return whose results `connection` takes.

        Raises:
            ConfigError: The configuration has no such connection.
        """
        served = self.config.attachments
        if connection not in served:
            have = ", ".join(sorted(self.config.drafts)) or "none"
            raise ConfigError(f"the configuration has no connection {connection!r}; it has {have}")
        return served[connection].organisation

    async def takes(self, organisation: str, activity: str) -> frozenset[str]:
        """Return the connections that take the results of `activity`, by configuration or attached to it."""
        later = await self.store.run_soft(attached_connections, [activity])
        configured = self.routes.connections(organisation, activity)
        return frozenset([*configured, *later.get((organisation, activity), ())])

    async def open(self) -> None:
        """Open the outbox, deliver if this process does, and watch the configuration file.

        Raises:
            ExceptionGroup: Of `ConnectionNotReady`, if this is strict, delivers, and connections can't serve.
            OutboxError: The outbox can't be used, or another process delivers from it.
        """
        if self.delivers:
            await asyncio.to_thread(self.config.resolve)
        # Who only accepts may not have the secrets, and must take what waits for a connection to be mended.
        if self._strict and self.delivers:
            self._require_ready()
        self._closing = False
        self._look_at_store(self.config, told=self.config.store)
        self.seal = await asyncio.to_thread(_seal, self.config)
        if self.delivers:
            self._lock()
        # Who delivers is often started together with the database.
        await self.store.open(patient=self.delivers)
        self._stack.push_async_callback(self.store.close)
        await self._stack.enter_async_context(kept_in_time(self.clock, self.store))
        if self.delivers:
            self._stack.enter_context(standstills_told())
            self._stack.push_async_callback(self.delivering.end)
            self._stack.push_async_callback(self._alerting.end)
            self._stack.push_async_callback(self._matching.end)
            await self._take_over()
            if self._telemetry is not None:
                measuring = asyncio.create_task(self._telemetry.watch(self.store), name="passback telemetry")
                self._stack.callback(measuring.cancel)
        wake = self.delivering.wake if self.delivers else None
        self._committer = Committer(self._outbox, self.clock, wake)
        self._stack.push_async_callback(self._committer.finish)
        if self.config.source_mark is not None:
            watching = asyncio.create_task(
                watch(self.config.source_mark, self.reload, lambda: self.config.secret_files),
                name="passback configuration",
            )
            self._stack.callback(watching.cancel)

    async def _take_over(self) -> None:
        try:
            self._alerting.begin(self.config)
            self._matching.begin(self.config, self.roster)
            await self.delivering.begin(self._service()).start()
        except OutboxTooNew:
            raise
        except OutboxError as error:
            # It was opened this moment, so this passes: the dispatcher goes on trying.
            log.warning("delivery begins later: %s", error)

    async def close(self) -> None:
        """Stop delivering and close what is open."""
        self._closing = True
        if self._reloading:
            await asyncio.wait(self._reloading)
        self._committer = None
        await self._stack.aclose()
        await asyncio.gather(*self._before)
        await self.roster.aclose()

    async def reload(self) -> None:
        """Serve by the configuration file as it is now.

        Raises:
            ExceptionGroup: Of `ConfigError`: it can't be used, and everything stays as it was.
        """
        if self._next is None:
            self._next = asyncio.create_task(self._reload(), name="passback reload")
            self._reloading.add(self._next)
            self._next.add_done_callback(self._reloaded)
        # Whoever loses patience with it mustn't leave a host behind that no longer delivers.
        await asyncio.shield(self._next)

    def _reloaded(self, task: asyncio.Task[None]) -> None:
        self._reloading.discard(task)
        # Told to whoever waits; if nobody does any longer, the log of the watcher is silent about it.
        if not task.cancelled():
            task.exception()

    async def _reload(self) -> None:
        async with self._changing:
            # Whoever asks from now on may mean what is read too late for this one.
            self._next = None
            if self._closing:
                return
            # A vault may take its time, and whoever submits meanwhile mustn't wait for it.
            config = await asyncio.to_thread(read_again, self.config)
            if self.delivers:
                await asyncio.to_thread(config.resolve)
            seal = await asyncio.to_thread(_seal, config)
            self._look_at_store(config, told=self.config.named)
            # With thousands of connections that takes a while, too.
            roster = await asyncio.to_thread(_roster, config, self.clock, examined=self.delivers)
            if self._closing:
                return
            before, self.roster = self.roster, roster
            self.config, self.routes, self.seal = config, roster.routes(), seal
            on_the_wire = self.delivering.renew(self._service())
            if self.delivers:
                self._alerting.begin(config)
            leaving = asyncio.create_task(self._leave(before, on_the_wire), name="passback before")
            self._before.add(leaving)
            leaving.add_done_callback(self._before.discard)
        log.info("the configuration is read again")

    async def _leave(self, before: ConfiguredRoster, on_the_wire: Mapping[str, asyncio.Event]) -> None:
        await self._matching.renew(self.config, self.roster)
        await before.aclose(on_the_wire)

    def _look_at_store(self, config: Config, *, told: OutboxPlace) -> None:
        """Say so where the file of `config` names another store than this uses, and than was `told`."""
        if config.named not in (config.store, told):
            log.error(
                "the configuration names another store by now, but this process goes on with %s: restart it "
                "to use the other. Commands use that already; what is kept here isn't moved there",
                self.store.name,
            )

    def _lock(self) -> None:
        # Those that share a server agree there who delivers what.
        if self.store.file is not None:
            lock = DispatcherLock(self.store.file)
            lock.acquire()
            self._stack.callback(lock.release)

    def _service(self) -> Service:
        days = self.config.retention
        retention = RetentionPolicy(
            undelivered=timedelta(days=days.undelivered),
            notice=alert_policy(self.config).notice,
            settled=timedelta(days=days.settled),
        )
        observers = [*self.config.watching, *([self._telemetry] if self._telemetry else ())]
        bonding = Bonding(self.store, self.clock, self.launches, self._matching.want)
        return Service(roster=self.roster, observers=observers, retention=retention, equipment=bonding)

    def _require_ready(self) -> None:
        mistakes = [*self.roster.mistakes(), *alert_mistakes(self.config)]
        if mistakes:
            raise ExceptionGroup("connections that can't serve", mistakes)


def _seal(config: Config) -> Seal | None:
    mistakes: list[Mistake] = []
    keys = config.seal_keys(mistakes)
    for each in mistakes:
        log.error("no launch is recorded, and nobody signs in: %s", config.error(each))
    return None if mistakes or not keys else Seal(keys)


def _roster(config: Config, clock: Clock, *, examined: bool) -> ConfiguredRoster:
    roster = ConfiguredRoster(config, clock)
    # Who only accepts may not have the secrets, and needn't wait for a vault.
    if examined:
        roster.fingerprints()
    return roster
