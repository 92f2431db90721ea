"""A disk that is really full: a small file system, or where none may be mounted, a limit of the kernel's."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

_SIZE = "192m"
_ENOUGH = 64 * 1024


class Disk(Protocol):
    """What can be full.

    Attributes:
        what: What it is, for the account.
    """

    what: str

    def fill(self, pids: Iterable[int]) -> None:
        """Leave no room to the processes `pids`; called again for what has become free meanwhile."""

    def empty(self, pids: Iterable[int]) -> None:
        """Give the room back."""


class SmallDisk:
    """A file system of its own, in memory, that a ballast fills to the last page."""

    what = f"a file system of {_SIZE}"

    def __init__(self, folder: Path) -> None:
        self._ballast = folder / "ballast"

    def fill(self, pids: Iterable[int]) -> None:
        """Add to the ballast until the disk is full."""
        del pids
        with self._ballast.open("ab") as file:
            step = 1 << 24
            while step:
                try:
                    os.posix_fallocate(file.fileno(), os.fstat(file.fileno()).st_size, step)
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                    step = step // 2 if step > 1 << 12 else 0

    def empty(self, pids: Iterable[int]) -> None:
        """Throw the ballast away."""
        del pids
        self._ballast.unlink(missing_ok=True)


class Limit:
    """The kernel's limit of a file's size, set for processes that run."""

    what = "RLIMIT_FSIZE"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def fill(self, pids: Iterable[int]) -> None:
        """Let no file grow beyond what the largest has now."""
        largest = max((file.stat().st_size for file in self._folder.glob("*.db*")), default=0)
        self._limit(pids, largest + _ENOUGH)

    def empty(self, pids: Iterable[int]) -> None:
        """Lift the limit."""
        self._limit(pids, resource.RLIM_INFINITY)

    def _limit(self, pids: Iterable[int], size: int) -> None:
        for pid in pids:
            try:
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
            except ProcessLookupError:
                continue


def mounted(folder: Path) -> Disk:
    """Make `folder` a small disk if this process may mount, and return what can be full there."""
    mount = shutil.which("mount")
    if mount is not None and "TORTURE_MOUNTS" in os.environ:
        command = [mount, "-t", "tmpfs", "-o", f"size={_SIZE}", "torture", folder]
        if subprocess.run(command, check=False, capture_output=True).returncode == 0:
            return SmallDisk(folder)
    return Limit(folder)


def apart() -> list[str]:
    """Return the command under which a program may mount what nobody else sees; empty if there is none."""
    for options in (["--mount"], ["--map-root-user", "--mount"]):
        command = ["unshare", *options]
        try:
            done = subprocess.run([*command, "true"], check=False, capture_output=True)
        except FileNotFoundError:
            return []
        if done.returncode == 0:
            return command
    return []
