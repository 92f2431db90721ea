"""A plugin that waits without await holds nobody up for long, and is named."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from installing import install_plugin

CONNECTOR = """
import asyncio, pathlib, threading, time
from passback import Batch, Connector, Delivered, Observer, Options

class Settings(Options):
    held: str

def sleep():
    time.sleep(3600)

def nap():
    time.sleep(6.5)

def spin():
    while True:
        pass

def lock():
    held = threading.Lock()
    held.acquire()
    held.acquire()

def fail():
    raise ValueError

def swallow():
    try:
        time.sleep(3600)
    except Exception:
        return

async def cling():
    pathlib.Path("clinging").touch()
    while True:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            pass

class Slow(Observer):
    def attempted(self, event):
        sleep()

class Acme(Connector[Settings]):
    async def check(self):
        pass

    async def submit_results(self, batch):
        if self.options.held in globals():
            held = globals()[self.options.held]()
            if asyncio.iscoroutine(held):
                await held
            return "nonsense"
        return [Delivered(each.id) for each in batch.deliveries]
"""
ENTRY_POINTS = """
[passback.connectors.v1]
acme = passback_acme:Acme
[passback.observers.v1]
slow = passback_acme:Slow
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
from contextlib import nullcontext
from datetime import UTC, datetime
from passback import Activity, Learner, Passback, Result
from passback.host.running.standstill import standstills_ended

logging.basicConfig(format="%(message)s", level=logging.WARNING)
NAMES = {"held", "well"}

def made(number):
    who, what = Learner(id=f"learner-{number}"), Activity(id="a")
    return Result(id=str(number), kind="completed", learner=who, activity=what, at=datetime.now(UTC))

async def deliver():
    with standstills_ended(noticed=0.2, ended=0.6) if sys.argv[1] == "worker" else nullcontext():
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
NOBODYS = """
import asyncio, logging, time
from passback.host.running.standstill import standstills_ended

logging.basicConfig(format="%(message)s", level=logging.WARNING)

async def hold():
    with standstills_ended(noticed=0.2, ended=0.4):
        time.sleep(1.5)
        print("went on")

asyncio.run(hold())
"""

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no signal that interrupts a wait"
)


@pytest.mark.parametrize("held", ["sleep", "spin", "lock", "swallow"])
def test_who_holds_everything_up_is_interrupted_and_named_and_all_others_are_served(tmp_path, held):
    told, said = ran(tmp_path, held)
    assert told["well"] == ["", {"delivered": 3}]
    detail, counts = told["held"]
    assert counts == {"pending": 3}
    blamed = "must return" if held == "swallow" else "held everything up for 0.6 s: it waits without await"
    assert "connection 'held': Acme.submit_results" in detail
    assert blamed in detail
    assert "connection 'held': Acme.submit_results has stood still" in said
    assert "connection 'held': Acme.submit_results is interrupted now" in said
    assert 'passback_acme.py", line' in said


def test_what_is_nobodys_plugin_is_not_interrupted_and_that_is_said():
    done = subprocess.run(
        [sys.executable, "-c", NOBODYS], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "went on\n"
    assert "the event loop has stood still" in done.stderr
    assert "isn't a plugin's code at this moment, and nothing else is interrupted" in done.stderr
    assert "interrupted now" not in done.stderr


def test_an_observer_is_named_too_and_stops_no_delivery(tmp_path):
    told, said = ran(tmp_path, "fail", 'observers = ["slow"]')
    assert told["well"] == ["", {"delivered": 3}]
    assert "observer Slow.attempted has stood still" in said


def test_a_host_that_delivers_by_itself_says_who_holds_it_up(tmp_path):
    told, said = ran(tmp_path, "nap", process="host")
    assert told["well"] == ["", {"delivered": 3}]
    assert said.count("stood still") == 1
    assert "connection 'held': Acme.submit_results has stood still for 5 s" in said
    assert 'passback_acme.py", line' in said


def test_a_plugin_that_never_lets_go_keeps_no_worker_that_is_told_twice_to_end(tmp_path):
    install_plugin(tmp_path, "passback-acme", CONNECTOR, ENTRY_POINTS)
    (tmp_path / "passback.toml").write_text(TABLE.format(name="held", held="cling"))
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    line = {
        "id": "1",
        "kind": "completed",
        "at": "2026-11-22T09:00:00Z",
        "learner": {"id": "a"},
        "activity": {"id": "b"},
    }
    given = {"cwd": tmp_path, "env": environment, "text": True, "stderr": subprocess.PIPE}
    command = [sys.executable, "-m", "passback"]
    subprocess.run([*command, "submit", "-"], input=json.dumps(line), timeout=60, check=True, **given)
    worker = subprocess.Popen([*command, "work"], **given)
    for _ in range(2):
        while not (tmp_path / "clinging").exists():
            assert worker.poll() is None
            time.sleep(0.05)
        worker.send_signal(signal.SIGTERM)
        time.sleep(1)
    _, said = worker.communicate(timeout=60)
    assert worker.returncode == 1
    assert "doesn't let go of what is on the wire" in said


def ran(folder, held, more="", process="worker"):
    """Return what is known of both connections in the end, and what was said."""
    install_plugin(folder, "passback-acme", CONNECTOR, ENTRY_POINTS)
    tables = [TABLE.format(name="held", held=held), TABLE.format(name="well", held="nothing")]
    (folder / "passback.toml").write_text("".join([more, *tables]))
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, process],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr
