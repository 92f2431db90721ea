"""The commands that show what stands, and start it again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import attrs
import typer

from passback.cli.choosing import IdsArgument, choosing, require_there
from passback.cli.common import DEFAULT_CONFIG, ConfigOption, JsonOption, app, host_for, run
from passback.cli.output import ago, counted, fail, out, plain, print_json, table
from passback.delivery import ERASED, SETTLED, ConnectionState, Selection, Totals
from passback.host import Passback
from passback.host.configured import NOT_CONFIGURED
from passback.http import OWN_QUOTA
from passback.store import State

__all__ = ["replay", "status"]


@app.command()
def status(config: ConfigOption = DEFAULT_CONFIG, *, json: JsonOption = False) -> None:
    """Show how each connection does and where every result stands."""
    host = host_for(config)

    async def show() -> None:
        async with host:
            totals = await host.totals()
        if json:
            print_json(totals)
            return
        rows = [
            [each.name, each.health, *(str(each.shown(state)) for state in State), ago(each.last_success)]
            for each in totals.connections
        ]
        table("Connections", ["name", "health", *(state.word for state in State), "last success"], rows)
        for each in totals.connections:
            _show_trouble(each)
        out.print(f"\n{_accounted(totals)}", highlight=False)

    run(show())


def _accounted(totals: Totals) -> str:
    said = f"{counted(totals.accepted, 'result')} accepted, {totals.unrouted} unrouted"
    ended = ((ERASED, "erased"), (SETTLED, "removed long after they were settled"))
    gone = [f"{totals.removed[how]} {words}" for how, words in ended if totals.removed.get(how)]
    return ", ".join([said, *gone])


def _show_trouble(connection: ConnectionState) -> None:
    if connection.health == "ok" and connection.next_probe is None:
        return
    gone = connection.health == NOT_CONFIGURED
    if gone and not any(connection.counts.get(state.word) for state in (State.PENDING, State.WAITING)):
        return
    out.print(f"\n[bold]{connection.name}[/bold] [red]{connection.health}[/red]", end="", highlight=False)
    times = f" since {ago(connection.since)}"
    if connection.next_probe is not None:
        soon = connection.next_probe > datetime.now(UTC)
        times += f"; next try {ago(connection.next_probe)}" if soon else "; its next try is due"
    out.print("" if gone else times, highlight=False)
    out.print(f"  {connection.detail}", highlight=False, markup=False)
    if connection.oldest:
        out.print(
            f"  the oldest result that waits to be sent was accepted {ago(connection.oldest)}",
            highlight=False,
        )


@app.command()
@choosing
def replay(
    selection: Selection,
    ids: IdsArgument = None,
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how many it would be.")] = False,
    json: JsonOption = False,
) -> None:
    """Send waiting, rejected or put off deliveries once more, with the configuration as it is now.

    With --connection, a connection that waits out an outage is tried at once, too.
    """
    selection = attrs.evolve(selection, deliveries=ids or None)
    if selection == Selection():
        fail("say which: numbers, --connection, --state, --learner, …; --help lists them")
    host = host_for(config)

    async def again() -> tuple[int, ConnectionState | None]:
        async with host:
            await require_there(host, selection)
            if dry_run:
                return await host.replayable(selection), None
            before = await _put_off(host, selection.connection)
            return await host.replay(selection), before

    count, before = run(again())
    if json:
        print_json({"replayable" if dry_run else "replayed": count})
    else:
        are = "would be" if dry_run else "is" if count == 1 else "are"
        out.print(f"{counted(count, 'delivery', 'deliveries')} {are} due again", highlight=False)
        if before is not None:
            out.print(plain(_tried(before)), highlight=False)


async def _put_off(host: Passback, connection: str | None) -> ConnectionState | None:
    """Return how `connection` does, if it waits for the time of its next try."""
    if connection is None:
        return None
    totals = await host.totals()
    waits = (each for each in totals.connections if each.name == connection and each.next_probe is not None)
    return next(waits, None)


def _tried(before: ConnectionState) -> str:
    when = ago(before.next_probe)
    # Nobody's word gives it more requests.
    if before.detail.startswith(OWN_QUOTA) and when.startswith("in "):
        return f"{before.name} sends again {when}, not before: {before.detail}"
    return f"{before.name} was to be tried {when}, and is tried now"
