"""Torture Passback: ``python -m torture --kills 300 --seed 7``. The account stands on the last line."""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from torture.disk import apart
from torture.engines import ENGINES
from torture.place import Place


def main() -> int:
    """Torture in a process that has the bad machine's libraries, and may mount a small disk."""
    parser = argparse.ArgumentParser(prog="torture", description=__doc__)
    parser.add_argument("--kills", type=int, default=300, help="how many workers are killed")
    parser.add_argument("--seed", type=int, help="what chooses; any if not given")
    parser.add_argument("--engine", default="sqlite", choices=sorted(ENGINES), help="what keeps the outbox")
    chosen = parser.parse_args()
    place = Place(Path(tempfile.mkdtemp(prefix="torture-")))
    place.make()
    seed = chosen.seed if chosen.seed is not None else random.SystemRandom().randrange(1_000_000)
    before = apart()
    given = (place.root, chosen.kills, seed, chosen.engine)
    again = [sys.executable, "-m", "torture.run", *map(str, given)]
    environment = os.environ | place.environment() | ({"TORTURE_MOUNTS": "1"} if before else {})
    code = subprocess.run([*before, *again], env=environment, check=False).returncode
    if not code:
        shutil.rmtree(place.root)
    return code


if __name__ == "__main__":
    sys.exit(main())
