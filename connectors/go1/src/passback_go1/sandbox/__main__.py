"""Run the sandbox: ``python -m passback_go1.sandbox``, and ``… send URL`` for the other side."""

import argparse
import os
import secrets
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from passback.sandbox import run
from passback_go1.sandbox.behaviour import FIRST
from passback_go1.sandbox.sandbox import Sandbox
from passback_go1.sandbox.sender import BadAnswer, Sender, completed

_PROG = "python -m passback_go1.sandbox"
_SECRET = "SANDBOX_SECRET"  # noqa: S105 - the variable's name


def main(arguments: Sequence[str]) -> None:
    """Serve a sandbox until interrupted, or send what GO1 sends."""
    if arguments[:1] == ["send"]:
        _send(_parser().parse_args(arguments[1:]))
    else:
        run(Sandbox, arguments, _PROG)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"{_PROG} send",
        description="Report a completed enrollment to us, as GO1 does.",
        epilog=f"The secret key stands in {_SECRET}.",
    )
    parser.add_argument("url", help="the connection's address: https://host.example/passback/hooks/go1")
    parser.add_argument("--user", default=FIRST, help="whom it's about: %(default)s")
    parser.add_argument("--learning-object", default="777", help="what it's about: %(default)s")
    parser.add_argument("--result", type=int, help="the score, from 0 to 100")
    parser.add_argument("--failed", action="store_true", help="not passed")
    parser.add_argument("--event", help="the event's id, to send it again; a new one if not given")
    parser.add_argument("--at", type=datetime.fromisoformat, help="when; now if not given")
    parser.add_argument("--skew", type=int, default=0, help="by how many seconds the signature is off")
    return parser


def _send(chosen: argparse.Namespace) -> None:
    secret = os.environ.get(_SECRET)
    if not secret:
        sys.exit(f"{_SECRET} isn't set; it holds the secret key, as the connection has it")
    event = completed(
        chosen.event or secrets.token_hex(8),
        chosen.user,
        chosen.learning_object,
        chosen.at or datetime.now(UTC),
        result=chosen.result,
        **{"pass": not chosen.failed},
    )
    try:
        said = Sender(chosen.url, secret).send(event, chosen.skew)
    except (BadAnswer, OSError) as problem:
        sys.exit(str(problem))
    sys.stdout.write(f"{event['id']}: {said}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
