"""Several processes that deliver from one database, on any number of machines: who has which connection.

A connection has at most one lane in the whole fleet. A process has it for half a minute, and says every ten
seconds that it still lives; when it doesn't, another takes over. Who can't say so stops sending before then.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from datetime import datetime

from passback.delivery.fleet import holding
from passback.delivery.fleet.claims import Called, Kept
from passback.delivery.fleet.holding import HOLD, Holder
from passback.errors import OutboxError
from passback.store import Store, milliseconds

__all__ = ["Fleet"]

log = logging.getLogger("passback.delivery")

_BEAT = HOLD / 3
# How long before others may take over it's left, in seconds.
_MARGIN = 5.0
# For how many beats a connection is kept for which there is nothing to do.
_IDLE = 6
_SOON = 1.0


class Fleet:
    """The claims of one of several processes."""

    def __init__(self, store: Store, lapsed: Callable[[], None]) -> None:
        """Prepare to join.

        Args:
            store: The database that all share.
            lapsed: Called when the database couldn't be told in time that this process lives: others may
                take over, so nothing may be on the wire any longer.
        """
        self._store = store
        self._lapsed = lapsed
        self._serves: Mapping[str, str] = {}
        self._me = self._named()
        # What is ours → for how many beats there was nothing to do.
        self._held: dict[str, int] = {}
        self._leaving: set[str] = set()
        self._wanted: set[str] = set()
        self._sure_until = self._next_beat = 0.0
        # How many served the same when we said last that we live.
        self._alike = 1
        self._timer: asyncio.TimerHandle | None = None

    async def join(self, serves: Mapping[str, str], _: datetime) -> None:
        """Tell the others that we are here, and whom we serve."""
        self._serves = serves
        await self._beat(frozenset())

    def serve(self, serves: Mapping[str, str]) -> frozenset[str]:
        """Serve these from now on, and tell the others soon."""
        self._serves = serves
        given = self._held.keys() - serves.keys()
        self._leaving |= given
        self._next_beat = 0.0
        return frozenset(given)

    async def elsewhere(self) -> frozenset[str]:
        """Return what others have."""
        return await self._store.run_soft(holding.held_by_others, self._holder)

    def holds(self, name: str) -> bool:
        """Return whether the connection called `name` is ours."""
        return name in self._held and name not in self._leaving

    def may_send(self) -> bool:
        """Return whether nobody else can have taken over."""
        return asyncio.get_running_loop().time() < self._sure_until

    async def called(self, wanted: Collection[str], now: datetime) -> Called:
        """Take those signals, and of `wanted` those connections, that are ours to serve."""
        asked = frozenset(self._wanted).union(wanted) - self._held.keys()
        found = await self._store.run_ahead(
            holding.call, self._holder, asked, frozenset(self._leaving), milliseconds(now)
        )
        self._wanted.clear()
        if found.alike > self._alike:
            # Who has joined has nothing as long as nobody gives of theirs.
            self._next_beat = 0.0
        self._held |= dict.fromkeys(found.claimed, 0)
        return Called(lanes=found.lanes, changed=found.changed, unrouted=found.unrouted)

    async def keep(self, busy: Collection[str]) -> Kept:
        """Say that we live, if it's time; let go what is idle for long, and what is more than our share."""
        if asyncio.get_running_loop().time() < self._next_beat:
            return Kept()
        self._held = {name: 0 if name in busy else idle + 1 for name, idle in self._held.items()}
        done = {name for name in self._leaving | {*self._long_idle()} if name not in busy}
        # What is let go as well: something may come for it before that is done.
        before = frozenset(self._held)
        seen = await self._beat(frozenset(done))
        surplus = sorted(before & seen.mine - self._leaving, key=lambda name: name in busy)
        given = frozenset(surplus[: max(0, len(surplus) - seen.share)])
        self._leaving |= given
        if self._leaving:
            self._next_beat = min(self._next_beat, asyncio.get_running_loop().time() + _SOON)
        return Kept(lost=before - seen.mine, given=given)

    async def leave(self) -> None:
        """Let everything go, so that others needn't wait until we are taken for dead."""
        if self._timer is not None:
            self._timer.cancel()
        self._held.clear()
        self._sure_until = 0.0
        with suppress(OutboxError):  # then they wait
            await self._store.run_soft(holding.leave, self._holder)

    @property
    def _holder(self) -> Holder:
        return Holder(name=self._me, fingerprints=self._serves)

    def _long_idle(self) -> list[str]:
        return [name for name, idle in self._held.items() if idle > _IDLE]

    async def _beat(self, done: frozenset[str]) -> holding.Seen:
        loop = asyncio.get_running_loop()
        began = loop.time()
        seen = await self._store.run_ahead(holding.beat, self._holder, done)
        self._next_beat = began + _BEAT
        # By our own clock, from before the server's began to count.
        self._sure_until = began + HOLD - _MARGIN
        self._alike = seen.alike
        if self._timer is not None:
            self._timer.cancel()
        self._timer = loop.call_at(self._sure_until, self._lapse)
        self._held = {name: self._held.get(name, 0) for name in seen.mine}
        self._leaving &= seen.mine
        self._wanted |= seen.orphaned
        return seen

    def _lapse(self) -> None:
        log.warning(
            "the outbox couldn't be told for %g s that this process lives; it starts over", HOLD - _MARGIN
        )
        # What is ours is taken over as from the dead, by others or by ourselves.
        self._me = self._named()
        self._held.clear()
        self._leaving.clear()
        self._next_beat = 0.0
        self._lapsed()

    def _named(self) -> str:
        return f"{self._store.member}:{secrets.token_hex(4)}"
