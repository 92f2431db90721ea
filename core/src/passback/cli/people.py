"""The commands about learners: their results, the users of an LMS, and what is attached to what."""

from __future__ import annotations

from typing import Annotated

import typer

from passback.cli.common import DEFAULT_CONFIG, ConfigOption, JsonOption, app, host_for, run
from passback.cli.output import ago, fail, out, plain, print_json, table
from passback.model import DEFAULT_ORGANISATION, Reach, Standing

__all__ = ["attach", "attachments", "detach", "results", "users"]

_ActivityArgument = Annotated[str, typer.Argument(help="The activity's id.")]
_ConnectionArgument = Annotated[str, typer.Argument(help="The connection's name.")]


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
            nobody = f"nothing is known of learner {learner!r} in organisation {organisation!r}"
            out.print(plain(nobody), highlight=False)
            return
        columns = [
            "activity",
            "last",
            "started",
            "progress",
            "score",
            "passed",
            "awards",
            "tasks",
            "delivered",
        ]
        table(f"{found[0].learner.name or learner}", columns, [_row(each) for each in found])

    run(show())


_COLUMNS = ["activity", "last", "started", "progress", "score", "passed", "awards", "tasks", "delivered"]


def _row(standing: Standing) -> list[str]:
    counters = standing.counters
    score = standing.score
    points = None if score is None or score.raw is None else f"{score.raw:g}"
    if points is not None and score is not None and score.max is not None:
        points = f"{points} of {score.max:g}"
    if points is None and score is not None and score.scaled is not None:
        points = f"{score.scaled:.0%}"
    return [
        standing.activity.name or standing.activity.id,
        f"{standing.kind} {ago(standing.last_activity)}",
        ago(standing.started),
        "-" if standing.progress is None else f"{standing.progress:.0%}",
        points or "-",
        {True: "yes", False: "no", None: "-"}[standing.success],
        _of(counters.awards_unlocked, counters.total_awards) if counters else "-",
        _of(counters.tasks_completed, counters.total_tasks) if counters else "-",
        "; ".join(_reach(each) for each in standing.reached) or "nowhere yet",
    ]


def _of(have: int | None, total: int | None) -> str:
    if have is None:
        return "-"
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
def users(
    connection: _ConnectionArgument,
    email: Annotated[str | None, typer.Option(help="Only users with this address.")] = None,
    username: Annotated[str | None, typer.Option(help="Only users with this login name.")] = None,
    external_id: Annotated[str | None, typer.Option(help="Only users with this customer id.")] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    json: JsonOption = False,
) -> None:
    """List the users of a connection's system, all of them or those that match."""
    host = host_for(config)

    async def show() -> None:
        count = 0
        found = host.users(connection, email=email, username=username, external_id=external_id)
        async for user in found:
            count += 1
            if json:
                print_json(user)
                continue
            known = [user.name, user.email, user.username, user.external_id]
            line = "  ".join([user.id, *(each for each in known if each)])
            out.print(plain(line) + ("" if user.active else "  [dim]inactive[/dim]"), highlight=False)
        await host.aclose()
        if not json:
            out.print(f"{count} users", highlight=False)

    run(show())


@app.command()
def attach(
    activity: _ActivityArgument, connection: _ConnectionArgument, config: ConfigOption = DEFAULT_CONFIG
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
    activity: _ActivityArgument, connection: _ConnectionArgument, config: ConfigOption = DEFAULT_CONFIG
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
