"""The whole path of a result, beside its limits and its peers, all in one run.

Rates depend on the machine; the ratios and the CPU column are what counts (benchmarks/README.md).
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from by_hand import own_tables_on_postgres, own_tables_on_sqlite
from fleet import postgres, raw_asyncpg, workers
from limits import raw_posts, raw_store
from load import made
from peers import peers
from rows import Row, best, show

from passback import Result

_COUNT = 10_000
_ROUNDS = 3
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


def scenario(name: str, port: int, *given: int | str, folder: str | None = None) -> list[Row]:
    """Run a scenario in a process of its own, with a folder of its own where none is named."""
    with tempfile.TemporaryDirectory() as own:
        numbers = map(str, given)
        command = [sys.executable, str(_HERE / "scenarios.py"), name, str(port), folder or own, *numbers]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return [Row.loads(line) for line in done.stdout.splitlines()]


def alone(port: int, results: Sequence[Result]) -> list[Row]:
    """Measure the limits, the peers, and Passback with a little."""
    with tempfile.TemporaryDirectory() as folder:
        rows = [
            raw_store(Path(folder), results),
            asyncio.run(own_tables_on_sqlite(Path(folder), port, results)),
        ]
    rows += [asyncio.run(raw_posts(port, results)), *peers(port, results)]
    for name in ("send", "accept", "whole"):
        rows += scenario(name, port, _COUNT)
    return rows


def backlogs(port: int, *sizes: tuple[int, int]) -> list[Row]:
    """Measure accepting on, and delivering out of, so many connections and so much queued, in turns.

    Each backlog stays where it is from one turn to the next: otherwise it would be another hour's machine
    that is asked for the largest one.
    """
    with ExitStack() as there:
        folders = [there.enter_context(tempfile.TemporaryDirectory()) for _ in sizes]

        def measure() -> list[Row]:
            asked = zip(sizes, folders, strict=True)
            return [row for size, folder in asked for row in scenario("queued", port, *size, folder=folder)]

        return in_turns(measure)


def beside(port: int, well: int, dead: int) -> list[Row]:
    """Measure connections that are well, by themselves and beside dead ones."""
    return [row for sick in (0, dead) for row in scenario("beside", port, well, sick, 300)]


def on_postgres(port: int, results: Sequence[Result], fresh: Callable[[], str]) -> list[Row]:
    """Measure what bounds PostgreSQL, and Passback on it; `fresh` returns the URL of an empty database."""
    with tempfile.TemporaryDirectory() as folder:
        rows = [
            asyncio.run(raw_asyncpg(fresh(), results)),
            asyncio.run(own_tables_on_postgres(fresh(), Path(folder), port, results)),
        ]
    rows += scenario("whole", port, _COUNT, fresh())
    return [*rows, *(asyncio.run(workers(fresh(), port, many, 4 * _COUNT)) for many in (1, 2, 4))]


def in_turns(measure: Callable[[], list[Row]]) -> list[Row]:
    """Return the best of what `measure` says, each line of it measured as often as the others, in turns."""
    return best([measure() for _ in range(_ROUNDS)])


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
        rows = in_turns(lambda: alone(port, results))
        largest = ((chosen.connections, chosen.queued), (1, chosen.queued))
        rows += backlogs(port, (1, _COUNT), (100, 10 * _COUNT), *largest)
        rows += scenario("own_ids", port, chosen.queued)
        rows += in_turns(lambda: beside(port, chosen.well, chosen.dead))
        with postgres() as fresh:
            shared = in_turns(lambda: on_postgres(port, results, fresh))
    show(f"{_COUNT:,} results on this machine, the best of {_ROUNDS} rounds", rows, rows[0])
    show("On PostgreSQL: CPU without the server's", shared, shared[0])


if __name__ == "__main__":
    main()
