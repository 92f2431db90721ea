"""Looks users up while a host delivers: soon after somebody is unknown, and everybody once in a while."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property, partial

from sqlalchemy import Connection as Database

from passback.clock import Clock
from passback.delivery import Slots, believed, looked_up, unless_awaited, waiting_connections
from passback.errors import ConnectionNotReady, PassbackError, Unsupported
from passback.host.config import Config
from passback.host.lookups.looking import LONGEST, Lookup
from passback.host.roster import ConfiguredRoster
from passback.http import room_for_sockets
from passback.identity import Launches, SyncReport, UserContext, contexts, expected_connections
from passback.identity.linking import Departures
from passback.store import Store

__all__ = ["Matching", "lookup_for"]

log = logging.getLogger("passback.identity")

_SWEEP = 60.0
_A_MOMENT = 0.5
# How long until it's looked whether another process, which asks the same system, is done.
_ELSEWHERE = 2.0
_GRACE = 10.0
# How many systems are asked at the same time, of those that answered the last time; and of how many sockets
# each is one.
_AT_ONCE = 100
_SHARE = 10
# Launches of a few days ago are of use to those who ask what happened.
_KEPT = timedelta(days=3)


def lookup_for(name: str, config: Config, roster: ConfiguredRoster, store: Store, clock: Clock) -> Lookup:
    """Return what looks users up at the connection called `name`.

    Raises:
        ConnectionNotReady: It can't serve; says why.
    """
    connection = roster.connection(name)
    configured = config.drafts[name].config
    fingerprint = roster.fingerprint(name)
    return Lookup(store, clock, connection, configured.organisation, configured.match, fingerprint)


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
        # Where all users can't be asked for by the latest configuration.
        self._unlistable: set[str] = set()
        # By what users are to be looked up; None where they aren't.
        self._latest: tuple[Config, ConfiguredRoster] | None = None
        self._going_over = asyncio.Lock()

    @cached_property
    def _slots(self) -> Slots:
        # When it's first needed: by then this process may have been given more files.
        return Slots(max(1, min(room_for_sockets() // _SHARE, _AT_ONCE)))

    def want(self, connection: str) -> None:
        """Take note that somebody is unknown at `connection`."""
        self._wanted.add(connection)
        self._woken.set()

    def begin(self, config: Config, roster: ConfiguredRoster) -> None:
        """Look users up by `config` from now on."""
        self._latest = config, roster
        self._unlistable.clear()
        self._stopping = asyncio.Event()
        self._task = asyncio.create_task(self._run(config, roster), name="passback accounts")

    async def renew(self, config: Config, roster: ConfiguredRoster) -> None:
        """Look users up by `config` from now on, if at all; once this returns, no other is asked."""
        if self._latest is None:
            return
        latest = self._latest = config, roster
        async with self._going_over:
            await self._stop()
            # There may be another one by now, which goes over next.
            if self._latest is latest:
                self.begin(config, roster)

    async def end(self) -> None:
        """Stop; what is being asked is asked again."""
        self._latest = None
        async with self._going_over:
            await self._stop()

    async def _stop(self) -> None:
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
        waiting, expected, known = await self._store.run_soft(_state)
        # Who was unknown while their system was being asked may have come too late for that.
        wanted, self._wanted = self._wanted - self._asking.keys(), self._wanted & self._asking.keys()
        unknown = wanted | waiting | expected
        due = {
            name
            for name in known.keys() & config.connections.keys()
            if self._is_due(known[name], name, config, roster)
        }
        # Only these: to look at every connection each minute would cost as many store hops.
        for name in sorted(((unknown | due) & config.connections.keys()) - self._asking.keys()):
            ill = name in known and known[name].failing is not None
            serving = self._serve(name, config, roster, due=name in due, unknown=name in unknown, ill=ill)
            task = self._asking[name] = asyncio.create_task(serving, name=f"accounts {name}")
            task.add_done_callback(partial(self._asked, name))
        now = self._clock.now()
        for name, context in known.items():
            if context.failing is not None and name not in waiting | self._asking.keys():
                # Nobody is kept waiting by it any more.
                await self._store.run_soft(unless_awaited, name, now)
        await self._store.run_soft(lambda db: Launches.purge(db, believed(db, now) - _KEPT))
        # Whoever asks leaves a row when they go to a provider, and many never come back.
        await self._store.run_soft(Departures.purge, now)

    def _asked(self, name: str, _: asyncio.Task[None]) -> None:
        del self._asking[name]
        if name in self._wanted:
            self._woken.set()

    async def _serve(
        self, name: str, config: Config, roster: ConfiguredRoster, *, due: bool, unknown: bool, ill: bool
    ) -> None:
        # However many systems are slow or hang, they hold up no others.
        async with self._slots.taken(ill=ill):
            if not self._stopping.is_set():
                await self._ask(name, config, roster, due=due, unknown=unknown)

    async def _ask(
        self, name: str, config: Config, roster: ConfiguredRoster, *, due: bool, unknown: bool
    ) -> None:
        try:
            lookup = lookup_for(name, config, roster, self._store, self._clock)
            if not lookup.asks:
                # It may have been another connector's, whose look-up failed.
                await self._store.run_soft(looked_up, name, None, self._clock.now())
                return
            if due:
                await self._synchronise(name, lookup)
            if unknown:
                await self._look_up(name, lookup)
        except ConnectionNotReady:
            return  # it's told where results are delivered
        except PassbackError as error:
            log.warning("%s: users can't be looked up: %s", name, error)
        except Exception:
            log.exception("%s: looking users up stopped unexpectedly", name)

    async def _look_up(self, name: str, lookup: Lookup) -> None:
        found = await lookup.waiting()
        if found:
            log.info("%s: %d learners have an account now", name, found)
        if found is None:
            # Those who are unknown by now may have come too late for whoever asks.
            asyncio.get_running_loop().call_later(_ELSEWHERE, self.want, name)

    def _is_due(self, context: UserContext, name: str, config: Config, roster: ConfiguredRoster) -> bool:
        if name in self._unlistable:
            return False
        every = timedelta(hours=config.drafts[name].config.sync_every)
        now = self._clock.now()
        # Before anybody was looked for, there is nothing to compare.
        due = context.known and (context.synced is None or now - context.synced >= every)
        return due and not context.rests(roster.fingerprint(name), now)

    async def _synchronise(self, name: str, lookup: Lookup) -> None:
        try:
            report = await lookup.all(longest=LONGEST)
        except Unsupported as error:
            if error.status is None:
                # What the connector says of itself is so until it's configured otherwise.
                self._unlistable.add(name)
            log.info("%s: its users can't be listed: %s", name, error)
        except PassbackError as error:
            # Each by themselves may be found all the same.
            log.warning("%s: its users can't be compared now: %s", name, error)
        else:
            _tell(report)


def _state(db: Database) -> tuple[set[str], set[str], Mapping[str, UserContext]]:
    return {*waiting_connections(db)}, {*expected_connections(db)}, contexts(db)


def _tell(report: SyncReport) -> None:
    log.info(
        "%s: %d users compared; %d learners have an account now, %d another one, %d none any longer",
        report.connection,
        report.users,
        len(report.new),
        len(report.changed),
        len(report.gone),
    )
