"""A process that has imported ``passback`` once, and runs each command in a fork of itself.

What a command does, it does in a process of its own, as its user's would; only the imports aren't repeated,
which take longer than most commands.
"""

import ctypes
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

_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER
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
        # So that what it starts becomes a child of this process, and can be waited for.
        self.starts = sys.platform == "linux" and ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0) == 0
        weakref.finalize(self, self._process.kill)

    def takes(self, environment):
        """Return whether the interpreter of a command in `environment` would start as this one did."""
        return _python(environment) == self._starts and self._process.poll() is None

    def start(self, arguments, folder):
        """Start ``passback`` with `arguments`, as `subprocess.Popen` does; its standard error is a pipe."""
        with tempfile.TemporaryDirectory() as place:
            pipe = Path(place) / "err"
            os.mkfifo(pipe)
            pid = self._ordered(arguments, folder, [os.devnull, os.devnull, str(pipe)], adopted=True)
            return _adopted(pid, arguments, pipe.open(encoding="utf-8"))

    def _ordered(self, arguments, folder, streams, **more):
        order = {"arguments": arguments, "folder": str(folder), "environment": dict(os.environ)}
        self._process.stdin.write(json.dumps({**order, "streams": streams, **more}) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def run(self, arguments, folder, given, timeout):
        """Run ``passback`` with `arguments`; return how it ended and what it said."""
        with tempfile.TemporaryDirectory() as place:
            streams = [Path(place) / name for name in ("in", "out", "err")]
            streams[0].write_text(given or "", "utf-8")
            code = self._ordered(arguments, folder, [str(each) for each in streams], timeout=timeout)
            said = [each.read_text("utf-8") for each in streams[1:]]
        if code == -signal.SIGALRM:
            raise subprocess.TimeoutExpired(arguments, timeout, *said)
        return subprocess.CompletedProcess(arguments, code, *said)


def _adopted(pid, arguments, errors):
    process = subprocess.Popen.__new__(subprocess.Popen)
    process.args, process.pid, process.returncode = arguments, pid, None
    process.stdin = process.stdout = None
    process.stderr = errors
    process.text_mode, process.encoding, process.errors = True, "utf-8", "strict"
    process._child_created, process._waitpid_lock = True, threading.Lock()
    process._input, process._communication_started = None, False
    return process


def _python(environment):
    return {name: value for name, value in environment.items() if name.startswith(("PYTHON", "COLUMNS"))}


def _serve():
    """Fork for each order; return the one that is to be run, in the fork."""
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            if not order.get("adopted"):
                return order
            worker = os.fork()
            if worker == 0:
                return order
            # Whoever asked is its parent once this one is gone.
            _say(worker)
            os._exit(0)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if not order.get("adopted"):
            _say(code)
    sys.exit()


def _say(number):
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def _become(order):
    """Make this process what its order says that it is."""
    signal.alarm(order.get("timeout", 0))
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


if __name__ == "__main__":
    for module in _IMPORTED:
        importlib.import_module(module)
    _become(_serve())
    importlib.import_module("passback.cli").main()
