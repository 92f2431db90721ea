"""``passback-webhook preview``: show what would be sent, without sending anything."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from passback import (
    ConfigError,
    InvalidResult,
    OutboxError,
    Passback,
    Result,
    ResultKind,
    Selection,
    SystemClock,
    parse_result,
)
from passback_webhook.connector import WebhookConnector
from passback_webhook.preview import preview, sample


class _Refused(Exception):  # it never leaves this module
    """The command can't be carried out; the message says why."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Carry out the command line."""
    given = _parser().parse_args(arguments)
    try:
        sys.stdout.write(asyncio.run(_preview(given)))
    except* (ConfigError, InvalidResult, OutboxError, OSError, _Refused) as failures:
        for failure in _each(failures):
            sys.stderr.write(f"{failure}\n")
        sys.exit(1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="passback-webhook", description="Passback's generic webhook.")
    commands = parser.add_subparsers(required=True, metavar="command")
    command = commands.add_parser("preview", help="show what would be sent for a result; send nothing")
    command.add_argument("--config", type=Path, default=Path("passback.toml"), help="the configuration file")
    command.add_argument("--connection", required=True, help="the connection's name")
    what = command.add_mutually_exclusive_group()
    what.add_argument(
        "--event",
        type=ResultKind,
        choices=list(ResultKind),
        default=ResultKind.COMPLETED,
        help="a made-up result of this kind",
    )
    what.add_argument("--result", type=Path, help="a result as JSON, in a file")
    what.add_argument("--stored", metavar="ID", help="a result of the outbox, by its id")
    return parser


async def _preview(given: argparse.Namespace) -> str:
    host = Passback.from_file(given.config, strict=False, deliver=False)
    try:
        connector = host.connection(given.connection).connector
        if not isinstance(connector, WebhookConnector):
            raise _Refused(f"connection {given.connection!r} is none of this connector (connector = webhook)")
        return preview(connector.options, connector.clock, await _result(host, given))
    finally:
        await host.aclose()


async def _result(host: Passback, given: argparse.Namespace) -> Result:
    if given.result is not None:
        return parse_result(given.result.read_bytes())
    if given.stored is None:
        return sample(given.event, SystemClock().now())
    async with host:
        async for found in host.export(Selection(results=[given.stored])):
            return found.result
    raise _Refused(f"the outbox has no result {given.stored!r}")


def _each(failures: BaseExceptionGroup[Exception]) -> list[BaseException]:
    found: list[BaseException] = []
    for each in failures.exceptions:
        found += _each(each) if isinstance(each, BaseExceptionGroup) else [each]
    return found


if __name__ == "__main__":
    main()
