"""Looks users up while a host delivers: soon after somebody is unknown, and everybody once in a while."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection as Database

from passback.clock import Clock
from passback.delivery import believed, waiting_connections
from passback.errors import ConnectionNotReady, PassbackError, Unsupported
from passback.host.config import Config
from passback.host.looking import LONGEST, Lookup
from passback.host.roster import ConfiguredRoster
from passback.identity import Launches, SyncReport, UserContext, contexts, expected_connections
from passback.identity.linking import Departures
from passback.store import Store

__all__ = ["Matching", "lookup_for"]

log = logging.getLogger("passback.identity")

_SWEEP = 60.0
_A_MOMENT = 0.5
_GRACE = 10.0
# How many systems are asked at the same time.
_AT_ONCE = 20
_LIST_AGAIN = timedelta(minutes=15)
# Launches of a few days ago are of use to those who ask what happened.
_KEPT = timedelta(days=3)


def lookup_for(name: str, config: Config, roster: ConfiguredRoster, store: Store, clock: Clock) -> Lookup:
    """Return what looks users up at the connection called `name`.

    Raises:
        ConnectionNotReady: It can't serve; says why.
    """
    connection = roster.connection(name)
    configured = config.drafts[name].config
    return Lookup(store, clock, connection, configured.organisation, configured.match)


class Matching:
    """Runs the look-ups of this process, by one configuration at a time."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._wanted: set[str] = set()
        self._woken = asyncio.Event()
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._slots = asyncio.Semaphore(_AT_ONCE)
        # Until when those aren't asked for all their users who failed at that.
        self._resting: dict[str, datetime] = {}

    def want(self, connection: str) -> None:
        """Take note that somebody is unknown at `connection`."""
        self._wanted.add(connection)
        self._woken.set()

    def begin(self, config: Config, roster: ConfiguredRoster) -> None:
        """Look users up by `config` from now on."""
        self._stopping = asyncio.Event()
        self._resting.clear()
        self._task = asyncio.create_task(self._run(config, roster), name="passback accounts")

    async def end(self) -> None:
        """Stop; what is being asked is asked again."""
        task, self._task = self._task, None
        if task is not None:
            self._stopping.set()
            self._woken.set()
            tasks = [task, *self._asking.values()]
            await asyncio.wait(tasks, timeout=_GRACE)
            for each in tasks:
                each.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, config: Config, roster: ConfiguredRoster) -> None:
        while not self._stopping.is_set():
            try:
                await self._turn(config, roster)
            except PassbackError as error:
                log.error("users can't be looked up now: %s", error)  # noqa: TRY400 - it's told
            except Exception:
                log.exception("looking users up stopped unexpectedly; it goes on in %g s", _SWEEP)
            await self._clock.wait(self._woken, _SWEEP)
            # Who is unknown is seldom the only one.
            await self._clock.wait(self._stopping, _A_MOMENT)
            self._woken.clear()

    async def _turn(self, config: Config, roster: ConfiguredRoster) -> None:
        waiting, known = await self._store.run_soft(_state)
        # Who was unknown while their system was being asked may have come too late for that.
        wanted, self._wanted = self._wanted - self._asking.keys(), self._wanted & self._asking.keys()
        unknown = wanted | waiting
        due = {
            name for name in known.keys() & config.drafts.keys() if self._is_due(known[name], name, config)
        }
        # Only these: to look at every connection each minute would cost as many store hops.
        for name in sorted(((unknown | due) & config.connections.keys()) - self._asking.keys()):
            serving = self._serve(name, config, roster, due=name in due, unknown=name in unknown)
            task = self._asking[name] = asyncio.create_task(serving, name=f"accounts {name}")
            task.add_done_callback(partial(self._asked, name))
        now = self._clock.now()
        await self._store.run_soft(lambda db: Launches.purge(db, believed(db, now) - _KEPT))
        # Whoever asks leaves a row when they go to a provider, and many never come back.
        await self._store.run_soft(Departures.purge, now)

    def _asked(self, name: str, _: asyncio.Task[None]) -> None:
        del self._asking[name]
        if name in self._wanted:
            self._woken.set()

    async def _serve(
        self, name: str, config: Config, roster: ConfiguredRoster, *, due: bool, unknown: bool
    ) -> None:
        # One after the other, a system that is slow or hangs would hold up all others.
        async with self._slots:
            if not self._stopping.is_set():
                await self._ask(name, config, roster, due=due, unknown=unknown)

    async def _ask(
        self, name: str, config: Config, roster: ConfiguredRoster, *, due: bool, unknown: bool
    ) -> None:
        try:
            lookup = lookup_for(name, config, roster, self._store, self._clock)
            if not lookup.asks:
                return
            async with asyncio.timeout(LONGEST.total_seconds()):
                if due:
                    await self._synchronise(name, lookup)
                if unknown and (found := await lookup.waiting()):
                    log.info("%s: %d learners have an account now", name, found)
        except ConnectionNotReady:
            return  # it's told where results are delivered
        except PassbackError as error:
            log.warning("%s: users can't be looked up: %s", name, error)
        except TimeoutError:
            log.warning("%s: looking users up came to no end within %s, and is given up", name, LONGEST)
        except Exception:
            log.exception("%s: looking users up stopped unexpectedly", name)

    def _is_due(self, context: UserContext, name: str, config: Config) -> bool:
        every = timedelta(hours=config.drafts[name].config.sync_every)
        now = self._clock.now()
        if now < self._resting.get(name, now):
            return False
        # Before anybody was looked for, there is nothing to compare.
        return context.known and (context.synced is None or now - context.synced >= every)

    async def _synchronise(self, name: str, lookup: Lookup) -> None:
        try:
            report = await lookup.all()
        except Unsupported as error:
            log.info("its users can't be listed: %s", error)
        except PassbackError as error:
            # Each by themselves may be found all the same.
            self._resting[name] = self._clock.now() + _LIST_AGAIN
            log.warning("%s: its users can't be compared, again in %s: %s", name, _LIST_AGAIN, error)
        else:
            _tell(report)


def _state(db: Database) -> tuple[set[str], Mapping[str, UserContext]]:
    return {*waiting_connections(db), *expected_connections(db)}, contexts(db)


def _tell(report: SyncReport) -> None:
    log.info(
        "%s: %d users compared; %d learners have an account now, %d another one, %d none any longer",
        report.connection,
        report.users,
        len(report.new),
        len(report.changed),
        len(report.gone),
    )
