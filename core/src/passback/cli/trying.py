"""Trying a connection, and showing what was tried."""

from __future__ import annotations

import asyncio

from passback.cli.answers import Answers
from passback.cli.output import mark, out, plain
from passback.host import CheckOutcome, Config, ConnectionConfig, NetworkConfig, Passback

__all__ = ["show_outcome", "tried"]


def tried(answers: Answers) -> CheckOutcome:
    """Return what the test button of the connection that `answers` describe finds."""
    config = ConnectionConfig(
        connector=answers.connector,
        contact=answers.contact,
        options=answers.values(),
        network=NetworkConfig.model_validate(answers.network),
    )

    async def press() -> CheckOutcome:
        host = Passback(Config(connections={answers.name: config}), strict=False, deliver=False)
        try:
            return await host.check(answers.name)
        finally:
            await host.aclose()

    return asyncio.run(press())


def show_outcome(outcome: CheckOutcome) -> None:
    """Print what was tried of a connection, and what came of it."""
    sign = mark("problem" if outcome.error else "ok")
    out.print(f"{sign} [bold]{plain(outcome.connection)}[/bold]", highlight=False)
    for each in outcome.tried:
        line = f"    {each.asked} → {each.outcome} ({each.milliseconds} ms)"
        out.print(plain(line), highlight=False)
    if outcome.error:
        out.print(f"    {plain(str(outcome.error))}", highlight=False, soft_wrap=True)
    for doubt in outcome.doubts:
        out.print(
            f"    [yellow]![/yellow] {plain(doubt.what)}: {plain(doubt.said)}",
            highlight=False,
            soft_wrap=True,
        )
