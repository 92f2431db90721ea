"""The command that begins a connector: it asks little, and writes a package that works."""

from __future__ import annotations

import shlex
import shutil
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated

import typer

from passback.cli.asking import ask, choose
from passback.cli.common import app
from passback.cli.output import fail, mark, out, plain
from passback.contract import CONNECTORS
from passback.scaffold import AUTHENTICATIONS, CAPABILITIES, ExtraOption, Plan, require_room, write

__all__ = ["new"]

_USUAL = ("submit_results", "lookup_users")


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="What the connector is called: acme, acme-learn.")],
    *,
    into: Annotated[Path, typer.Option(help="The folder that gets the package's own.")] = Path(),
    auth: Annotated[str, typer.Option(help=f"How requests are proven: {', '.join(AUTHENTICATIONS)}.")] = "",
    capability: Annotated[
        list[str] | None, typer.Option(help=f"What it can do, repeated: {', '.join(CAPABILITIES)}.")
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option(help="A text that a connection needs besides, repeated: name, or name=description."),
    ] = None,
    author: Annotated[str, typer.Option(help="Who is named in the licence and the metadata.")] = "",
) -> None:
    """Begin a connector: a package with its own sandbox and tests, which installs and passes them.

    What isn't given is asked for; without a terminal, it's a bearer token, and results and users.
    """
    _require_free(name)
    try:
        require_room(Plan(name=name), into)
        if sys.stdin is not None and sys.stdin.isatty():
            auth = auth or choose("Requests are proven by", AUTHENTICATIONS)
            capability = capability or _ask_capabilities(name)
        plan = Plan(
            name=name,
            auth=auth or "bearer",
            capabilities=frozenset(capability or _USUAL),
            options=tuple(_option(each) for each in option or ()),
            author=author,
        )
        project = write(plan, into)
    except ValueError as error:
        fail(str(error))
    out.print(f"{mark('ok')} {plain(str(project))}", highlight=False, soft_wrap=True)
    out.print(f"\n  cd {plain(shlex.quote(str(project)))}", highlight=False, soft_wrap=True)
    out.print(f"  make test{plain(_python())}", highlight=False, soft_wrap=True)
    out.print("\nWhat is invented in it says what it depends on: grep -rn 'Depends on' src", highlight=False)


def _require_free(name: str) -> None:
    for offered in entry_points(group=CONNECTORS):
        if offered.name == name:
            known = f" by {offered.dist.name} {offered.dist.version}" if offered.dist else ""
            fail(f"a connector {name!r} is offered{known} already; take another name, or uninstall that")


def _ask_capabilities(name: str) -> list[str]:
    about = "; ".join(f"{each}: {what}" for each, what in CAPABILITIES.items())

    def problem(answer: str) -> str | None:
        try:
            Plan(name=name, capabilities=frozenset(_listed(answer)))
        except ValueError as error:
            return str(error)
        return None

    return _listed(ask("It can", f"{about}.", problem, default=", ".join(_USUAL)))


def _listed(answer: str) -> list[str]:
    return answer.replace(",", " ").split()


def _option(given: str) -> ExtraOption:
    name, _, description = given.partition("=")
    return ExtraOption(name, description or f"What the customer's system has as {name.replace('_', ' ')}.")


def _python() -> str:
    """Return what ``make`` must be told where its Python isn't the one that has Passback."""
    usual = shutil.which("python3")
    same = usual is not None and Path(usual).parent == Path(sys.executable).parent
    return "" if same else f" PYTHON={shlex.quote(sys.executable)}"
