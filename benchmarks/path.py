"""The whole path of a result, beside its limits and its peers, all in one run.

Rates depend on the machine; the ratios and the CPU column are what counts (benchmarks/README.md).
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from limits import raw_posts, raw_store
from load import made
from peers import peers
from rows import Row, show

_COUNT = 10_000
_HERE = Path(__file__).parent


@contextmanager
def sink() -> Iterator[int]:
    """Run the LRS that is measured against; yield its port."""
    process = subprocess.Popen([sys.executable, str(_HERE / "sink.py")], stdout=subprocess.PIPE, text=True)
    try:
        yield int((process.stdout or sys.stdin).readline())
    finally:
        process.kill()
        process.wait()


def scenario(name: str, port: int, *numbers: int) -> list[Row]:
    """Run a scenario in a process of its own, with a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(_HERE / "scenarios.py"), name, str(port), folder, *map(str, numbers)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return [Row.loads(line) for line in done.stdout.splitlines()]


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--queued", type=int, default=1_000_000, help="the largest backlog")
    parser.add_argument("--connections", type=int, default=10_000, help="the most connections")
    chosen = parser.parse_args()
    with sink() as port:
        results = list(made(_COUNT))
        with tempfile.TemporaryDirectory() as folder:
            limit = raw_store(Path(folder), results)
        rows = [limit, asyncio.run(raw_posts(port, results)), *peers(port, results)]
        for name in ("send", "accept", "whole"):
            rows += scenario(name, port, _COUNT)
        scales = [(1, _COUNT), (100, 10 * _COUNT), (chosen.connections, chosen.queued), (1, chosen.queued)]
        for connections, backlog in dict.fromkeys(scales):
            rows += scenario("queued", port, connections, backlog)
    show(f"{_COUNT:,} results on this machine", rows, limit)


if __name__ == "__main__":
    main()
