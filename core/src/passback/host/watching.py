"""Notice that the configuration file changed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from passback.errors import PassbackError

__all__ = ["watch"]

log = logging.getLogger("passback.host")

# How long until a change is noticed, in seconds.
_INTERVAL = 1.0


async def watch(path: Path, reload: Callable[[], Awaitable[None]]) -> None:
    """Call `reload` whenever the file at `path` changed, for ever; what it raises is told in the log."""
    seen = _mark(path)
    while True:
        await asyncio.sleep(_INTERVAL)
        now = _mark(path)
        if now == seen:
            continue
        seen = now
        try:
            await reload()
        except* PassbackError as group:
            for error in group.exceptions:
                log.error("the changed configuration can't be used, the last good one goes on: %s", error)  # noqa: TRY400


def _mark(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
