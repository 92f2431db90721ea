"""The commands that look at the configuration file: what is in force, what is wrong, what may stand there."""

from __future__ import annotations

import json as json_text
import sys
from collections.abc import Sequence
from typing import Any

import typer

from passback.cli.common import DEFAULT_CONFIG, ConfigOption, JsonOption, app
from passback.cli.output import CANNOT_RUN, NEEDS_SOMEBODY, mark, out, plain, print_json
from passback.cli.toml import table_lines
from passback.errors import ConfigError, ConnectionNotReady
from passback.host.config import Examination, config_schema, effective, take
from passback.host.running.alerting import alert_mistakes

__all__ = ["check", "schema"]

configuration = typer.Typer(help="Look at the configuration file.", no_args_is_help=True)
app.add_typer(configuration, name="config")


@configuration.command()
def check(config: ConfigOption = DEFAULT_CONFIG, *, json: JsonOption = False) -> None:
    """Print the configuration that is in force, secrets masked, and everything that is wrong with it.

    Nothing is connected to: `passback check` does that.
    """
    reading = take(config)
    examination = Examination(reading.config)
    of_connections = examination.mistakes()
    of_alerts = alert_mistakes(reading.config)
    mistakes = [*reading.mistakes, *examination.observers(), *of_alerts, *of_connections]
    mistakes.sort(key=lambda error: error.line or 0)
    inforce = effective(reading.config, examination) if reading.readable else {}
    if json:
        print_json({"configuration": inforce, "mistakes": [_row(each) for each in mistakes]})
    else:
        _show(inforce, mistakes)
    if reading.mistakes:
        raise typer.Exit(CANNOT_RUN)
    if mistakes:
        raise typer.Exit(NEEDS_SOMEBODY)


@configuration.command()
def schema() -> None:
    """Print the JSON Schema (draft-07) of the configuration, with the installed connectors' options."""
    sys.stdout.write(json_text.dumps(config_schema(), indent=2) + "\n")


def _row(mistake: ConfigError) -> dict[str, Any]:
    return {
        "file": str(mistake.file) if mistake.file else None,
        "line": mistake.line,
        "place": mistake.place,
        "connection": mistake.connection if isinstance(mistake, ConnectionNotReady) else None,
        "problem": mistake.problem,
    }


def _show(inforce: dict[str, Any], mistakes: Sequence[ConfigError]) -> None:
    for line in table_lines(inforce):
        out.print(plain(line), highlight=False, soft_wrap=True)
    for mistake in mistakes:
        out.print(f"{mark('problem')} {plain(str(mistake))}", highlight=False, soft_wrap=True)
    if not mistakes:
        out.print(f"{mark('ok')} nothing is wrong with it", highlight=False)
