"""One dispatcher for each outbox file: an operating-system lock that ends with its process."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import IO

from passback.errors import OutboxError, OutboxInUse

__all__ = ["DispatcherLock"]


class DispatcherLock:
    """Held by the process that delivers from an outbox."""

    def __init__(self, outbox: Path) -> None:
        self._outbox = outbox.resolve()
        self._path = self._outbox.with_name(self._outbox.name + ".lock")
        self._file: IO[str] | None = None

    def acquire(self) -> None:
        """Take it.

        Raises:
            OutboxInUse: Another process has it.
            OutboxError: It can't be written.
        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            file = self._path.open("a+", encoding="ascii")
        except OSError as error:
            raise OutboxError(f"{self._path} can't be written: {error.strerror}") from error
        try:
            _lock(file)
        except OSError:
            file.seek(0)
            holder = file.read().strip()
            file.close()
            raise OutboxInUse(
                f"another process{f' ({holder})' if holder else ''} delivers from {self._outbox} already; "
                "submit there with deliver=False, or stop that one first"
            ) from None
        file.seek(0)
        file.truncate()
        file.write(str(os.getpid()))
        file.flush()
        self._file = file

    def release(self) -> None:
        """Let it go."""
        file, self._file = self._file, None
        if file is not None:
            file.close()


if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[str]) -> None:
        file.seek(1 << 30)  # beyond the text, so that the holder's number can be read
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: IO[str]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
