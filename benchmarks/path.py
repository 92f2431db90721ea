"""The whole path of a result, beside its limits and its peers, all in one run.

Rates depend on the machine; the ratios and the CPU column are what counts (benchmarks/README.md).
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from by_hand import own_tables_on_postgres, own_tables_on_sqlite
from fleet import postgres, raw_asyncpg, workers
from limits import raw_posts, raw_store
from load import made
from peers import peers
from rows import Row, show

from passback import Result

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


def scenario(name: str, port: int, *given: int | str) -> list[Row]:
    """Run a scenario in a process of its own, with a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(_HERE / "scenarios.py"), name, str(port), folder, *map(str, given)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return [Row.loads(line) for line in done.stdout.splitlines()]


def on_postgres(port: int, results: Sequence[Result]) -> list[Row]:
    """Measure what bounds PostgreSQL, and Passback on it."""
    with postgres() as fresh:
        rows = [asyncio.run(raw_asyncpg(fresh(), results))]
        with tempfile.TemporaryDirectory() as folder:
            rows += [asyncio.run(own_tables_on_postgres(fresh(), Path(folder), port, results))]
        rows += scenario("whole", port, _COUNT, fresh())
        rows += [asyncio.run(workers(fresh(), port, many, 4 * _COUNT)) for many in (1, 2, 4)]
    return rows


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--queued", type=int, default=1_000_000, help="the largest backlog")
    parser.add_argument("--connections", type=int, default=10_000, help="the most connections")
    parser.add_argument("--well", type=int, default=700, help="connections that are well beside dead ones")
    parser.add_argument("--dead", type=int, default=300, help="the dead ones")
    chosen = parser.parse_args()
    with sink() as port:
        results = list(made(_COUNT))
        with tempfile.TemporaryDirectory() as folder:
            limit = raw_store(Path(folder), results)
            own = asyncio.run(own_tables_on_sqlite(Path(folder), port, results))
        rows = [limit, own, asyncio.run(raw_posts(port, results)), *peers(port, results)]
        for name in ("send", "accept", "whole"):
            rows += scenario(name, port, _COUNT)
        scales = [(1, _COUNT), (100, 10 * _COUNT), (chosen.connections, chosen.queued), (1, chosen.queued)]
        for connections, backlog in dict.fromkeys(scales):
            rows += scenario("queued", port, connections, backlog)
        for dead in (0, chosen.dead):
            rows += scenario("beside", port, chosen.well, dead, 300)
        shared = on_postgres(port, results)
    show(f"{_COUNT:,} results on this machine", rows, limit)
    show("On PostgreSQL: CPU without the server's", shared, shared[0])


if __name__ == "__main__":
    main()
