"""Run the sandbox in the foreground: ``python -m passback_xapi.sandbox``."""

import argparse
import contextlib
import sys
import threading
from collections.abc import Sequence

from passback_xapi.sandbox.behaviour import ADL, LEARNING_LOCKER, POSTGRES_LRS, RALPH, Behaviour
from passback_xapi.sandbox.sandbox import Sandbox
from passback_xapi.sandbox.server import serve

_KINDS = {"ralph": RALPH, "learning-locker": LEARNING_LOCKER, "postgres": POSTGRES_LRS, "adl": ADL}


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve a sandbox until interrupted."""
    parser = argparse.ArgumentParser(
        prog="python -m passback_xapi.sandbox", description="A local fake of a Learning Record Store."
    )
    parser.add_argument(
        "--like", choices=_KINDS, help="behave as this store; the rules' own way if not given"
    )
    parser.add_argument(
        "--port", type=int, default=0, help="the port on the local host; any free one if not given"
    )
    chosen = parser.parse_args(arguments)
    sandbox = Sandbox(_KINDS.get(chosen.like, Behaviour()))
    with contextlib.suppress(KeyboardInterrupt), serve(sandbox, chosen.port) as url:
        sys.stdout.write(
            f"URL:    {url}\nkey:    {sandbox.behaviour.key}\nsecret: {sandbox.behaviour.secret}\n"
        )
        sys.stdout.flush()
        threading.Event().wait()


if __name__ == "__main__":
    main()
