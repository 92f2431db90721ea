"""The main job, on real parts: results reach a real LRS and survive its being killed half-way.

Run it by ``make demo``. It exits with 1 unless every accepted result is accounted for exactly once.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from account import Account, take
from rich.console import Console
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.table import Table

from passback import Passback, Result, State, Totals, parse_result
from passback_testbed import Ralph, post, walk

HERE = Path(__file__).parent
RUN = HERE / "run"
CHUNK = 20
PACE = 0.15
OUTAGE = 4.0
console = Console()


class Show:
    """What a person sees while it runs: two bars and the connection's health."""

    def __init__(self, total: int) -> None:
        columns = (
            TextColumn("{task.description:<10}"),
            BarColumn(40),
            MofNCompleteColumn(),
            TextColumn("{task.fields[note]}"),
        )
        self.progress = Progress(*columns, console=console)
        self.submitted = self.progress.add_task("submitted", total=total, note="")
        self.delivered = self.progress.add_task("delivered", total=total, note="")

    def update(self, task: TaskID, done: int, note: str | None = None) -> None:
        """Move a bar."""
        self.progress.update(task, completed=done)
        if note is not None:
            self.progress.update(task, note=note)

    def say(self, text: str) -> None:
        """Print a line above the bars."""
        self.progress.console.print(text, highlight=False)


async def watch(pb: Passback, show: Show) -> None:
    """Keep the bar of what is delivered moving."""
    while True:
        totals = await pb.totals()
        show.update(show.delivered, totals.count(State.DELIVERED), f"connection: {health(totals)}")
        await asyncio.sleep(0.15)


def health(totals: Totals) -> str:
    """Return the health of the demo's connection, colored."""
    word = totals.connections[0].health if totals.connections else "ok"
    return f"[{'green' if word == 'ok' else 'red'}]{word}[/]"


async def submit(pb: Passback, results: Sequence[Result], show: Show, already: int) -> None:
    """Submit `results` as a busy host would, a few at a time."""
    for start in range(0, len(results), CHUNK):
        chunk = results[start : start + CHUNK]
        await pb.submit_many(chunk)
        show.update(show.submitted, already + start + len(chunk))
        await asyncio.sleep(PACE)


async def until_health(pb: Passback, word: str) -> None:
    """Wait until the connection's health is `word`."""
    async with asyncio.timeout(20):
        while (await pb.totals()).connections[0].health != word:  # noqa: ASYNC110 - as a person watches status
            await asyncio.sleep(0.05)


async def deliver(pb: Passback, lrs: Ralph, results: Sequence[Result], show: Show) -> None:
    """Submit everything, kill the LRS in the middle, bring it back, and wait for the backlog."""
    first, second = results[: len(results) // 2], results[len(results) // 2 :]
    await submit(pb, first, show, 0)
    burst, second = second[:CHUNK], second[CHUNK:]
    await pb.submit_many(burst)
    lrs.kill()
    killed = time.monotonic()
    undelivered = len(results) - (await pb.totals()).count(State.DELIVERED)
    if undelivered < 0.3 * len(results) or len(second) < 0.2 * len(results):
        raise AssertionError("the LRS was killed too late to show anything")
    show.say(
        f"[red]✗[/] the LRS is killed (kill -9): {undelivered} of {len(results)} are undelivered, "
        f"{len(second)} of them not yet submitted; submitting goes on"
    )
    await submit(pb, second, show, len(first) + len(burst))
    await until_health(pb, "can't connect")
    show.say("[yellow]![/] status: can't connect; every result is accepted all the same")
    await asyncio.sleep(max(0, OUTAGE - (time.monotonic() - killed)))
    await asyncio.to_thread(lrs.start)
    outage = time.monotonic() - killed
    show.say(f"[green]✓[/] the LRS is back on its own data after {outage:.0f} s; nobody does anything")
    if not await pb.drain(60):
        raise AssertionError("the backlog didn't drain within a minute")
    await until_health(pb, "ok")


def summary(account: Account, seconds: float) -> Table:
    """Return the account as a table."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(justify="right", style="bold")
    table.add_column()
    table.add_row(str(account.accepted), "results accepted")
    table.add_row(str(account.delivered), "delivered, says Passback")
    table.add_row(
        str(account.there), "in the LRS exactly once and as submitted, says a reader of its whole listing"
    )
    for reason, count in account.waiting.items():
        table.add_row(f"[yellow]{count}[/]", f"[yellow]waiting[/] for an {reason}")
    for reason, count in account.rejected.items():
        table.add_row(f"[red]{count}[/]", f"[red]rejected[/]: {reason}")
    for fault in account.faults:
        table.add_row("[red]✗[/]", f"[red]{fault}[/]")
    verdict = "[green]nothing lost, nothing twice[/]" if complete(account) else "[red]this doesn't add up[/]"
    table.add_row("", f"{verdict}, in {seconds:.0f} s with an outage in the middle")
    return table


def complete(account: Account) -> bool:
    """Return whether every accepted result is accounted for exactly once."""
    kept = sum(account.waiting.values()) + sum(account.rejected.values())
    return not account.faults and account.delivered == account.there == account.accepted - kept


def other_content(result: Result) -> dict[str, Any]:
    """Return a statement that has the id of `result` but tells something else."""
    return {
        "id": result.id,
        "actor": {"objectType": "Agent", "mbox": "mailto:somebody.else@example.com"},
        "verb": {"id": "http://adlnet.gov/expapi/verbs/attempted", "display": {"en": "attempted"}},
        "object": {"objectType": "Activity", "id": "https://content.example.com/courses/another"},
        "timestamp": "2026-01-01T00:00:00.000Z",
    }


async def main() -> int:
    """Run the demo; return the exit code."""
    # The outage is shown below; the log would tell it a second time.
    logging.getLogger("passback").addHandler(logging.NullHandler())
    shutil.rmtree(RUN, ignore_errors=True)
    started = time.monotonic()
    results = [parse_result(line) for line in (HERE / "results.jsonl").read_text("utf-8").splitlines()]
    seeded = other_content(results[100])
    console.print("starting a real LRS (Ralph) on loopback …", highlight=False)
    with Ralph(RUN / "lrs", key="demo", secret="demo-secret") as lrs:  # noqa: S106 - of a server that lives a minute
        os.environ |= {"DEMO_LRS_URL": lrs.url, "DEMO_LRS_SECRET": lrs.secret}
        post(lrs.url, lrs.key, lrs.secret, [seeded])
        show = Show(len(results))
        async with Passback.from_file(HERE / "passback.toml") as pb:
            with show.progress:
                watching = asyncio.create_task(watch(pb, show))
                await deliver(pb, lrs, results, show)
                watching.cancel()
                totals = await pb.totals()
                show.update(show.delivered, totals.count(State.DELIVERED), f"connection: {health(totals)}")
            deliveries = await pb.deliveries(limit=10 * len(results))
        listing = list(walk(lrs.url, lrs.key, lrs.secret))
    account = take(results, deliveries, listing, seeded)
    told = summary(account, time.monotonic() - started)
    console.print(Panel(told, title="The account", expand=False), highlight=False)
    console.print("look around: .venv/bin/passback status -c examples/demo/passback.toml", highlight=False)
    return 0 if complete(account) else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
