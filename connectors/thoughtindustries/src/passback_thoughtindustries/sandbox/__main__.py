"""Run it: ``python -m passback_thoughtindustries.sandbox``, and ``… send URL`` for the other side."""

import secrets
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from passback.sandbox import Sends, run
from passback_thoughtindustries.sandbox.behaviour import FIRST
from passback_thoughtindustries.sandbox.sandbox import Sandbox
from passback_thoughtindustries.sandbox.sender import Sender, completed


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve a sandbox until interrupted, or send what the school sends."""
    sends = Sends(description="Report a completed course to us.", options=_options, send=_send)
    run(Sandbox, "python -m passback_thoughtindustries.sandbox", arguments, sends)


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("--user", default=FIRST, help="whom it's about: %(default)s")
    parser.add_argument("--course", default="c-7", help="what it's about: %(default)s")
    parser.add_argument("--event", help="the event's id, to send it again; a new one if not given")
    parser.add_argument("--at", type=datetime.fromisoformat, help="when; now if not given")


def _send(url: str, secret: str, chosen: Namespace) -> Iterator[str]:
    number = chosen.event or secrets.token_hex(8)
    event = completed(number, chosen.user, chosen.course, chosen.at or datetime.now(UTC))
    yield f"{number}: {Sender(url, secret).send(event)}"


if __name__ == "__main__":
    main()
