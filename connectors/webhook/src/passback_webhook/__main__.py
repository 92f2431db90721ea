"""``passback-webhook``: show what would be sent, and what was received would become; change nothing."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import parse_qsl

from pydantic import ValidationError

from passback import (
    ConfigError,
    Incoming,
    InvalidResult,
    OutboxError,
    Passback,
    Result,
    ResultKind,
    Selection,
    SystemClock,
    parse_result,
    read_config,
)
from passback_webhook.connector import WebhookConnector
from passback_webhook.preview import preview, sample
from passback_webhook.receiving import MappingOptions, shown


class _Refused(Exception):  # it never leaves this module
    """The command can't be carried out; the message says why."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Carry out the command line."""
    given = _parser().parse_args(arguments)
    try:
        sys.stdout.write(_read(given) if given.command == "read" else asyncio.run(_preview(given)))
    except* (ConfigError, InvalidResult, OutboxError, OSError, _Refused) as failures:
        for failure in _each(failures):
            sys.stderr.write(f"{failure}\n")
        sys.exit(1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="passback-webhook", description="Passback's generic webhook.")
    commands = parser.add_subparsers(required=True, metavar="command", dest="command")
    command = commands.add_parser("preview", help="show what would be sent for a result; send nothing")
    _add_connection(command)
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
    read = commands.add_parser("read", help="show what a received body would become; keep nothing")
    _add_connection(read)
    read.add_argument("body", type=Path, help="the body, in a file")
    read.add_argument("--method", default="POST", help="how it was sent")
    read.add_argument("--path", default="", help="what stood behind the connection's address")
    read.add_argument("--query", default="", help="what stood behind ? in the address")
    read.add_argument(
        "--header",
        action="append",
        default=[],
        metavar="NAME:VALUE",
        help="a header it had; application/json is its type by default",
    )
    return parser


def _add_connection(command: argparse.ArgumentParser) -> None:
    command.add_argument("--config", type=Path, default=Path("passback.toml"), help="the configuration file")
    command.add_argument("--connection", required=True, help="the connection's name")


def _read(given: argparse.Namespace) -> str:
    incoming = Incoming(
        method=given.method,
        path=given.path,
        query=tuple(parse_qsl(given.query, keep_blank_values=True)),
        headers={"content-type": "application/json", **dict(map(_header, given.header))},
        body=given.body.read_bytes(),
        received=SystemClock().now(),
    )
    return shown(_mapping(given), given.connection, incoming)


def _header(text: str) -> tuple[str, str]:
    name, _, value = text.partition(":")
    return name.strip().lower(), value.strip()


def _mapping(given: argparse.Namespace) -> MappingOptions:
    # No secret is needed to read, and so none is asked for.
    drafts = read_config(given.config).drafts
    options = drafts[given.connection].config.options if given.connection in drafts else None
    received = options.get("receive") if isinstance(options, Mapping) else None
    if not isinstance(received, Mapping):
        raise _Refused(f"connection {given.connection!r} receives nothing (options.receive)")
    try:
        return MappingOptions.model_validate(
            {name: received[name] for name in MappingOptions.model_fields if name in received}
        )
    except ValidationError as wrong:
        detail = wrong.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in ("receive", *detail["loc"]))
        raise _Refused(f"connection {given.connection!r}: {place}: {detail['msg']}") from None


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
