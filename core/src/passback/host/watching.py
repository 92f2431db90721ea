"""Notice that the configuration file changed, or a file with a secret that it refers to."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Awaitable, Callable, Collection
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
    secrets: Callable[[], Collection[Path]] = tuple,
) -> None:
    """Call `reload` whenever one of the files changed, for ever; what it raises is told in the log.

    Args:
        path: The configuration file.
        reload: What to call.
        seen: The file's mark from before it was read (`Config.source_mark`).
        secrets: Returns the files that hold the secrets which the configuration refers to by now.
    """
    kept = _marks(secrets())
    for turn in itertools.count(1):
        await asyncio.sleep(_INTERVAL)
        now, held = file_mark(path), kept
        if turn % _SELDOM == 0:
            kept = _marks(secrets())
        rotated = any(held.get(file, mark) != mark for file, mark in kept.items())
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


def _marks(files: Collection[Path]) -> dict[Path, Mark | None]:
    return {file: file_mark(file) for file in files}
