"""The commands that connect, accept and deliver."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from passback.cli.common import DEFAULT_CONFIG, ConfigOption, JsonOption, app, host_for, run
from passback.cli.logs import LogFormat, log_to_stderr
from passback.cli.output import NEEDS_SOMEBODY, err, fail, print_json, say, table
from passback.cli.submission import Report, read_lines, submit_lines
from passback.cli.trying import show_outcome
from passback.errors import PassbackError
from passback.host import Passback
from passback.host.running.garbage import seek_less_garbage
from passback.host.running.standstill import standstills_ended
from passback.http import allow_more_sockets

__all__ = ["check", "connectors", "submit", "work"]

# How long a plugin has to let go of what is on the wire when nobody waits for it any longer, in seconds.
_LETS_GO = 5.0


@app.command()
def connectors(config: ConfigOption = DEFAULT_CONFIG, *, json: JsonOption = False) -> None:
    """Show every connector that is installed or configured: status, distribution, capabilities, reason."""
    if config == DEFAULT_CONFIG and not config.exists():
        from passback.contract import CONNECTORS  # noqa: PLC0415 - only without a configuration
        from passback.plugins import load  # noqa: PLC0415

        report = load(CONNECTORS, ())
    else:
        report = host_for(config).connectors
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
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    json: JsonOption = False,
) -> None:
    """Press the test button of connections: what was tried, what came of it, and what to do."""
    host = host_for(config)
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
                doubts = [f"{each.what}: {each.said}" for each in outcome.doubts]
                print_json(
                    {
                        "connection": name,
                        "ok": outcome.error is None,
                        "tried": tried,
                        "error": error,
                        "doubts": doubts,
                    }
                )
                continue
            show_outcome(outcome)
        await host.aclose()
        return failed

    if run(press()):
        raise typer.Exit(NEEDS_SOMEBODY)


@app.command()
def submit(
    file: Annotated[Path, typer.Argument(help="A JSON Lines file of results; - for standard input.")],
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    json: JsonOption = False,
) -> None:
    """Accept the results in a file: durable when this ends; `passback work` delivers them."""
    host = host_for(config)
    if str(file) == "-" and sys.stdin is None:
        fail("standard input is closed")
    if str(file) != "-" and (not file.exists() or file.is_dir()):
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

    report = run(put())
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


# More names than this at once tell nobody anything.
_NAMED = 20


@app.command()
def work(
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    log_format: Annotated[LogFormat, typer.Option(help="Lines for people, or JSON.")] = LogFormat.TEXT,
    verbose: Annotated[bool, typer.Option("--verbose", "-v")] = False,
) -> None:
    """Deliver until stopped; SIGTERM and Ctrl-C let what is on the wire arrive first."""
    log_to_stderr(log_format, verbose=verbose)
    allow_more_sockets()
    run(_deliver(host_for(config, deliver=True)))


async def _deliver(host: Passback) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    reloading: list[asyncio.Task[None]] = []

    def stopping() -> None:
        # Asked twice, it doesn't wait for what is on the wire.
        if stop.is_set():
            host.cancel()
            loop.call_later(_LETS_GO, _leave)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        _on(loop, number, stopping)
    if sys.platform != "win32":
        _on(loop, signal.SIGHUP, lambda: reloading.append(loop.create_task(_reload(host))))
    with standstills_ended():
        async with host:
            say(f"delivering for {_said(host.connection_names)}")
            seek_less_garbage()
            watching = asyncio.create_task(host.gave_up())
            watching.add_done_callback(lambda _: stop.set())
            await stop.wait()
            watching.cancel()
            say("stopping: what is on the wire may arrive")


def _leave() -> None:
    # What is left is sent again, as after a kill.
    say("a plugin doesn't let go of what is on the wire; this ends without it")
    os._exit(1)


def _said(names: Sequence[str]) -> str:
    few = len(names) <= _NAMED
    return ", ".join(names) or "no connection" if few else f"{len(names):,} connections"


async def _reload(host: Passback) -> None:
    try:
        await host.reload()
    except* PassbackError as group:
        for error in group.exceptions:
            say(f"the configuration can't be used: {error}")


def _on(loop: asyncio.AbstractEventLoop, number: int, handler: Callable[[], object]) -> None:
    try:
        loop.add_signal_handler(number, handler)
    except NotImplementedError:  # Windows
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(handler))
