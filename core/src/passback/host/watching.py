"""Notice that the configuration file changed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from passback.errors import PassbackError
from passback.host.config import Mark, file_mark

__all__ = ["watch"]

log = logging.getLogger("passback.host")

# How long until a change is noticed, in seconds.
_INTERVAL = 1.0


async def watch(path: Path, reload: Callable[[], Awaitable[None]], seen: Mark | None) -> None:
    """Call `reload` whenever the file at `path` changed, for ever; what it raises is told in the log.

    Args:
        path: The file.
        reload: What to call.
        seen: The file's mark from before it was read (`Config.source_mark`).
    """
    while True:
        await asyncio.sleep(_INTERVAL)
        now = file_mark(path)
        if now == seen:
            continue
        seen = now
        try:
            await reload()
        except* PassbackError as group:
            for error in group.exceptions:
                log.error("the changed configuration can't be used, the last good one goes on: %s", error)  # noqa: TRY400
        except* Exception as group:
            log.exception("the changed configuration can't be taken over: a defect", exc_info=group)
