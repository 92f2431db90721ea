"""``passback deliveries``: where each result stands, and what happened to it."""

from __future__ import annotations

from typing import Annotated

import attrs
import typer

from passback.cli.choosing import choosing, require_there
from passback.cli.common import DEFAULT_CONFIG, ConfigOption, JsonOption, LimitOption, app, host_for, run
from passback.cli.output import ago, colored, counted, fail, out, plain, print_json
from passback.delivery import DeliveryState, Selection, Step
from passback.identity import UserContext
from passback.store import WaitingFor

__all__ = ["deliveries", "show"]

group = typer.Typer(invoke_without_command=True)
app.add_typer(group, name="deliveries")


@group.callback()
@choosing
def deliveries(
    selection: Selection,
    context: typer.Context,
    limit: LimitOption = 50,
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    json: JsonOption = False,
) -> None:
    """List deliveries, the newest change first; `show` tells what happened to one."""
    if context.invoked_subcommand is not None:
        return
    host = host_for(config)

    async def list_them() -> None:
        async with host:
            await require_there(host, selection)
            found = await host.deliveries(selection, limit)
        if json:
            print_json(found)
            return
        for each in found:
            _print(each)
        out.print(
            counted(len(found), "delivery", "deliveries")
            + (", the newest; --limit shows more" if len(found) == limit else "")
        )

    run(list_them())


@group.command()
def show(
    number: Annotated[int, typer.Argument(help="The delivery's number.")],
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    json: JsonOption = False,
) -> None:
    """Show everything that happened to a delivery: each attempt, what was asked, what came back."""
    host = host_for(config)

    async def tell() -> None:
        async with host:
            found = await host.deliveries(Selection(deliveries=[number]))
            steps = await host.steps(number)
            context = await host.accounts.context(found[0].connection) if found else UserContext()
        if not found:
            fail(f"there is no delivery {number}")
        if json:
            print_json({**attrs.asdict(found[0]), "steps": steps})
            return
        _print(found[0])
        if found[0].waiting_for == WaitingFor.ACCOUNT and context.failing is not None:
            said = f"users can't be looked up there since {ago(context.failing)}: {context.failure}"
            out.print(f"   {plain(said)}", highlight=False)
        out.print(f"   accepted {found[0].accepted:%Y-%m-%d %H:%M:%S} UTC", highlight=False)
        for step in steps:
            _print_step(step)

    run(tell())


def _print(delivery: DeliveryState) -> None:
    who = plain(f"{delivery.learner}  {delivery.kind}  → {delivery.connection}")
    tried = "once" if delivery.attempts == 1 else f"{delivery.attempts} times"
    word = f"waiting for {delivery.waiting_for}" if delivery.waiting_for else delivery.state
    following = "" if delivery.next_try is None else f", next try {ago(delivery.next_try)}"
    when = f"[dim]{ago(delivery.changed)}, tried {tried}{following}[/dim]"
    out.print(f"{delivery.id}  {colored(word)}  {who}  {when}", highlight=False)
    out.print(f"   [dim]result {plain(delivery.result_id)}[/dim]", highlight=False)
    if delivery.reason:
        out.print(f"   {plain(delivery.reason)}", highlight=False)


def _print_step(step: Step) -> None:
    took = "" if step.seconds is None else f", {step.seconds:.2f} s"
    out.print(f"   [bold]{step.at:%Y-%m-%d %H:%M:%S}[/bold] {step.kind}{took}", highlight=False)
    if step.summary:
        out.print(f"      {plain(step.summary)}", highlight=False)
    out.print(f"      → {plain(step.outcome)}", highlight=False)
