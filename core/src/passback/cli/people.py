"""The commands about learners: their results, and what is attached to what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import typer

from passback.cli.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    ConnectionArgument,
    JsonOption,
    app,
    host_for,
    run,
)
from passback.cli.output import ago, fail, out, plain, print_json, table
from passback.model import DEFAULT_ORGANISATION, Reach, Score, Standing

__all__ = ["attach", "attachments", "detach", "nobody", "results"]

_ActivityArgument = Annotated[str, typer.Argument(help="The activity's id.")]


@app.command()
def results(
    learner: Annotated[str, typer.Argument(help="The learner's id.")],
    organisation: Annotated[str, typer.Option(help="Whose learner.")] = DEFAULT_ORGANISATION,
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    json: JsonOption = False,
) -> None:
    """Show every activity that a learner has started: how far they got, and where it was delivered."""
    host = host_for(config)

    async def show() -> None:
        async with host:
            found = await host.results(learner, organisation)
        if json:
            print_json(found)
            return
        if not found:
            out.print(plain(nobody(learner, organisation)), highlight=False)
            return
        for each in found:
            _print(each)

    run(show())


def nobody(learner: str, organisation: str) -> str:
    """Say that `learner` isn't known."""
    return f"nothing is known of learner {learner!r} in organisation {organisation!r}; see --organisation"


def _print(standing: Standing) -> None:
    name = plain(standing.activity.name or standing.activity.id)
    when = f"{standing.kind} {ago(standing.last_activity)}, started {ago(standing.started)}"
    out.print(f"[bold]{name}[/bold]  [dim]{when}[/dim]", highlight=False)
    facts = [f"{label} {value}" for label, value in _facts(standing) if value is not None]
    if facts:
        out.print(f"   {'  '.join(facts)}", highlight=False)
    for reach in standing.reached:
        out.print(f"   → {plain(_reach(reach))}", highlight=False)
    if not standing.reached:
        out.print("   → nowhere: its activity is attached to no connection", highlight=False)


def _facts(standing: Standing) -> Iterator[tuple[str, str | None]]:
    counters = standing.counters
    yield "progress", None if standing.progress is None else f"{standing.progress:.0%}"
    yield "score", _points(standing.score)
    yield "passed", {True: "yes", False: "no", None: None}[standing.success]
    yield "awards", _of(counters.awards_unlocked, counters.total_awards) if counters else None
    yield "tasks", _of(counters.tasks_completed, counters.total_tasks) if counters else None


def _points(score: Score | None) -> str | None:
    if score is None:
        return None
    if score.raw is not None:
        return f"{score.raw:g}" if score.max is None else f"{score.raw:g} of {score.max:g}"
    return None if score.scaled is None else f"{score.scaled:.0%}"


def _of(have: int | None, total: int | None) -> str | None:
    if have is None:
        return None
    return str(have) if total is None else f"{have} of {total}"


def _reach(reach: Reach) -> str:
    counts = [
        f"{count} {word}"
        for word, count in (
            ("delivered", reach.delivered),
            ("pending", reach.pending),
            ("waiting", reach.waiting),
            ("rejected", reach.rejected),
        )
        if count
    ]
    return f"{reach.connection}: {', '.join(counts)}"


@app.command()
def attach(
    activity: _ActivityArgument, connection: ConnectionArgument, config: ConfigOption = DEFAULT_CONFIG
) -> None:
    """Send an activity's results to a connection, also those that were accepted before and went nowhere."""
    host = host_for(config)

    async def change() -> None:
        async with host:
            await host.attach(activity, connection)

    run(change())
    out.print(plain(f"results of {activity} go to {connection}"), highlight=False)


@app.command()
def detach(
    activity: _ActivityArgument, connection: ConnectionArgument, config: ConfigOption = DEFAULT_CONFIG
) -> None:
    """Send no further results of an activity to a connection; what was accepted for it still goes."""
    host = host_for(config)

    async def change() -> bool:
        async with host:
            return await host.detach(activity, connection)

    if not run(change()):
        fail(f"{activity} isn't attached to {connection}")
    out.print(plain(f"no further results of {activity} go to {connection}"), highlight=False)


@app.command()
def attachments(config: ConfigOption = DEFAULT_CONFIG, *, json: JsonOption = False) -> None:
    """List which activities are attached to which connections."""
    host = host_for(config)

    async def show() -> None:
        async with host:
            found = await host.attachments()
        if json:
            print_json(found)
            return
        rows = [
            [each.organisation, each.activity, each.connection, "file" if each.configured else "attached"]
            for each in found
        ]
        table("Attachments", ["organisation", "activity", "connection", "by"], rows)

    run(show())
