"""Run the sandbox: ``python -m passback_go1.sandbox``, and ``… send URL`` for the other side."""

import secrets
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from passback.sandbox import Sends, run
from passback_go1.sandbox.behaviour import FIRST
from passback_go1.sandbox.sandbox import Sandbox
from passback_go1.sandbox.sender import Sender, completed


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve a sandbox until interrupted, or send what GO1 sends."""
    sends = Sends(
        description="Report a completed enrollment to us, as GO1 does.", options=_options, send=_send
    )
    run(Sandbox, "python -m passback_go1.sandbox", arguments, sends)


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("--user", default=FIRST, help="whom it's about: %(default)s")
    parser.add_argument("--learning-object", default="777", help="what it's about: %(default)s")
    parser.add_argument("--result", type=int, help="the score, from 0 to 100")
    parser.add_argument("--failed", action="store_true", help="not passed")
    parser.add_argument("--event", help="the event's id, to send it again; a new one if not given")
    parser.add_argument("--at", type=datetime.fromisoformat, help="when; now if not given")
    parser.add_argument("--skew", type=int, default=0, help="by how many seconds the signature is off")


def _send(url: str, secret: str, chosen: Namespace) -> Iterator[str]:
    event = completed(
        chosen.event or secrets.token_hex(8),
        chosen.user,
        chosen.learning_object,
        chosen.at or datetime.now(UTC),
        result=chosen.result,
        **{"pass": not chosen.failed},
    )
    yield f"{event['id']}: {Sender(url, secret).send(event, chosen.skew)}"


if __name__ == "__main__":
    main()
