"""Slots: how many connections may be on the wire at once, so that the process never runs out of sockets.

Connections in an outage have slots of their own: however many are dead or slow, they don't keep the
others waiting. There are enough of them that thousands which hang are probed in time all the same.
Whoever seems well and isn't answered for a while goes over to those, so that many which begin to hang at
once don't keep others waiting until they are known for it.
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
# Longer than nearly every answer takes, in seconds.
_PATIENCE = 2.0


class Slots:
    """The slots of one process; whoever asks first is served first.

    Attributes:
        patience: After how many seconds whoever has a slot goes over to the slow, if there is room.
    """

    def __init__(self, most: int | None = None, patience: float = _PATIENCE) -> None:
        """Prepare them.

        Args:
            most: How many; by default as many as this process may have sockets for.
            patience: See the attribute.
        """
        most = most or min(room_for_sockets() // 2, _MOST)
        self.patience = patience
        self._well = asyncio.Semaphore(most)
        self._ill = asyncio.Semaphore(max(1, most // _SHARE))

    @property
    def contended(self) -> bool:
        """Whether a lane in no outage would have to wait."""
        return self._well.locked()

    @asynccontextmanager
    async def taken(self, *, ill: bool) -> AsyncIterator[None]:
        """Have a slot, once one is free; `ill` if it's for a connection in an outage."""
        slot = _Slot(self._ill if ill else self._well)
        await slot.kind.acquire()
        late = asyncio.get_running_loop().call_later(self.patience, slot.go_over, self._ill)
        try:
            yield
        finally:
            late.cancel()
            slot.free()


class _Slot:
    def __init__(self, kind: asyncio.Semaphore) -> None:
        self.kind = kind
        self._going: asyncio.Task[None] | None = None

    def go_over(self, kind: asyncio.Semaphore) -> None:
        if kind is not self.kind:
            self._going = asyncio.create_task(self._go_over(kind), name="passback slot")

    def free(self) -> None:
        if self._going is not None:
            self._going.cancel()
        self.kind.release()

    async def _go_over(self, kind: asyncio.Semaphore) -> None:
        await kind.acquire()
        self.kind.release()
        self.kind = kind
