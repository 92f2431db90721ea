"""Run the sandbox in the foreground: ``python -m passback_webhook.sandbox``."""

import argparse
import contextlib
import sys
import threading
from collections.abc import Sequence
from typing import get_args

from passback_webhook.sandbox.behaviour import Auth, Behaviour
from passback_webhook.sandbox.sandbox import Sandbox
from passback_webhook.sandbox.server import serve


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve a sandbox until interrupted."""
    parser = argparse.ArgumentParser(
        prog="python -m passback_webhook.sandbox", description="A local fake of a customer's API."
    )
    parser.add_argument("--auth", choices=get_args(Auth), default="oauth2", help="what requests must carry")
    parser.add_argument(
        "--port", type=int, default=0, help="the port on the local host; any free one if none"
    )
    chosen = parser.parse_args(arguments)
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


if __name__ == "__main__":
    main()
