"""Programs started as their users start them, in a folder of their own, and stopped whatever happens."""

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx2
from hosting import SOON, Host

from passback_testbed.places import workspace

BIN = Path(sys.executable).parent
EXAMPLES = workspace() / "examples"
LOCAL = f"""
[connections.NAME.network]
allow_http = true
allow = ["127.0.0.0/8"]
[connections.NAME.sending]
{SOON}
"""


class Deployment(Host):
    """A copy of an example, or of the folder given, with what runs there; leaving it stops that."""

    def __init__(self, folder, example, addresses, environment, connections=("acme",)):
        """Prepare a deployment.

        Args:
            folder: Where to.
            example: Which one, of `EXAMPLES`.
            addresses: What stands in its configuration → where that is on this machine.
            environment: What it finds in its environment.
            connections: Those of its connections that are on this machine.
        """
        shutil.copytree(EXAMPLES / example, folder)
        super().__init__(folder)
        table = (folder / "passback.toml").read_text("utf-8")
        for said, here in addresses.items():
            assert said in table
            table = table.replace(said, here)
        local = (LOCAL.replace("NAME", name) for name in connections)
        (folder / "passback.toml").write_text(table + "".join(local), "utf-8")
        self.environment = os.environ | environment | {"PYTHONUNBUFFERED": "1"}
        self.logs = folder.parent / f"{folder.name}-logs"
        self.logs.mkdir()
        self._running = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self._running[::-1]:
            self.stop(process)

    def launch(self, program, *arguments):
        """Start a program of our environment in a process group of its own."""
        number = len(list(self.logs.iterdir()))
        with (self.logs / f"{number}-{program}.log").open("w") as log:
            if program == "passback" and self.forks(self.environment):
                process = self.fork(arguments, (0, log.fileno(), log.fileno()), self.environment, leads=True)
            else:
                process = subprocess.Popen(
                    [BIN / program, *arguments], cwd=self.folder, env=self.environment,
                    stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
                )  # fmt: skip
        self._running.append(process)
        return process

    def stop(self, process, how=signal.SIGTERM):
        """End `process`, and then whatever it started and left."""
        self._running.remove(process)
        process.send_signal(how)
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def said(self):
        """Return what all programs wrote."""
        return "\n".join(f"{log.name}:\n{log.read_text()}" for log in sorted(self.logs.iterdir()))

    def until(self, happened, seconds=20):
        """Wait until `happened` returns something true, and return it."""
        end = time.monotonic() + seconds
        while not (found := happened()):
            assert time.monotonic() < end, f"it didn't happen within {seconds} s\n{self.said()}"
            assert all(process.poll() is None for process in self._running), self.said()
            time.sleep(0.05)
        return found

    @contextmanager
    def serving(self, port):
        """Wait until something answers HTTP at `port`, and yield a client of it."""
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=20, trust_env=False) as client:

            def answers():
                with suppress(httpx2.TransportError):
                    return client.get("/results/none")

            self.until(answers)
            yield client


def at_acme(folder, example, url):
    """Return a deployment of an example that delivers to Acme's LRS, which is at `url`."""
    return Deployment(folder, example, {"https://lrs.acme.example/xapi/": url}, {"ACME_SECRET": "secret"})
