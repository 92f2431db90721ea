"""A plugin that waits without await holds nobody up for long, and is named."""

import json
import os
import subprocess
import sys

import pytest

CONNECTOR = """
import threading, time
from passback import Batch, Connector, Delivered, Options

class Settings(Options):
    held: str

def sleep():
    time.sleep(3600)

def spin():
    while True:
        pass

def lock():
    held = threading.Lock()
    held.acquire()
    held.acquire()

def swallow():
    try:
        time.sleep(3600)
    except Exception:
        return

class Acme(Connector[Settings]):
    async def check(self):
        pass

    async def submit_results(self, batch):
        if self.options.held in globals():
            globals()[self.options.held]()
            return "nonsense"
        return [Delivered(each.id) for each in batch.deliveries]
"""
TABLE = """
[connections.{name}]
connector = "acme"
contact = "admin@example.com"
options = {{ held = "{held}" }}
sending = {{ linger = 0 }}
"""
SCRIPT = """
import asyncio, json, logging, sys
from datetime import UTC, datetime
from passback import Activity, Learner, Passback, Result
from passback.host.standstill import standstills_ended

logging.basicConfig(format="%(message)s", level=logging.WARNING)
NAMES = {"held", "well"}

def made(number):
    who, what = Learner(id=f"learner-{number}"), Activity(id="a")
    return Result(id=str(number), kind="completed", learner=who, activity=what, at=datetime.now(UTC))

async def deliver():
    with standstills_ended(noticed=0.2, ended=0.6):
        async with Passback.from_file("passback.toml") as pb, asyncio.timeout(30):
            await pb.submit_many(made(number) for number in range(3))
            while True:
                await asyncio.sleep(0.05)
                found = {each.name: each for each in (await pb.totals()).connections}
                if NAMES <= set(found) and found["held"].health != "ok":
                    if found["well"].counts == {"delivered": 3}:
                        break
            print(json.dumps({name: [each.detail, each.counts] for name, each in found.items()}))
            pb.cancel()

asyncio.run(deliver())
"""

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no signal that interrupts a wait"
)


@pytest.mark.parametrize("held", ["sleep", "spin", "lock", "swallow"])
def test_who_holds_everything_up_is_interrupted_and_named_and_all_others_are_served(tmp_path, held):
    (tmp_path / "passback_acme.py").write_text(CONNECTOR)
    info = tmp_path / "passback_acme-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: passback-acme\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[passback.connectors.v1]\nacme = passback_acme:Acme\n")
    tables = [TABLE.format(name="held", held=held), TABLE.format(name="well", held="nothing")]
    (tmp_path / "passback.toml").write_text("".join(tables))
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["well"] == ["", {"delivered": 3}]
    detail, counts = told["held"]
    assert counts == {"pending": 3}
    blamed = "must return" if held == "swallow" else "held everything up for 0.6 s: it waits without await"
    assert "connection 'held': Acme.submit_results" in detail
    assert blamed in detail
    assert "connection 'held': Acme.submit_results has stood still" in done.stderr
    assert 'passback_acme.py", line' in done.stderr
