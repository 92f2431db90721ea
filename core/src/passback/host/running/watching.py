"""Notice that the configuration file says something else, or a file with a secret that it refers to."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from passback.errors import PassbackError
from passback.host.config import Mark

__all__ = ["watch"]

log = logging.getLogger("passback.host")

# How long until a change is noticed, in seconds.
_INTERVAL = 1.0
# There may be a secret for each of thousands of connections: they're looked at each so many times.
_SELDOM = 5


async def watch(
    seen: Mark,
    reload: Callable[[], Awaitable[None]],
    secrets: Callable[[], Mapping[Path, Mark]] = dict,
) -> None:
    """Call `reload` whenever one of the files says something else, for ever; what it raises is logged.

    Args:
        seen: The configuration file's mark from when it was read (`Config.source_mark`).
        reload: What to call.
        secrets: Returns the files that hold the secrets which the configuration refers to by now, each with
            its mark from when it was read (`Config.secret_files`).
    """
    told: dict[Path, Mark] = {}
    for turn in itertools.count(1):
        await asyncio.sleep(_INTERVAL)
        before, seen, rotated = seen, seen.again(), False
        if turn % _SELDOM == 0:
            read = secrets()
            known = {file: told.get(file, each) for file, each in read.items()}
            found = {file: each.again() for file, each in known.items()}
            rotated = found != known
            # Where they can't be used, they're told of once.
            told = found
        if seen == before and not rotated:
            continue
        try:
            await reload()
        except* PassbackError as group:
            for error in group.exceptions:
                log.error("the changed configuration can't be used, the last good one goes on: %s", error)  # noqa: TRY400
        except* Exception as group:
            log.exception("the changed configuration can't be taken over: a defect", exc_info=group)
