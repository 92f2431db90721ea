"""Which connections this process delivers for: all of them, unless it shares them with others."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Protocol

import attrs

from passback.delivery.outbox.accepting import UNROUTED
from passback.delivery.upkeep.repair import Repair
from passback.store import Store

__all__ = ["Called", "Claims", "Kept", "Sole"]


@attrs.frozen(kw_only=True)
class Called:
    """What there is to do.

    Attributes:
        lanes: The connections of ours of which something may be due.
        changed: Which of them were configured otherwise by whoever had them before.
        unrouted: Whether something was accepted by a process that knows no connection for it.
    """

    lanes: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()
    unrouted: bool = False


@attrs.frozen(kw_only=True)
class Kept:
    """What became of the hold on our connections.

    Attributes:
        lost: They are another's now: what is on the wire is left.
        given: They are to become another's: what is on the wire may arrive, and nothing more is sent.
    """

    lost: frozenset[str] = frozenset()
    given: frozenset[str] = frozenset()


class Claims(Protocol):
    """Which connections this process delivers for."""

    async def join(self, serves: Mapping[str, str], now: datetime) -> None:
        """Begin; `serves` are the connections that this process can deliver for, by fingerprint."""

    def serve(self, serves: Mapping[str, str]) -> frozenset[str]:
        """Serve these from now on; return which of ours are to become another's."""

    async def elsewhere(self) -> frozenset[str]:
        """Return what others have: what they are answered may be by another configuration than ours."""

    def holds(self, name: str) -> bool:
        """Return whether the connection called `name` is ours."""

    def may_send(self) -> bool:
        """Return whether what is ours is still so for sure."""

    async def called(self, wanted: Collection[str], now: datetime) -> Called:
        """Return what there is to do, and take of `wanted` what nobody else has."""

    async def keep(self, busy: Collection[str]) -> Kept:
        """Hold on to what is ours; `busy` are the connections for which something happens right now."""

    async def leave(self) -> None:
        """Let everything go."""


class Sole:
    """The claims of the only process that delivers from a file, which holds the file's lock."""

    def __init__(self, store: Store) -> None:
        self._repair = Repair(store)

    async def join(self, _: Mapping[str, str], now: datetime) -> None:
        """Begin, by ending the leases of the dead."""
        await self._repair.reopen(now)

    def serve(self, _: Mapping[str, str]) -> frozenset[str]:
        """Return nothing: there is no other."""
        return frozenset()

    async def elsewhere(self) -> frozenset[str]:
        """Return nothing: there is no other."""
        return frozenset()

    def holds(self, _: str) -> bool:
        """Return True."""
        return True

    def may_send(self) -> bool:
        """Return True."""
        return True

    async def called(self, wanted: Collection[str], _: datetime) -> Called:
        """Return what other processes made due, and `wanted`."""
        names = frozenset(await self._repair.signals())
        return Called(lanes=(names | frozenset(wanted)) - {UNROUTED}, unrouted=UNROUTED in names)

    async def keep(self, _: Collection[str]) -> Kept:
        """Return that nothing changed."""
        return Kept()

    async def leave(self) -> None:
        """Do nothing: the lock ends with the process."""
