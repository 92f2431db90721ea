"""Folders with plugins in them.

Each test installs distributions into a folder of its own. What does harm when it's imported is loaded in a
process of its own.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from installing import install_plugin

from passback import Policy
from passback.contract import CONNECTORS
from passback.plugins import load

GOOD = (Path(__file__).parent / "good.py").read_text("utf-8")


class Site:
    """A folder with distributions, as an installer leaves them."""

    def __init__(self, folder):
        self.folder = folder

    def install(self, distribution, offers="acme", source=GOOD, value=None, metadata=""):
        """Install `distribution`, which offers `offers` from a module of its own with this `source`."""
        module = distribution.lower().replace("-", "_")
        marker = self.folder / f"{module}.imported"
        start = f"from pathlib import Path\nmarker = Path({str(marker)!r})\n"
        entry_point = f"[{CONNECTORS}]\n{offers} = {value or f'{module}:Acme'}\n"
        return install_plugin(self.folder, distribution, start + source, entry_point, metadata)

    def imported(self, distribution):
        return (self.folder / f"{distribution.replace('-', '_')}.imported").exists()

    def load(self, *wanted, **policy):
        """Load `wanted`; return name and distribution → status, reason and capabilities."""
        report = load(CONNECTORS, wanted, Policy(**policy), path=[str(self.folder)])
        return {
            (each.name, each.distribution): (each.status, each.reason, each.capabilities)
            for each in report.entries
        }

    def run(self, *command):
        """Run Python with this folder on its path; return what it printed."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith("PASSBACK_")}
        path = os.pathsep.join(filter(None, [str(self.folder), os.environ.get("PYTHONPATH")]))
        run = subprocess.run(
            [sys.executable, "-W", "error", *command],
            env=clean | {"PYTHONPATH": path},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            cwd=self.folder,
        )
        assert run.returncode == 0, run.stderr
        return run.stdout


@pytest.fixture
def site(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delenv("PASSBACK_PLUGINS", raising=False)
    yield Site(tmp_path)
    for module in tmp_path.glob("*.py"):
        sys.modules.pop(module.stem, None)


@pytest.fixture(scope="module")
def new_site(tmp_path_factory):
    return lambda: Site(tmp_path_factory.mktemp("site"))
