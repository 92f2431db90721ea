"""The commands that show what stands, and start it again."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from passback.cli.common import DEFAULT_CONFIG, ConfigOption, JsonOption, app, host_for, run
from passback.cli.output import ago, colored, fail, out, plain, print_json, table
from passback.delivery import ConnectionState, DeliveryState, Selection, State

__all__ = ["deliveries", "replay", "status"]


class _StateWord(StrEnum):
    PENDING = "pending"
    DELIVERED = "delivered"
    WAITING = "waiting"
    REJECTED = "rejected"


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
        words = [state.word for state in State]
        rows = [
            [
                each.name,
                each.health,
                *(str(each.counts.get(word, 0)) for word in words),
                ago(each.last_success),
            ]
            for each in totals.connections
        ]
        table("Connections", ["name", "health", *words, "last success"], rows)
        for each in totals.connections:
            _show_trouble(each)
        out.print(f"\n{totals.accepted} results accepted, {totals.unrouted} unrouted", highlight=False)

    run(show())


def _show_trouble(connection: ConnectionState) -> None:
    if connection.health == "ok" and connection.next_probe is None:
        return
    out.print(f"\n[bold]{connection.name}[/bold] [red]{connection.health}[/red]", end="", highlight=False)
    out.print(f" since {ago(connection.since)}; next try {ago(connection.next_probe)}", highlight=False)
    out.print(f"  {connection.detail}", highlight=False, markup=False)
    if connection.oldest:
        out.print(
            f"  the oldest result that waits to be sent was accepted {ago(connection.oldest)}",
            highlight=False,
        )


def _chosen(
    ids: list[int] | None, result: list[str] | None, connection: str | None, state: _StateWord | None
) -> Selection:
    return Selection(
        deliveries=ids or (),
        results=result or (),
        connection=connection,
        state=State[state.name] if state else None,
    )


IdsArgument = Annotated[list[int] | None, typer.Argument(help="Numbers of deliveries.")]
ResultOption = Annotated[list[str] | None, typer.Option("--result", help="Of this result.")]
ConnectionOption = Annotated[str | None, typer.Option("--connection", help="Of this connection.")]
StateOption = Annotated[_StateWord | None, typer.Option("--state", help="In this state.")]


@app.command()
def deliveries(  # noqa: PLR0913 - one for each filter
    ids: IdsArgument = None,
    result: ResultOption = None,
    connection: ConnectionOption = None,
    state: StateOption = None,
    limit: Annotated[int, typer.Option(help="At most so many.")] = 50,
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    json: JsonOption = False,
) -> None:
    """List deliveries, the newest change first."""
    host = host_for(config)

    async def show() -> None:
        async with host:
            found = await host.deliveries(_chosen(ids, result, connection, state), limit)
        if json:
            print_json(found)
            return
        for each in found:
            who = plain(f"{each.learner}  {each.kind}  → {each.connection}")
            line = f"{each.id}  {_state(each)}  {who}"
            tried = "once" if each.attempts == 1 else f"{each.attempts} times"
            out.print(f"{line}  [dim]{ago(each.changed)}, tried {tried}[/dim]", highlight=False)
            out.print(f"   [dim]result {plain(each.result_id)}[/dim]", highlight=False)
            if each.reason:
                out.print(f"   {each.reason}", highlight=False, markup=False)
        out.print(
            f"{len(found)} deliveries" + (", the newest; --limit shows more" if len(found) == limit else "")
        )

    run(show())


def _state(delivery: DeliveryState) -> str:
    word = f"waiting for {delivery.waiting_for}" if delivery.waiting_for else delivery.state
    return colored(word)


@app.command()
def replay(
    ids: IdsArgument = None,
    result: ResultOption = None,
    connection: ConnectionOption = None,
    state: StateOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    json: JsonOption = False,
) -> None:
    """Send waiting or rejected deliveries once more."""
    if not (ids or result or connection or state):
        fail("say which: numbers, --result, --connection or --state")
    host = host_for(config)

    async def again() -> int:
        async with host:
            return await host.replay(_chosen(ids, result, connection, state))

    count = run(again())
    if json:
        print_json({"replayed": count})
    else:
        out.print(f"{count} deliveries are due again", highlight=False)
