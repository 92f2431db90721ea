"""Run the sandbox: ``python -m passback_webhook.sandbox``, and ``… send URL`` for the other side."""

import argparse
import contextlib
import os
import sys
import threading
from collections.abc import Sequence
from datetime import datetime
from typing import get_args

from passback_webhook.sandbox.behaviour import Auth, Behaviour
from passback_webhook.sandbox.sandbox import Sandbox
from passback_webhook.sandbox.sender import BadAnswer, Sender, Way, six_events
from passback_webhook.sandbox.server import serve

_SECRET = "SANDBOX_SECRET"  # noqa: S105 - the variable's name
_START = "2026-11-02T08:30:00+00:00"


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve a sandbox until interrupted, or send what a platform sends."""
    chosen = _parser().parse_args(arguments)
    if chosen.command == "send":
        _send(chosen)
    else:
        _serve(chosen)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m passback_webhook.sandbox", description="A local fake of a customer's API."
    )
    parser.add_argument("--auth", choices=get_args(Auth), default="oauth2", help="what requests must carry")
    parser.add_argument(
        "--port", type=int, default=0, help="the port on the local host; any free one if none"
    )
    commands = parser.add_subparsers(dest="command", metavar="send")
    send = commands.add_parser(
        "send", help="send six events to us, as TIQ does", epilog=f"The secret key stands in {_SECRET}."
    )
    send.add_argument("url", help="the connection's address: https://host.example/passback/hooks/tiq")
    send.add_argument("--way", choices=get_args(Way), default="token", help="what to send with them")
    send.add_argument("--client", default="", help="the client's name, where tokens are for that alone")
    send.add_argument("--user", default="E-1001", help="whom they are about")
    send.add_argument("--course", default="crane-1", help="what they are about")
    send.add_argument(
        "--start", type=datetime.fromisoformat, default=_START, help="when it began, such as %(default)s"
    )
    return parser


def _serve(chosen: argparse.Namespace) -> None:
    behaviour = Behaviour(auth=chosen.auth)
    with contextlib.suppress(KeyboardInterrupt), serve(Sandbox(behaviour), chosen.port) as url:
        sys.stdout.write(
            f"messages: {url}/events\ntokens:   {url}/token\nusers:    {url}/users\n"
            f"client:   {behaviour.client_id} {behaviour.client_secret}\n"
            f"Basic:    {behaviour.username} {behaviour.password}\n"
            f"key:      {behaviour.key_header}: {behaviour.key}\n"
        )
        sys.stdout.flush()
        threading.Event().wait()


def _send(chosen: argparse.Namespace) -> None:
    secret = os.environ.get(_SECRET)
    if not secret:
        sys.exit(f"{_SECRET} isn't set; it holds the secret key, as the connection has it")
    events = six_events(chosen.user, chosen.course, chosen.start)
    try:
        answers = Sender(chosen.url, secret, way=chosen.way, client=chosen.client).send(events)
    except (BadAnswer, OSError) as problem:
        sys.exit(str(problem))
    for event, answer in zip(events, answers, strict=True):
        sys.stdout.write(f"{event['event']}: {answer.status} {answer.body.decode()}\n")


if __name__ == "__main__":
    main()
