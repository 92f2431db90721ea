"""Where a torture runs: its folders, and the libraries that make the machine a bad one."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
LIBRARIES = ("clock", "power")


class Place:
    """The folder of one torture.

    Attributes:
        disk: What stands on the disk that fills up and loses its power: the outbox.
        undo: What undoes that which wasn't synced there.
        logs: What the processes said.
        journals: What the producers know to be accepted.
        clock: By how many seconds the wall clock is wrong.
        config: The configuration.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.disk = self.root / "disk"
        self.undo = self.root / "undo"
        self.logs = self.root / "logs"
        self.journals = self.root / "journals"
        self.clock = self.root / "clock"
        self.config = self.root / "passback.toml"

    def make(self) -> None:
        """Make the folders."""
        for folder in (self.disk, self.undo, self.logs, self.journals):
            folder.mkdir(parents=True, exist_ok=True)
        self.clock.write_bytes(bytes(8))

    def environment(self) -> dict[str, str]:
        """Build the libraries, and return the environment that puts a process on the bad machine.

        It's empty where there is no C compiler: then the clock stays right and the power on.
        """
        compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
        if compiler is None:
            return {}
        built = [self._built(compiler, name) for name in LIBRARIES]
        return {
            "LD_PRELOAD": ":".join(map(str, built)),
            "TORTURE_CLOCK": str(self.clock),
            "TORTURE_DISK": str(self.disk),
            "TORTURE_UNDO": str(self.undo),
        }

    def _built(self, compiler: str, name: str) -> Path:
        library = self.root / f"{name}.so"
        source = HERE / f"{name}.c"
        subprocess.run(
            [compiler, "-O2", "-shared", "-fPIC", "-o", library, source, "-ldl", "-lpthread"], check=True
        )
        return library


def is_bad() -> bool:
    """Return whether this process runs on the bad machine."""
    return "TORTURE_DISK" in os.environ
