"""A process that has imported ``passback`` once, and runs each command in a fork of itself.

What a command does, it does in a process of its own, as its user's would; only the imports aren't repeated,
which take longer than most commands.
"""

import atexit
import contextlib
import gc
import importlib
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import weakref
from pathlib import Path

_IMPORTED = (
    *(f"passback.cli.{name}" for name in ("alerts", "commands", "configuration", "deliveries", "export")),
    *(f"passback.cli.{name}" for name in ("init", "people", "reports")),
    *("alembic.command", "sqlalchemy.dialects.sqlite", "sqlalchemy.dialects.postgresql.psycopg"),
    *("aiosmtplib", "stevedore.extension"),
)


class Zygote:
    """Runs commands in forks of a process that has imported what they need."""

    def __init__(self):
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._starts = _python(os.environ)
        weakref.finalize(self, self._process.kill)

    def takes(self, environment):
        """Return whether the interpreter of a command in `environment` would start as this one did."""
        return _python(environment) == self._starts and self._process.poll() is None

    def run(self, arguments, folder, given, timeout):
        """Run ``passback`` with `arguments`; return how it ended and what it said."""
        with tempfile.TemporaryDirectory() as place:
            streams = [Path(place) / name for name in ("in", "out", "err")]
            streams[0].write_text(given or "", "utf-8")
            order = {
                "arguments": arguments, "folder": str(folder), "environment": dict(os.environ),
                "streams": [str(each) for each in streams], "timeout": timeout,
            }  # fmt: skip
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
            code = json.loads(self._process.stdout.readline())
            said = [each.read_text("utf-8") for each in streams[1:]]
        if code == -signal.SIGALRM:
            raise subprocess.TimeoutExpired(arguments, timeout, *said)
        return subprocess.CompletedProcess(arguments, code, *said)


def _python(environment):
    return {name: value for name, value in environment.items() if name.startswith(("PYTHON", "COLUMNS"))}


def _serve():
    """Fork for each order; return the one that is to be run, in the fork."""
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            return order
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        sys.stdout.write(f"{code}\n")
        sys.stdout.flush()
    sys.exit()


def _become(order):
    """Make this process what its order says that it is."""
    signal.alarm(order["timeout"])
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    for number, (path, how) in enumerate(zip(order["streams"], ("rb", "wb", "wb"), strict=True)):
        with Path(path).open(how) as stream:
            os.dup2(stream.fileno(), number)
    sys.stdin = io.TextIOWrapper(os.fdopen(0, "rb"), encoding="utf-8")
    sys.stdout, sys.stderr = (_text(number) for number in (1, 2))
    sys.argv = ["passback", *order["arguments"]]


def _text(number):
    return io.TextIOWrapper(os.fdopen(number, "wb", 0), encoding="utf-8", write_through=True)


def _main():
    """Run the command and end as an interpreter does, but for taking everything apart that was imported."""
    code = 0
    try:
        importlib.import_module("passback.cli").main()
    except SystemExit as end:
        code = end.code
        if isinstance(code, str):
            sys.stderr.write(f"{code}\n")
    except BaseException:  # noqa: BLE001 - as an interpreter does
        sys.excepthook(*sys.exc_info())
        code = 1
    threading._shutdown()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            stream.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


if __name__ == "__main__":
    for module in _IMPORTED:
        importlib.import_module(module)
    # What is imported is looked at by no collection, which would copy it all in each fork.
    gc.collect()
    gc.freeze()
    _become(_serve())
    _main()
