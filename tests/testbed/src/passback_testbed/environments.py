"""Virtual environments for programs that must not share ours."""

import os
import shutil
import sys
from pathlib import Path

from passback_testbed.places import workspace
from passback_testbed.running import run


def make(folder: Path, *requirements: str | Path, constraints: Path | None = None) -> None:
    """Make a virtual environment in `folder` with these requirements in it."""
    limits: list[str | Path] = ["--constraint", constraints] if constraints else []
    uv = find_uv()
    if uv:
        run([uv, "venv", "--quiet", "--no-project", "--python", sys.executable, folder])
        # The workspace's own sources have no say over an environment that is not its own.
        run([uv, "pip", "install", "--quiet", "--compile-bytecode", "--no-sources", "--python",
             folder / "bin" / "python", *limits, *requirements], cwd=folder)  # fmt: skip
        return
    run([sys.executable, "-m", "venv", folder])
    run([folder / "bin" / "python", "-m", "pip", "install", "--quiet", *limits, *requirements], cwd=folder)


def find_uv() -> Path | None:
    """Return the uv of the project, or else the one on PATH."""
    root = workspace()
    for folder in (".uv", ".venv"):
        uv = root / folder / "bin" / "uv"
        if os.access(uv, os.X_OK):
            return uv
    on_path = shutil.which("uv")
    return Path(on_path) if on_path else None
