"""The twins, installed where only these tests see them, as they are or with a mutant's change."""

import importlib
import os
import shutil
import sys
from contextlib import contextmanager
from pathlib import Path

TWINS = Path(__file__).parent / "twins"
MODULES = ("acme_sandbox", "acme_lms", "bare_lms", "door_lms", "suites")


def unpack(place, changed=None):
    """Lay the twins out below `place` as an installed distribution, with the `changed` files."""
    for source in TWINS.glob("*.py"):
        shutil.copy(source, place)
    metadata = place / "acme_lms-1.0.dist-info"
    metadata.mkdir()
    for name in ("METADATA", "entry_points.txt"):
        shutil.copy(TWINS / name, metadata)
    for name, text in (changed or {}).items():
        target = (metadata if not name.endswith(".py") else place) / name
        target.write_text(text, "utf-8")


@contextmanager
def imported(place):
    """Import the twins that lie at `place`, instead of any others."""
    before = {name: sys.modules.pop(name) for name in MODULES if name in sys.modules}
    sys.path.insert(0, str(place))
    importlib.invalidate_caches()
    try:
        yield importlib.import_module("suites")
    finally:
        sys.path.remove(str(place))
        for name in MODULES:
            sys.modules.pop(name, None)
        sys.modules.update(before)


def environment(place):
    """Return the environment of a process that finds the twins at `place`."""
    path = filter(None, [str(place), os.environ.get("PYTHONPATH")])
    return os.environ | {"PYTHONPATH": os.pathsep.join(path)}
