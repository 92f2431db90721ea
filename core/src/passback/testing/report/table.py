"""The table at the end of pytest's run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from passback.testing.report.facts import Finding, standings

__all__ = ["summary"]

_TITLES = ("suite", "connector", "distribution", "passed", "waived", "failed", "not run", "verdict")


def summary(findings: Iterable[Finding]) -> Iterator[str]:
    """Yield the lines of the table, and below it what was waived and why."""
    every = standings(findings)
    rows: list[tuple[str, ...]] = [_TITLES]
    for each in every:
        first, counts = each.first, each.counts
        numbers = [str(counts[name]) for name in ("passed", "waived", "failed")]
        known = f"{first.distribution} {first.version}".strip()
        rows.append((first.suite, first.connector, known, *numbers, str(each.untried), each.verdict))
    yield from _columns(rows)
    for each in every:
        for one in each.findings:
            if one.result == "waived":
                yield f"{one.suite} waives {one.rule}: {one.reason}"


def _columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
