"""What all the servers have in common: starting, being killed, starting again."""

import atexit
import os
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import ClassVar, Self

from passback_testbed.places import HOME
from passback_testbed.ports import await_silence, free_port, is_open
from passback_testbed.running import end_of, launch
from passback_testbed.stamps import is_installed

_START_SECONDS = 60
_STOP_SECONDS = 10


class Server(ABC):
    """A server as a process of its own, on loopback.

    It keeps its port over restarts, and writes what it says to `<name>.log` in its folder.

    Attributes:
        port: Where it listens.
    """

    name: ClassVar[str]

    def __init__(self, data: Path, *, port: int | None = None, home: Path = HOME) -> None:
        self.port = port or free_port()
        self._data = data.absolute()
        self._home = home.absolute()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    @abstractmethod
    def url(self) -> str:
        """Its address, for a connector's settings."""

    @property
    def log(self) -> Path:
        """The file with everything the server said, over all its starts."""
        return self._data / f"{self.name}.log"

    def start(self) -> None:
        """Start the server and wait until it answers; if it does not, show the end of its log.

        Raises:
            FileNotFoundError: It is not installed.
            RuntimeError: It runs already, its port is taken, or it does not come up.
        """
        if not is_installed(self._home / self.name):
            raise FileNotFoundError(
                f"run: python -m passback_testbed.install {self.name} --into {self._home}"
            )
        if self._process and self._process.poll() is None:
            raise RuntimeError(f"{self.name} was started before")
        if is_open(self.port):
            # Its answers would be taken for ours.
            raise RuntimeError(f"something else listens on port {self.port}")
        self._data.mkdir(parents=True, exist_ok=True)
        self._prepare()
        self._process = launch(self._command(), self._data, self._environment(), self.log)
        atexit.register(self.kill)
        self._await_answer(self._process)

    def kill(self) -> None:
        """End the server as a crash would, and return when nothing of it is left."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ask the server to end, and end it if it does not."""
        self._end(signal.SIGTERM)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @abstractmethod
    def _prepare(self) -> None:
        """Write the files the server reads at its start."""

    @abstractmethod
    def _command(self) -> list[str | Path]:
        """Return the program and its arguments."""

    @abstractmethod
    def _environment(self) -> dict[str, str]:
        """Return the server's settings."""

    @abstractmethod
    def _ask(self) -> int:
        """Ask for what it answers with 200 once it serves, and return the status.

        Raises:
            OSError: It isn't reached.
        """

    def _await_answer(self, process: subprocess.Popen[bytes]) -> None:
        end = time.monotonic() + _START_SECONDS
        answer: object = None
        while time.monotonic() < end and process.poll() is None:
            try:
                answer = self._ask()
            except OSError as error:
                answer = error
            else:
                if answer == HTTPStatus.OK:
                    return
            time.sleep(0.05)
        self.kill()
        last = end_of(self.log.read_text(errors="replace"))
        raise RuntimeError(f"{self.name} did not come up ({answer!r}); the end of its log:\n{last}")

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if not process:
            return
        atexit.unregister(self.kill)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, how)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(_STOP_SECONDS)
        await_silence(self.port, _STOP_SECONDS)
