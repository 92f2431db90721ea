"""What every command shares: the app, the options, and how one is run."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from passback.cli.output import failing, out
from passback.host import Passback
from passback.store import LARGEST

__all__ = [
    "DEFAULT_CONFIG",
    "ConfigOption",
    "ConnectionArgument",
    "JsonOption",
    "LimitOption",
    "app",
    "host_for",
    "run",
]

app = typer.Typer(
    name="passback",
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

T = TypeVar("T")


def _version(value: bool) -> None:  # noqa: FBT001 - typer's way
    if value:
        out.print(f"passback {version('passback')}", highlight=False)
        raise typer.Exit


@app.callback()
def passback(
    *,
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Learning results into any LMS, durably."""


ConfigOption = Annotated[
    Path, typer.Option("--config", "-c", envvar="PASSBACK_CONFIG", help="The configuration file.")
]
ConnectionArgument = Annotated[str, typer.Argument(help="The connection's name.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs, a line for each.")]
LimitOption = Annotated[int, typer.Option(min=1, max=LARGEST, help="At most so many.")]
DEFAULT_CONFIG = Path("passback.toml")


def run(work: Coroutine[None, None, T]) -> T:
    """Run `work`; Passback's errors end the process with a message."""
    with failing():
        return asyncio.run(work)
    raise AssertionError  # failing() ends the process instead


def host_for(config: Path, *, deliver: bool = False) -> Passback:
    """Return the host that the file at `config` configures; mistakes end the process with a message."""
    with failing():
        return Passback.from_file(config, strict=False, deliver=deliver)
    raise AssertionError  # failing() ends the process instead
