"""Run the sandbox: ``python -m passback_webhook.sandbox``, and ``… send URL`` for the other side."""

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import get_args

from passback.sandbox import run
from passback_webhook.sandbox.sandbox import Sandbox
from passback_webhook.sandbox.sender import BadAnswer, Sender, Way, six_events

_PROG = "python -m passback_webhook.sandbox"
_SECRET = "SANDBOX_SECRET"  # noqa: S105 - the variable's name
_START = "2026-11-02T08:30:00+00:00"


def main(arguments: Sequence[str]) -> None:
    """Serve a sandbox until interrupted, or send what a platform sends."""
    if arguments[:1] == ["send"]:
        _send(_parser().parse_args(arguments[1:]))
    else:
        run(Sandbox, arguments, _PROG)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"{_PROG} send",
        description="Send six events to us, as TIQ does.",
        epilog=f"The secret key stands in {_SECRET}.",
    )
    parser.add_argument("url", help="the connection's address: https://host.example/passback/hooks/tiq")
    parser.add_argument("--way", choices=get_args(Way), default="token", help="what to send with them")
    parser.add_argument("--client", default="", help="the client's name, where tokens are for that alone")
    parser.add_argument("--user", default="E-1001", help="whom they are about")
    parser.add_argument("--course", default="crane-1", help="what they are about")
    parser.add_argument(
        "--start", type=datetime.fromisoformat, default=_START, help="when it began, such as %(default)s"
    )
    return parser


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
    main(sys.argv[1:])
