"""``passback alerts``: who was told what of connections, and whether it arrived."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer

from passback.alerts import Notice
from passback.cli.common import DEFAULT_CONFIG, ConfigOption, JsonOption, LimitOption, app, host_for, run
from passback.cli.output import NEEDS_SOMEBODY, ago, mark, out, plain, print_json, table

__all__ = ["alerts", "try_them"]

group = typer.Typer(invoke_without_command=True)
app.add_typer(group, name="alerts")


@group.callback()
def alerts(
    context: typer.Context,
    limit: LimitOption = 50,
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    json: JsonOption = False,
) -> None:
    """List mails and webhooks about connections, the newest first: sent, due, failing and why."""
    if context.invoked_subcommand is not None:
        return
    host = host_for(config)

    async def read() -> list[Notice]:
        async with host:
            return await host.notices(limit)

    notices = run(read())
    if json:
        print_json(notices)
        return
    rows = [
        [ago(each.created), each.connection, each.kind.replace("_", " "), each.recipient, each.state]
        for each in notices
    ]
    table("Alerts", ["when", "connection", "what", "to", "state"], rows)
    for each in notices:
        if each.error and each.sent is None:
            again = f", tried again {ago(each.due)}" if each.due else ""
            out.print(f"\n[bold]{plain(each.connection)}[/bold] {each.channel}{again}", highlight=False)
            out.print(f"  {plain(each.error)}", highlight=False, soft_wrap=True)


@group.command("test")
def try_them(
    name: Annotated[str, typer.Argument(help="The connection.")],
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    json: JsonOption = False,
) -> None:
    """Send a test mail to a connection's contact, and a test webhook, and say whether they arrived."""
    host = host_for(config)

    async def send() -> Mapping[str, str]:
        try:
            return await host.try_alerts(name)
        finally:
            await host.aclose()

    said = run(send())
    if json:
        print_json([{"to": to, "error": error or None} for to, error in said.items()])
    else:
        for to, error in said.items():
            sign = mark("problem" if error else "ok")
            out.print(f"{sign} {plain(to)}", highlight=False, soft_wrap=True)
            if error:
                out.print(f"    {plain(error)}", highlight=False, soft_wrap=True)
    if any(said.values()):
        raise typer.Exit(NEEDS_SOMEBODY)
