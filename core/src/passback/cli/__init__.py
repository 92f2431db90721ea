"""The command line: ``passback``."""

from __future__ import annotations

import gc
import signal
import sys
from io import TextIOWrapper

from passback.cli.ending import ending

__all__ = ["main"]


def main() -> None:
    """Run the command line; needs the extra ``cli``."""
    # A terminal or file that can't show a sign shows another in its place.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    if sys.argv[1:2] == ["work"] and hasattr(signal, "SIGHUP"):
        # Until it can read its configuration again, as that asks for, it hasn't read it yet.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    # What is imported stays: to look for garbage among it again and again is a tenth of a command's start.
    gc.disable()
    try:
        from passback.cli import (  # noqa: PLC0415 - they add themselves to the app
            alerts,  # noqa: F401
            commands,  # noqa: F401
            configuration,  # noqa: F401
            deliveries,  # noqa: F401
            erasing,  # noqa: F401
            export,  # noqa: F401
            init,  # noqa: F401
            new,  # noqa: F401
            people,  # noqa: F401
            reports,  # noqa: F401
            sandbox,  # noqa: F401
            sso,  # noqa: F401
            users,  # noqa: F401
        )
        from passback.cli.common import app  # noqa: PLC0415 - here, so that a missing extra can be told
    except KeyboardInterrupt:
        sys.exit(130)
    except ImportError as error:
        if error.name not in ("typer", "rich", "sqlalchemy"):
            raise
        sys.exit(
            f"passback: {error.name} isn't installed; install the host's tools: pip install 'passback[host]'"
        )
    gc.freeze()
    gc.enable()
    with ending():
        app()
