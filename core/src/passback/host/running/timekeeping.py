"""Whose time counts: that of the server which several machines share, as each may be wrong by hours."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, func, select

from passback.clock import Clock, ServerClock, SystemClock
from passback.errors import OutboxError
from passback.store import DatabaseURL, Store

__all__ = ["clock_for", "kept_in_time"]

_INTERVAL = 10.0


def clock_for(where: Path | DatabaseURL) -> Clock:
    """Return the clock by which an outbox at `where` goes."""
    return ServerClock() if isinstance(where, DatabaseURL) else SystemClock()


@asynccontextmanager
async def kept_in_time(clock: Clock, store: Store) -> AsyncIterator[None]:
    """Set `clock` by the server of `store`, which is open, now and as long as this is; not another clock."""
    if not isinstance(clock, ServerClock):
        yield
        return
    await _set(clock, store)
    keeping = asyncio.create_task(_keep(clock, store), name="passback time")
    try:
        yield
    finally:
        keeping.cancel()


async def _keep(clock: ServerClock, store: Store) -> None:
    while True:
        await asyncio.sleep(_INTERVAL)
        await _set(clock, store)


async def _set(clock: ServerClock, store: Store) -> None:
    # While the server is away, the clock goes on by itself.
    with suppress(OutboxError):
        clock.learn(*await store.run_ahead(_asked))


def _asked(db: Connection) -> tuple[datetime, float, float]:
    began = time.monotonic()
    told = db.scalars(select(func.clock_timestamp())).one()
    return told, began, time.monotonic()
