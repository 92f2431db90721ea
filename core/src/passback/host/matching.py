"""Looks users up while a host delivers: soon after somebody is unknown, and everybody once in a while."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import Connection as Database

from passback.clock import Clock
from passback.delivery import waiting_connections
from passback.errors import ConnectionNotReady, PassbackError, Unsupported
from passback.host.config import Config
from passback.host.looking import Lookup
from passback.host.roster import ConfiguredRoster
from passback.identity import Launches, UserContext, contexts, expected_connections
from passback.identity.linking import Departures
from passback.store import Store

__all__ = ["Matching", "lookup_for"]

log = logging.getLogger("passback.identity")

_SWEEP = 60.0
_A_MOMENT = 0.5
_GRACE = 10.0
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

    def want(self, connection: str) -> None:
        """Take note that somebody is unknown at `connection`."""
        self._wanted.add(connection)
        self._woken.set()

    def begin(self, config: Config, roster: ConfiguredRoster) -> None:
        """Look users up by `config` from now on."""
        self._stopping = asyncio.Event()
        self._task = asyncio.create_task(self._run(config, roster), name="passback accounts")

    async def end(self) -> None:
        """Stop; what is being asked is asked again."""
        task, self._task = self._task, None
        if task is not None:
            self._stopping.set()
            self._woken.set()
            await asyncio.wait([task], timeout=_GRACE)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _run(self, config: Config, roster: ConfiguredRoster) -> None:
        while not self._stopping.is_set():
            try:
                await self._turn(config, roster)
            except PassbackError as error:
                log.error("users can't be looked up now: %s", error)  # noqa: TRY400 - it's told
            await self._clock.wait(self._woken, _SWEEP)
            # Who is unknown is seldom the only one.
            await self._clock.wait(self._stopping, _A_MOMENT)
            self._woken.clear()

    async def _turn(self, config: Config, roster: ConfiguredRoster) -> None:
        wanted, self._wanted = self._wanted, set()
        waiting, known = await self._store.run_soft(_state)
        wanted.update(waiting)
        due = {
            name for name in known.keys() & config.drafts.keys() if self._is_due(known[name], name, config)
        }
        # Only these: to look at every connection each minute would cost as many store hops.
        for name in sorted((wanted | due) & config.connections.keys()):
            if self._stopping.is_set():
                return
            await self._serve(name, config, roster, due=name in due, unknown=name in wanted)
        await self._store.run_soft(Launches.purge, self._clock.now() - _KEPT)
        # Whoever asks leaves a row when they go to a provider, and many never come back.
        await self._store.run_soft(Departures.purge, self._clock.now())

    async def _serve(
        self, name: str, config: Config, roster: ConfiguredRoster, *, due: bool, unknown: bool
    ) -> None:
        try:
            lookup = lookup_for(name, config, roster, self._store, self._clock)
            if not lookup.asks:
                return
            if due:
                await _synchronise(lookup)
            if unknown and (found := await lookup.waiting()):
                log.info("%s: %d learners have an account now", name, found)
        except ConnectionNotReady:
            return  # it's told where results are delivered
        except PassbackError as error:
            log.warning("%s: users can't be looked up: %s", name, error)

    def _is_due(self, context: UserContext, name: str, config: Config) -> bool:
        every = timedelta(hours=config.drafts[name].config.sync_every)
        # Before anybody was looked for, there is nothing to compare.
        return context.known and (context.synced is None or self._clock.now() - context.synced >= every)


def _state(db: Database) -> tuple[set[str], Mapping[str, UserContext]]:
    return {*waiting_connections(db), *expected_connections(db)}, contexts(db)


async def _synchronise(lookup: Lookup) -> None:
    try:
        report = await lookup.all()
    except Unsupported as error:
        log.info("its users can't be listed: %s", error)
        return
    log.info(
        "%s: %d users compared; %d learners have an account now, %d another one, %d none any longer",
        report.connection,
        report.users,
        len(report.new),
        len(report.changed),
        len(report.gone),
    )
