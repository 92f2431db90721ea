"""The command that erases a learner."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from passback.cli.common import DEFAULT_CONFIG, ConfigOption, app, host_for, run
from passback.cli.output import NEEDS_SOMEBODY, counted, err, fail, mark, out, plain, printable
from passback.cli.people import nobody
from passback.delivery import Kept
from passback.errors import OutboxNotRewritten
from passback.model import DEFAULT_ORGANISATION

__all__ = ["erase"]


@app.command()
def erase(
    learner: Annotated[str, typer.Argument(help="The learner's id.")],
    organisation: Annotated[str, typer.Option(help="Whose learner.")] = DEFAULT_ORGANISATION,
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
) -> None:
    """Remove everything that is known of a learner, for good; what was delivered stays where it is."""
    kept = run(_kept(config, learner, organisation))
    if not yes:
        what = f"{_told(kept)} of" if kept else "what may still name"
        typer.confirm(f"Erase {what} {printable(learner)} for good?", abort=True)
    # Also where nothing is kept: who asked before may have been killed while the file was written anew.
    left = run(_removed(config, learner, organisation))
    if kept:
        out.print(f"{_told(kept)} erased", highlight=False)
    if left:
        err.print(f"{mark('problem', err)} {plain(str(left))}", highlight=False, soft_wrap=True)
        raise typer.Exit(NEEDS_SOMEBODY)
    if not kept:
        fail(nobody(learner, organisation))


async def _kept(config: Path, learner: str, organisation: str) -> Kept:
    async with host_for(config) as host:
        return await host.kept(learner, organisation)


async def _removed(config: Path, learner: str, organisation: str) -> OutboxNotRewritten | None:
    async with host_for(config) as host:
        try:
            await host.erase(learner, organisation)
        except OutboxNotRewritten as error:
            return error
    return None


def _told(kept: Kept) -> str:
    counts = (
        (kept.results, "result", "results"),
        (kept.standings, "standing", "standings"),
        (kept.accounts, "account", "accounts"),
        (kept.launches, "launch", "launches"),
        (kept.people, "person", "people"),
        (kept.links, "link", "links"),
        (kept.provisions, "provision", "provisions"),
    )
    return ", ".join(counted(*each) for each in counts if each[0])
