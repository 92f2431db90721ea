"""Run the sandbox: ``python -m passback_webhook.sandbox``, and ``… send URL`` for the other side."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import get_args

from passback.sandbox import Sends, run
from passback_webhook.sandbox.sandbox import Sandbox
from passback_webhook.sandbox.sender import Sender, Way, six_events

_START = "2026-11-02T08:30:00+00:00"


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve a sandbox until interrupted, or send what a platform sends."""
    sends = Sends(description="Send six events to us, as TIQ does.", options=_options, send=_send)
    run(Sandbox, "python -m passback_webhook.sandbox", arguments, sends)


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("--way", choices=get_args(Way), default="token", help="what to send with them")
    parser.add_argument("--client", default="", help="the client's name, where tokens are for that alone")
    parser.add_argument("--user", default="E-1001", help="whom they are about")
    parser.add_argument("--course", default="crane-1", help="what they are about")
    parser.add_argument(
        "--start", type=datetime.fromisoformat, default=_START, help="when it began, such as %(default)s"
    )


def _send(url: str, secret: str, chosen: Namespace) -> Iterator[str]:
    events = six_events(chosen.user, chosen.course, chosen.start)
    answers = Sender(url, secret, way=chosen.way, client=chosen.client).send(events)
    for event, answer in zip(events, answers, strict=True):
        yield f"{event['event']}: {answer.status} {answer.body.decode()}"


if __name__ == "__main__":
    main()
