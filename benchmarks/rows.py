"""What a benchmark measures, and the table that shows it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import attrs
from rich.console import Console
from rich.table import Table

__all__ = ["Row", "best", "show"]


@attrs.define
class Row:
    """A line of the table.

    Attributes:
        name: What was measured.
        rate: Results per second.
        cpu: Milliseconds of CPU per 1,000 results, of all threads of the process.
        memory: Megabytes that the process held at most; 0 if that says nothing.
        disk: Bytes of database per result; 0 if there is none.
    """

    name: str
    rate: float = 0.0
    cpu: float = 0.0
    memory: float = 0.0
    disk: float = 0.0

    @contextmanager
    def measured(self, count: int) -> Iterator[None]:
        """Measure what happens inside, which concerns `count` results."""
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.rate = count / (time.perf_counter() - wall)
        self.cpu = (time.process_time() - cpu) / count * 1e6

    def dumps(self) -> str:
        """Return it as a line that `loads` reads, for a process of its own."""
        return json.dumps(attrs.asdict(self))

    @classmethod
    def loads(cls, line: str) -> Row:
        """Return what `dumps` wrote."""
        return cls(**json.loads(line))


def best(rounds: Sequence[Sequence[Row]]) -> list[Row]:
    """Return the best of each line's rounds: what slows a machine for a moment isn't the program's doing."""
    return [
        attrs.evolve(
            each[0],
            rate=max(row.rate for row in each),
            cpu=min(row.cpu for row in each),
            memory=max(row.memory for row in each),
            disk=max(row.disk for row in each),
        )
        for each in zip(*rounds, strict=True)
    ]


def show(title: str, rows: Sequence[Row], beside: Row) -> None:
    """Print `rows`, each as a ratio to `beside`."""
    table = Table(title=title, box=None, title_justify="left")
    for column in ("", "results/s", "CPU ms per 1,000", "rate ratio", "CPU ratio", "MB", "bytes/result"):
        table.add_column(column, justify="left" if not column else "right", overflow="fold")
    for row in rows:
        ratios = (f"{row.rate / beside.rate:.2f}", f"{row.cpu / beside.cpu:.1f}")
        sizes = (f"{size:,.0f}" if size else "" for size in (row.memory, row.disk))
        table.add_row(row.name, f"{row.rate:,.0f}", f"{row.cpu:,.0f}", *ratios, *sizes)
    console = Console(width=130)
    console.print(table)
    console.print(f"Ratios: to “{beside.name}”.\n")
