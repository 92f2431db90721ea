"""Slots: how many lanes may be on the wire at once, so that the process never runs out of sockets.

Connections in an outage have slots of their own: however many are dead or slow, they don't keep the others
waiting. There are enough of them that thousands which hang are probed in time all the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from passback.http import room_for_sockets

__all__ = ["Slots"]

_MOST = 1000
# For so many slots there is one more for connections in an outage.
_SHARE = 2


class Slots:
    """The slots of one process; whoever asks first is served first."""

    def __init__(self, most: int | None = None) -> None:
        """Prepare them.

        Args:
            most: How many; by default as many as this process may have sockets for.
        """
        most = most or min(room_for_sockets() // 2, _MOST)
        self._well = asyncio.Semaphore(most)
        self._ill = asyncio.Semaphore(max(1, most // _SHARE))

    @property
    def contended(self) -> bool:
        """Whether a lane in no outage would have to wait."""
        return self._well.locked()

    @asynccontextmanager
    async def taken(self, *, ill: bool) -> AsyncIterator[None]:
        """Have a slot, once one is free; `ill` if it's for a connection in an outage."""
        async with self._ill if ill else self._well:
            yield
