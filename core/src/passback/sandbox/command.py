"""A sandbox in the foreground: what ``python -m passback_acme.sandbox`` and ``passback sandbox`` do."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import threading
from collections.abc import Sequence

from passback.sandbox.orders import FORM, order
from passback.sandbox.sending import BadAnswer, Sends
from passback.sandbox.serving import serve
from passback.sandbox.stage import Seen, Stage

__all__ = ["play", "run"]

_SECRET = "SANDBOX_SECRET"  # noqa: S105 - the variable's name


def run(
    kind: type[Stage],
    prog: str,
    arguments: Sequence[str] | None = None,
    sends: Sends | None = None,
) -> None:
    """Serve a sandbox of `kind` as a command line says: ``python -m passback_acme.sandbox``.

    Args:
        kind: What to serve.
        prog: The command, as shown in help.
        arguments: What was typed; what the process was given if None.
        sends: What ``send URL`` sends instead, where the system reports to us.
    """
    typed = sys.argv[1:] if arguments is None else arguments
    if sends is not None and typed[:1] == ["send"]:
        _send(sends, f"{prog} send", typed[1:])
        return
    chosen = _parser(kind, prog).parse_args(typed)
    try:
        play(kind, chosen.like, chosen.port, chosen.fault)
    except ValueError as error:
        sys.exit(str(error))


def play(kind: type[Stage], like: str | None = None, port: int = 0, orders: Sequence[str] = ()) -> None:
    """Serve a sandbox of `kind` until interrupted: say how it's reached, and show each request.

    Args:
        kind: What to serve.
        like: Which of its presets; None for the usual one.
        port: The port on the local host; 0 for any that is free.
        orders: The faults to play, as ``429=5:3@/users``.

    Raises:
        ValueError: There is no such preset, or an order is none; says what there is.
    """
    if like is not None and like not in kind.presets:
        raise ValueError(
            f"--like {like}: there is {', '.join(sorted(kind.presets)) or 'nothing to choose from'}"
        )
    sandbox = kind.presets[like]() if like is not None else kind.usual()
    sandbox.watcher = _show
    for text in orders:
        order(sandbox, text)
    with contextlib.suppress(KeyboardInterrupt), serve(sandbox, port) as url:
        _say(f"{kind.title}, played at {url} until Ctrl-C\n\n{sandbox.guide(url).strip()}\n")
        threading.Event().wait()


def _parser(kind: type[Stage], prog: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=prog, description=f"A strict local fake of {kind.title}.")
    parser.add_argument(
        "--like",
        metavar="KIND",
        help=f"one of {', '.join(sorted(kind.presets)) or 'nothing'}; the usual one if not given",
    )
    parser.add_argument(
        "--port", type=int, default=0, help="the port on the local host; any free one if not given"
    )
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="FAULT",
        help=f"{FORM}: misbehave for the next requests; WHAT is a status (VALUE: Retry-After), html, slow "
        "(VALUE: seconds), cut-before, cut-after or truncate",
    )
    return parser


def _send(sends: Sends, prog: str, typed: Sequence[str]) -> None:
    epilog = f"The secret key stands in {_SECRET}."
    parser = argparse.ArgumentParser(prog=prog, description=sends.description, epilog=epilog)
    parser.add_argument("url", help="the connection's address: https://host.example/passback/hooks/acme")
    sends.options(parser)
    chosen = parser.parse_args(typed)
    secret = os.environ.get(_SECRET)
    if not secret:
        sys.exit(f"{_SECRET} isn't set; it holds the secret key, as the connection has it")
    try:
        for line in sends.send(chosen.url, secret, chosen):
            _say(line)
    except (BadAnswer, OSError) as problem:
        sys.exit(str(problem))


def _show(seen: Seen) -> None:
    # Without the query: a token may stand in it.
    _say(f"{seen.method:6} {seen.path} → {seen.status or 'cut off'}")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
