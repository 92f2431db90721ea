"""The command that writes a connection's configuration: it asks, tries, and writes."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from passback.cli.answers import Answers
from passback.cli.asking import ask, ask_network, ask_options, choose, forget
from passback.cli.common import DEFAULT_CONFIG, ConfigOption, app
from passback.cli.form import Form
from passback.cli.given import contact_wrong, missing_options, name_wrong, take_options, who_problems
from passback.cli.output import NEEDS_SOMEBODY, fail, failing, mark, out, plain
from passback.cli.trying import show_outcome, tried
from passback.cli.writing import connection_names, require_room, write_connection, write_secret
from passback.contract import Connector, Options
from passback.errors import ConfigError
from passback.host.config import installed_connectors

__all__ = ["init"]

_List = list[str] | None
_WAYS = {
    "change": "some of the properties",
    "network": "let it reach http:// or a private network",
    "write": "write it as it is",
    "quit": "write nothing",
}
_Kinds = Mapping[str, type[Connector[Options]]]


@app.command()
def init(
    *,
    name: Annotated[str, typer.Option(help="What the connection is called.")] = "",
    contact: Annotated[str, typer.Option(help="The e-mail address that is told when it breaks.")] = "",
    connector: Annotated[str, typer.Option(help="The kind of system.")] = "",
    option: Annotated[_List, typer.Option(help="A property, as key=value.")] = None,
    secret_env: Annotated[_List, typer.Option(help="A secret in a variable, as key=NAME.")] = None,
    secret_file: Annotated[_List, typer.Option(help="A secret in a file, as key=path.")] = None,
    allow_http: Annotated[bool, typer.Option("--allow-http", help="http:// may be used.")] = False,
    allow: Annotated[_List, typer.Option(help="A private network that may be reached.")] = None,
    check: Annotated[bool, typer.Option("--check/--no-check", help="Whether to try it first.")] = True,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Add a connection to the configuration: ask what it needs, try it, write it.

    Whatever is asked can be given as an option; without a terminal, nothing is asked.
    """
    network: dict[str, object] = {"allow_http": True} if allow_http else {}
    network |= {"allow": list(allow)} if allow else {}
    answers = Answers(name=name, contact=contact, connector=connector, network=network)
    with failing():
        taken = connection_names(config)
        require_room(config)
        kinds = _kinds()
        asking = sys.stdin is not None and sys.stdin.isatty()
        if asking:
            _ask_who(answers, taken, kinds)
        problems = who_problems(answers, taken, kinds)
        if answers.connector not in kinds:
            fail(*problems)
        form = Form(kinds[answers.connector])
        problems += take_options(
            form, answers, (option or (), secret_env or (), secret_file or ()), config.parent
        )
        if asking and not problems:
            ask_options(form, answers, config.parent)
        problems += missing_options(form, answers, checked=check)
        if problems:
            fail(*problems)
        if check:
            _try(form, answers, config.parent, asking=asking)
        _write(config, answers)


def _kinds() -> _Kinds:
    report = installed_connectors()
    found = {
        entry.name: entry.plugin
        for entry in report.entries
        if entry.plugin is not None and issubclass(entry.plugin, Connector) and report.ready(entry.name)
    }
    if not found:
        fail("no connector is installed, or none works: passback connectors says why")
    return found


def _ask_who(answers: Answers, taken: frozenset[str], kinds: _Kinds) -> None:
    """Ask what everybody knows of the connection, and isn't given."""
    if not answers.name:
        answers.name = ask("Name", "What the connection is called.", partial(name_wrong, taken))
    if not answers.contact:
        about = "The e-mail address that is told when it breaks and heals."
        answers.contact = ask("Contact", about, contact_wrong)
    if not answers.connector:
        said = {name: (kind.__doc__ or "").strip().partition("\n")[0] for name, kind in kinds.items()}
        answers.connector = choose("Kind", said)


def _try(form: Form, answers: Answers, folder: Path, *, asking: bool) -> None:
    """Press the test button; return when it's well, or when somebody wants it written anyway."""
    while True:
        outcome = tried(answers)
        show_outcome(outcome)
        if outcome.error is None:
            return
        if not asking:
            out.print("Nothing is written; --no-check writes it anyway.")
            raise typer.Exit(NEEDS_SOMEBODY)
        way = choose("What now", _WAYS)
        if way == "write":
            return
        if way == "quit":
            raise typer.Exit(NEEDS_SOMEBODY)
        if way == "network":
            ask_network(answers)
        else:
            forget(form, answers)
            ask_options(form, answers, folder)


def _write(config: Path, answers: Answers) -> None:
    written: list[Path] = []
    try:
        for kept in answers.secrets.values():
            if kept.new and kept.value is not None:
                write_secret(config.parent / kept.where, kept.value.get_secret_value())
                written.append(config.parent / kept.where)
        write_connection(config, answers.name, answers.table())
    except ConfigError:
        for path in written:
            path.unlink()
        raise
    out.print(f"{mark('ok')} {plain(answers.name)} stands in {plain(str(config))}", highlight=False)
