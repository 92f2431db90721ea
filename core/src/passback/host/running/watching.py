"""Notice that the configuration file changed, or a file with a secret that it refers to."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from passback.errors import PassbackError
from passback.host.config import Mark, file_mark

__all__ = ["watch"]

log = logging.getLogger("passback.host")

# How long until a change is noticed, in seconds.
_INTERVAL = 1.0
# There may be a secret for each of thousands of connections: they're looked at each so many times.
_SELDOM = 5


async def watch(
    path: Path,
    reload: Callable[[], Awaitable[None]],
    seen: Mark | None,
    secrets: Callable[[], Mapping[Path, Mark | None]] = dict,
) -> None:
    """Call `reload` whenever one of the files changed, for ever; what it raises is told in the log.

    Args:
        path: The configuration file.
        reload: What to call.
        seen: The file's mark from before it was read (`Config.source_mark`).
        secrets: Returns the files that hold the secrets which the configuration refers to by now, each with
            its mark from before it was read (`Config.secret_files`).
    """
    told: dict[Path, Mark | None] = {}
    for turn in itertools.count(1):
        await asyncio.sleep(_INTERVAL)
        now, rotated = file_mark(path), False
        if turn % _SELDOM == 0:
            read = secrets()
            found = {file: file_mark(file) for file in read}
            rotated = any(found[file] != told.get(file, mark) for file, mark in read.items())
            # Where they can't be used, they're told of once.
            told = found
        if now == seen and not rotated:
            continue
        seen = now
        try:
            await reload()
        except* PassbackError as group:
            for error in group.exceptions:
                log.error("the changed configuration can't be used, the last good one goes on: %s", error)  # noqa: TRY400
        except* Exception as group:
            log.exception("the changed configuration can't be taken over: a defect", exc_info=group)
