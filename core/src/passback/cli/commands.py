"""The commands."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Coroutine
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from passback.cli.output import NEEDS_SOMEBODY, ago, colored, err, fail, failing, out, print_json, table
from passback.cli.submission import Report, read_lines, submit_lines
from passback.delivery import ConnectionState, DeliveryState, Selection, State
from passback.host import Passback

__all__ = ["app"]

app = typer.Typer(
    name="passback",
    help="Learning results into any LMS, durably.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    rich_markup_mode="rich",
)

T = TypeVar("T")
ConfigOption = Annotated[
    Path, typer.Option("--config", "-c", envvar="PASSBACK_CONFIG", help="The configuration file.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs, a line for each.")]
_DEFAULT = Path("passback.toml")


class _StateWord(StrEnum):
    PENDING = "pending"
    DELIVERED = "delivered"
    WAITING = "waiting"
    REJECTED = "rejected"


def _run(work: Coroutine[None, None, T]) -> T:
    with failing():
        return asyncio.run(work)
    raise AssertionError  # failing() ends the process instead


def _host(config: Path, *, deliver: bool = False) -> Passback:
    with failing():
        return Passback.from_file(config, strict=False, deliver=deliver)
    raise AssertionError  # failing() ends the process instead


@app.command()
def connectors(config: ConfigOption = _DEFAULT, *, json: JsonOption = False) -> None:
    """Show every connector that is installed or configured: status, distribution, capabilities, reason."""
    if config == _DEFAULT and not config.exists():
        from passback.contract import CONNECTORS  # noqa: PLC0415 - only without a configuration
        from passback.plugins import load  # noqa: PLC0415

        report = load(CONNECTORS, ())
    else:
        report = _host(config).connectors
    if json:
        rows = [
            {
                "name": entry.name, "status": entry.status, "distribution": entry.distribution,
                "version": entry.version, "capabilities": sorted(entry.capabilities), "reason": entry.reason,
            }
            for entry in report.entries
        ]  # fmt: skip
        print_json(rows)
        return
    table(
        "Connectors",
        ["name", "status", "distribution", "capabilities", "reason"],
        [
            [
                entry.name,
                entry.status,
                f"{entry.distribution} {entry.version}" if entry.distribution else "-",
                ", ".join(sorted(entry.capabilities)) or "-",
                entry.reason,
            ]
            for entry in report.entries
        ],
    )


@app.command()
def check(
    names: Annotated[list[str] | None, typer.Argument(help="Connections; all of them by default.")] = None,
    config: ConfigOption = _DEFAULT,
    *,
    json: JsonOption = False,
) -> None:
    """Press the test button of connections: what was tried, what came of it, and what to do."""
    host = _host(config)
    unknown = sorted(set(names or ()) - set(host.connection_names))
    if unknown:
        have = ", ".join(host.connection_names) or "none"
        fail(f"{config} has no connection {', '.join(unknown)}; it has {have}")

    async def press() -> int:
        failed = 0
        for name in names or host.connection_names:
            outcome = await host.check(name)
            failed += outcome.error is not None
            if json:
                tried = [f"{each.asked} → {each.outcome}" for each in outcome.tried]
                error = str(outcome.error) if outcome.error else None
                print_json({"connection": name, "ok": outcome.error is None, "tried": tried, "error": error})
                continue
            mark = "[red]✗[/red]" if outcome.error else "[green]✓[/green]"
            out.print(f"{mark} [bold]{name}[/bold]", highlight=False)
            for each in outcome.tried:
                out.print(
                    f"    {each.asked} → {each.outcome} ({each.milliseconds} ms)",
                    highlight=False,
                    markup=False,
                )
            if outcome.error:
                out.print(f"    {outcome.error}", highlight=False, markup=False, soft_wrap=True)
        await host.aclose()
        return failed

    if _run(press()):
        raise typer.Exit(NEEDS_SOMEBODY)


@app.command()
def submit(
    file: Annotated[Path, typer.Argument(help="A JSON Lines file of results; - for standard input.")],
    config: ConfigOption = _DEFAULT,
    *,
    json: JsonOption = False,
) -> None:
    """Accept the results in a file: durable when this ends; `passback work` delivers them."""
    host = _host(config)
    if str(file) != "-" and not file.is_file():
        fail(f"there is no file {file}")

    async def put() -> Report:
        progress = Progress(
            TextColumn("submitting"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
            console=err, disable=json or not err.is_terminal,
        )  # fmt: skip
        with progress:
            task = progress.add_task("submitting", total=None)
            lines = read_lines(file)
            async with host:
                return await submit_lines(host, lines, lambda count: progress.update(task, completed=count))

    report = _run(put())
    if json:
        refused = [{"line": line, "reason": reason} for line, reason in report.refused]
        print_json(
            {
                "accepted": report.accepted,
                "known": report.known,
                "unrouted": report.unrouted,
                "refused": refused,
            }
        )
    else:
        report.show()
    if report.refused:
        raise typer.Exit(NEEDS_SOMEBODY)


@app.command()
def work(
    config: ConfigOption = _DEFAULT, *, verbose: Annotated[bool, typer.Option("--verbose", "-v")] = False
) -> None:
    """Deliver until stopped; SIGTERM and Ctrl-C let what is on the wire arrive first."""
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.INFO,
        format="%(asctime)s %(levelname)s %(message)s",
        stream=sys.stderr,
    )
    logging.getLogger("passback").setLevel(logging.DEBUG if verbose else logging.INFO)
    host = _host(config, deliver=True)

    async def deliver() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        async with host:
            err.print(
                f"delivering for {', '.join(host.connection_names) or 'no connection'}", highlight=False
            )
            await stop.wait()
            err.print("stopping: what is on the wire may arrive", highlight=False)

    _run(deliver())


@app.command()
def status(config: ConfigOption = _DEFAULT, *, json: JsonOption = False) -> None:
    """Show how each connection does and where every result stands."""
    host = _host(config)

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

    _run(show())


def _show_trouble(connection: ConnectionState) -> None:
    if connection.health == "ok":
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
    config: ConfigOption = _DEFAULT,
    *,
    json: JsonOption = False,
) -> None:
    """List deliveries, the newest change first."""
    host = _host(config)

    async def show() -> None:
        async with host:
            found = await host.deliveries(_chosen(ids, result, connection, state), limit)
        if json:
            print_json(found)
            return
        for each in found:
            line = f"{each.id}  {_state(each)}  {each.learner}  {each.kind}  → {each.connection}"
            tried = "once" if each.attempts == 1 else f"{each.attempts} times"
            out.print(f"{line}  [dim]{ago(each.changed)}, tried {tried}[/dim]", highlight=False)
            out.print(f"   [dim]result {each.result_id}[/dim]", highlight=False)
            if each.reason:
                out.print(f"   {each.reason}", highlight=False, markup=False)
        out.print(
            f"{len(found)} deliveries" + (", the newest; --limit shows more" if len(found) == limit else "")
        )

    _run(show())


def _state(delivery: DeliveryState) -> str:
    word = f"waiting for {delivery.waiting_for}" if delivery.waiting_for else delivery.state
    return colored(word)


@app.command()
def replay(
    ids: IdsArgument = None,
    result: ResultOption = None,
    connection: ConnectionOption = None,
    state: StateOption = None,
    config: ConfigOption = _DEFAULT,
    *,
    json: JsonOption = False,
) -> None:
    """Send waiting or rejected deliveries once more."""
    if not (ids or result or connection or state):
        fail("say which: numbers, --result, --connection or --state")
    host = _host(config)

    async def again() -> int:
        async with host:
            return await host.replay(_chosen(ids, result, connection, state))

    count = _run(again())
    if json:
        print_json({"replayed": count})
    else:
        out.print(f"{count} deliveries are due again", highlight=False)
