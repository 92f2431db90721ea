"""Processes, forked from one that has imported everything: a start that imports takes more than a second."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1


class Child:
    """A process of ours.

    Attributes:
        pid: Its number.
        since: When it was started, on the monotonic clock.
        log: What it says.
    """

    def __init__(self, work: Callable[[], object], log: Path) -> None:
        self.log = log
        self.since = time.monotonic()
        self._code: int | None = None
        sys.stdout.flush()
        # A worker begins by that, too; nobody is quick enough to do it in a process that is there already.
        before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
        self.pid = os.fork()
        if not self.pid:
            os._exit(_run(work, log))
        signal.signal(signal.SIGHUP, before)

    @property
    def code(self) -> int | None:
        """How it ended: as a shell has it, negative for a signal; None while it runs."""
        if self._code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._code = os.waitstatus_to_exitcode(status)
        return self._code

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal, if it still runs."""
        if self.code is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it by SIGKILL, and return when it's gone."""
        self.signal(signal.SIGKILL)
        self.wait(10)

    def wait(self, seconds: float) -> int | None:
        """Wait until it has ended; return how, None if it hasn't."""
        end = time.monotonic() + seconds
        while self.code is None and time.monotonic() < end:
            time.sleep(0.002)
        return self.code


def ask(work: Callable[[], Any]) -> Any:
    """Return what `work` returns in a process of its own, as JSON has it."""
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(reading)
        _run(lambda: _tell(writing, work()), None)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as file:
        content = file.read()
    os.waitpid(pid, 0)
    if not content:
        raise RuntimeError("a question to the outbox failed; its traceback stands above")
    return json.loads(content)


def _tell(writing: int, answer: object) -> None:
    with os.fdopen(writing, "w") as file:
        json.dump(answer, file)


def _run(work: Callable[[], object], log: Path | None) -> int:
    """Run `work` as a program of its own, which ends when its parent does; return its exit code."""
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        if log is not None:
            os.setsid()
            file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.dup2(file, 1)
            os.dup2(file, 2)
        work()
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    except BaseException:  # noqa: BLE001 - it's the end of a process
        traceback.print_exc()
        return 70
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0
