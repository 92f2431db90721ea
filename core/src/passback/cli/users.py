"""``passback users``: the users of an LMS, and which of them learners are."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from passback.cli.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    ConnectionArgument,
    JsonOption,
    app,
    host_for,
    run,
)
from passback.cli.output import NEEDS_SOMEBODY, ago, counted, err, out, plain, print_json, table
from passback.errors import Unsupported
from passback.host import Passback
from passback.identity import AccountState, Bond, SyncReport, UserContext

__all__ = ["accounts", "decide", "list_users", "sync"]

group = typer.Typer(no_args_is_help=True)
app.add_typer(group, name="users", help="The users of an LMS, and which of them learners are.")


@group.command("list")
def list_users(
    connection: ConnectionArgument,
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
            out.print(counted(count, "user"), highlight=False)

    run(show())


@group.command()
def sync(
    connections: Annotated[
        list[str] | None, typer.Argument(help="The connections; all that can be asked if none is given.")
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    json: JsonOption = False,
) -> None:
    """Compare all users of an LMS with the learners known there; what waited for an account goes."""
    host = host_for(config)

    async def compare() -> list[SyncReport]:
        async with host:
            names = connections or [each for each in host.connection_names if _can_list(host, each)]
            return [report for name in names if (report := await _synced(host, name, sole=bool(connections)))]

    reports = run(compare())
    if json:
        print_json(reports)
    for report in () if json else reports:
        _print(report)
    if any(report.ambiguous for report in reports):
        raise typer.Exit(NEEDS_SOMEBODY)


def _can_list(host: Passback, name: str) -> bool:
    return "lookup_users" in host.connection(name).capabilities


async def _synced(host: Passback, name: str, *, sole: bool) -> SyncReport | None:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as shown:
        task = shown.add_task(f"{plain(name)}: asking", total=None)
        try:
            return await host.accounts.sync(
                name, lambda count: shown.update(task, description=f"{plain(name)}: {counted(count, 'user')}")
            )
        except Unsupported as error:
            if sole:
                raise
            out.print(plain(f"{name}: {error}"), highlight=False)
            return None


def _print(report: SyncReport) -> None:
    found = {
        "have an account now": report.new,
        "another one": report.changed,
        "none any longer": report.gone,
        "could be several users": report.ambiguous,
        "nobody there": report.unknown,
    }
    told = ", ".join(f"{len(learners)} {word}" for word, learners in found.items() if learners)
    line = f"{report.connection}: {counted(report.users, 'user')} compared; {told or 'everything as before'}"
    out.print(plain(line), highlight=False)
    for learner in report.ambiguous:
        out.print(
            plain(f"   {learner}: say who it is: passback users decide {report.connection} {learner} USER"),
            highlight=False,
            soft_wrap=True,
        )


@group.command()
def accounts(
    connection: ConnectionArgument,
    state: Annotated[
        AccountState | None, typer.Option(help="Only those that are known, ambiguous, unknown or gone.")
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    json: JsonOption = False,
) -> None:
    """Show which user of an LMS each learner is: how they were matched, and when that was checked."""
    host = host_for(config)

    async def read() -> tuple[list[Bond], UserContext]:
        async with host:
            return await host.accounts.of(connection), await host.accounts.context(connection)

    found, context = run(read())
    chosen = [bond for bond in found if state in (None, bond.state)]
    if json:
        print_json(chosen)
        return
    rows = [[bond.learner.id, bond.state, _user(bond), bond.matched_by, ago(bond.checked)] for bond in chosen]
    table(f"Accounts at {plain(connection)}", ["learner", "state", "user", "by", "checked"], rows)
    out.print(f"\n{_told(context)}", highlight=False)


def _user(bond: Bond) -> str:
    if bond.candidates:
        return f"one of {', '.join(bond.candidates)}"
    refused = bond.refused is not None and bond.refused == bond.user_id
    return (bond.user_id or "-") + (", whom the system doesn't know" if refused else "")


def _told(context: UserContext) -> str:
    if context.failing is not None:
        return f"its users can't be looked up since {ago(context.failing)}: {plain(context.failure)}"
    if context.lists_users is None:
        return "its system wasn't asked for users yet"
    said = (
        "its system tells who its users are"
        if context.lists_users
        else "its system tells nobody who its users are (501): content distribution"
    )
    synced = "" if context.synced is None else f"; all users compared {ago(context.synced)}"
    return f"{said}, known since {ago(context.since)}{synced}"


@group.command()
def decide(
    connection: ConnectionArgument,
    learner: Annotated[str, typer.Argument(help="The learner's id.")],
    user: Annotated[str, typer.Argument(help="The user's id in the LMS.")],
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Say which user of an LMS a learner is; what waited for that goes, and no sync changes it."""
    host = host_for(config)

    async def change() -> None:
        async with host:
            await host.accounts.decide(connection, learner, user)

    run(change())
    out.print(plain(f"{learner} is {user} at {connection}"), highlight=False)


@app.command()
def link(
    activity: Annotated[str, typer.Argument(help="The activity's id.")],
    connection: ConnectionArgument,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Print the address to enter in an LMS, so that it opens an activity."""
    host = host_for(config)

    async def made() -> str:
        return host.launching.link(activity, connection)

    out.print(plain(run(made())), highlight=False, soft_wrap=True)
