"""A process that has imported ``passback`` once, and runs each command in a fork of itself.

What a command does, it does in a process of its own, as its user's would; only the imports aren't repeated,
which take longer than most commands. Of two forks the first stays between, and tells how the second ended.
"""

import atexit
import contextlib
import gc
import importlib
import io
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import weakref

_IMPORTED = (
    *(f"passback.cli.{name}" for name in ("alerts", "commands", "configuration", "deliveries", "export")),
    *(f"passback.cli.{name}" for name in ("init", "new", "people", "reports", "sandbox", "sso", "users")),
    *("alembic.command", "sqlalchemy.dialects.sqlite", "sqlalchemy.dialects.postgresql.psycopg"),
    *("aiosmtplib", "stevedore.extension", "passback_xapi"),
)
_NUMBER = struct.Struct("!q")
_HERE = ("PYTHONPATH", "PYTHONUNBUFFERED")


class Zygote:
    """Runs commands in forks of a process that has imported what they need."""

    def __init__(self):
        self._orders, theirs = socket.socketpair()
        environment = {name: value for name, value in os.environ.items() if name not in _HERE}
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno())], env=environment, pass_fds=[theirs.fileno()]
            )
        self._starts = _python(os.environ)
        weakref.finalize(self, _end, self._orders, self._process)

    def takes(self, environment):
        """Return whether the interpreter of a command in `environment` would start as this one did."""
        return _python(environment) == self._starts and self._process.poll() is None

    def run(self, arguments, folder, given, timeout):
        """Run ``passback`` with `arguments`; return how it ended and what it said."""
        with contextlib.ExitStack() as closing:
            files = [closing.enter_context(tempfile.TemporaryFile()) for _ in range(3)]
            files[0].write((given or "").encode())
            files[0].seek(0)
            streams = [each.fileno() for each in files]
            code = self.start(arguments, folder, streams, os.environ, timeout=timeout).wait()
            said = [_read(each).decode() for each in files[1:]]
        if code == -signal.SIGALRM:
            raise subprocess.TimeoutExpired(arguments, timeout, *said)
        return subprocess.CompletedProcess(arguments, code, *said)

    def start(self, arguments, folder, streams, environment, *, timeout=0, leads=False):
        """Start ``passback`` with `arguments`.

        Args:
            arguments: What follows the command's name.
            folder: Where it runs.
            streams: What it reads, writes and complains to: three open descriptors.
            environment: Its environment.
            timeout: After how many seconds it ends by SIGALRM, where it hasn't ended.
            leads: Whether it leads a process group of its own.
        """
        order = {
            "arguments": [str(each) for each in arguments], "folder": str(folder),
            "environment": dict(environment), "timeout": timeout, "leads": leads,
        }  # fmt: skip
        ours, theirs = os.pipe()
        with tempfile.TemporaryFile() as written, os.fdopen(theirs, "wb", 0) as reports:
            written.write(json.dumps(order).encode())
            written.flush()
            handed = [written.fileno(), reports.fileno(), *streams]
            socket.send_fds(self._orders, [b"!"], handed)
        return Command(arguments, ours)


class Command:
    """A command that runs in a fork, as `subprocess.Popen` has it.

    Attributes:
        pid: Its process.
        returncode: How it ended; None while it runs.
        stderr: What it complains, as it comes, where the starter put a stream here.
    """

    def __init__(self, arguments, reports):
        self._arguments = arguments
        self._reports = os.fdopen(reports, "rb", 0)
        self.pid = self._report()
        self.returncode = None
        self.stderr = None

    def poll(self):
        """Return how it ended, or None."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout=None):
        """Return how it ended, once it has.

        Raises:
            TimeoutExpired: It hasn't after `timeout` seconds.
        """
        if self.returncode is None:
            if not select.select([self._reports], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(self._arguments, timeout)
            self.returncode = self._report()
            self._reports.close()
        return self.returncode

    def send_signal(self, number):
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self):
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self):
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def communicate(self, timeout=60):
        """Return None and the rest of what it complained; it's killed if it hasn't ended after `timeout`."""
        late = threading.Timer(timeout, self.kill)
        late.start()
        with self.stderr:
            said = self.stderr.read()
        self.wait()
        late.cancel()
        late.join()
        return None, said

    def _report(self):
        return _NUMBER.unpack(self._reports.read(_NUMBER.size))[0]


def _end(orders, process):
    orders.close()
    process.wait()


def _read(file):
    file.seek(0)
    return file.read()


def _python(environment):
    settings = {name: value for name, value in environment.items() if name.startswith(("PYTHON", "COLUMNS"))}
    return {name: value for name, value in settings.items() if name not in _HERE}


def _serve(orders):
    """Fork for each order; return the one that is to be run, and its streams, in the fork."""
    while True:
        sent, handed, _, _ = socket.recv_fds(orders, 1, 5)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if not sent:
            sys.exit()
        if os.fork() == 0:
            orders.close()
            written, reports, *streams = handed
            with os.fdopen(written, "rb") as file:
                order = json.loads(_read(file))
            if _keeps(streams, reports):
                os._exit(0)
            return order, streams
        for each in handed:
            os.close(each)


def _keeps(streams, reports):
    """Fork once more; return True in the process that has told how the other one ended."""
    child = os.fork()
    if child == 0:
        os.close(reports)
        return False
    for each in (*streams, 0, 1, 2):
        os.close(each)
    os.write(reports, _NUMBER.pack(child))
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    # Who started it may be gone by now.
    with contextlib.suppress(BrokenPipeError):
        os.write(reports, _NUMBER.pack(code))
    return True


def _become(order, streams):
    """Make this process what its order says that it is."""
    signal.alarm(order["timeout"])
    if order["leads"]:
        os.setsid()
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    # As `python -m` has it: the folder, and what the environment names, before what is installed.
    named = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    sys.path[:1] = [order["folder"], *named]
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
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
    _become(*_serve(socket.socket(fileno=int(sys.argv[1]))))
    _main()
