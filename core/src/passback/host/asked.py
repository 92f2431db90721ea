"""Notice that somebody asked to try a connection now, which waits out an outage."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from passback.delivery import Repair
from passback.errors import PassbackError

__all__ = ["watch_asked"]

log = logging.getLogger("passback.host")

# How long until it's noticed, in seconds.
_INTERVAL = 2.0


async def watch_asked(repair: Repair, again: Callable[[], Awaitable[None]]) -> None:
    """Call `again`, which has delivery begin anew, whenever a connection is to be tried now; for ever.

    What was asked before this begins is known to whoever begins to deliver after it.
    """
    known: frozenset[str] | None = None
    while True:
        try:
            asked = await repair.asked()
            if known is not None and asked - known:
                log.info("tried now, as somebody asked: %s", ", ".join(sorted(asked - known)))
                await again()
            # Until one is tried it stands there, and that may be another process's to do.
            known = asked
        except PassbackError as error:
            # The file may be locked, the server away: that passes.
            log.debug("whether somebody asked can't be read now: %s", error)
        await asyncio.sleep(_INTERVAL)
