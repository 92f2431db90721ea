"""A host as its administrator has it: a folder with a configuration, a results file, and the commands."""

import asyncio
import functools
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from zygote import Zygote

from passback import Activity, Learner, Passback, Result, canonical
from passback_testbed.places import workspace

TESTBED = workspace() / ".testbed"


@functools.cache
def _zygote():
    return Zygote()


class Host:
    """A folder in which ``passback`` is run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def configure(self, *tables: str, store: str = "passback.db") -> None:
        text = "\n".join([f'store = "{store}"', *tables])
        (self.folder / "passback.toml").write_text(text, "utf-8")

    def command(self, *arguments):
        return [sys.executable, "-m", "passback", *arguments]

    def run(self, *arguments, stdin=None, expect=0):
        if self.forks(os.environ):
            done = _zygote().run(arguments, self.folder, stdin, timeout=60)
        else:
            done = subprocess.run(
                self.command(*arguments),
                cwd=self.folder,
                input=stdin,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
        assert done.returncode == expect, done.stdout + done.stderr
        return done

    def forks(self, environment):
        """Return whether a fork does what the command would do."""
        return "command" not in vars(self) and _zygote().takes(environment)

    def fork(self, arguments, streams, environment, **more):
        """Start a command in a fork."""
        return _zygote().start(arguments, self.folder, streams, environment, **more)

    def json(self, *arguments, expect=0):
        done = self.run(*arguments, "--json", expect=expect)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def start(self, *arguments):
        if self.forks(os.environ):
            ours, theirs = os.pipe()
            command = self.fork(arguments, (0, 1, theirs), os.environ)
            os.close(theirs)
            command.stderr = os.fdopen(ours, encoding="utf-8")
            return command
        return subprocess.Popen(self.command(*arguments), cwd=self.folder, stderr=subprocess.PIPE, text=True)

    def totals(self):
        """Return what the outbox says, read as another process would."""

        async def read():
            async with Passback.from_file(self.folder / "passback.toml", strict=False, deliver=False) as pb:
                return await pb.totals()

        return asyncio.run(read())

    def counts(self, name="lrs"):
        return next((dict(each.counts) for each in self.totals().connections if each.name == name), {})

    def health(self, name="lrs"):
        return next((each.health for each in self.totals().connections if each.name == name), None)

    def write_results(self, count, name="results.jsonl", **fields):
        lines = [canonical(made(number, **fields)).decode() for number in range(count)]
        (self.folder / name).write_text("\n".join(lines) + "\n", "utf-8")
        return lines


def made(number, **fields):
    given = {
        "kind": "completed",
        "learner": Learner(id=f"learner-{number % 40}@example.com"),
        "activity": Activity(id=f"https://content.example.com/{number % 3}"),
        "at": datetime(2026, 11, 2, 8, 0, number % 60, tzinfo=UTC),
    }
    return Result(id=f"result-{number}", **{**given, **fields})


SOON = "first_probe = 0.2\nlongest_probe = 1"


def lrs_table(url, name="lrs", secret="secret", sending=SOON, more=""):  # noqa: S107 - of a server for one test
    return f"""
[connections.{name}]
connector = "xapi"
contact = "admin@example.com"
{more}
[connections.{name}.options]
url = "{url}"
key = "lrs"
secret = "{secret}"
[connections.{name}.network]
allow_http = true
allow = ["127.0.0.0/8"]
[connections.{name}.sending]
{sending}
"""
