"""A pre-forked server under load, beside a worker, while both are killed: nothing is lost or sent twice."""

import os
import signal
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest
from serving import at_acme

from passback.sandbox import serve
from passback_testbed.ports import free_port
from passback_xapi.sandbox import Behaviour, Sandbox

CLIENTS = 8
RESULTS = 240
# A server of one's own: which processes there are is known where they're made.
HOOKS = """
from pathlib import Path

def post_fork(server, worker):
    (Path("workers") / str(worker.pid)).touch()
"""
# An app that asks something while it's loaded: with --preload that is before the fork.
WARM = """
from app import app, pb

loaded_with = pb.totals()
"""


class Load:
    """Clients that report as fast as they're answered, and say again what wasn't."""

    def __init__(self, client):
        self._client = client
        self._count = threading.Condition()
        self.acknowledged = []

    def report(self, number):
        said = {
            "id": str(uuid.uuid4()),
            "at": "2026-11-21T09:30:00Z",
            "learner": f"learner-{number % 40}@example.com",
            "activity": f"https://example.com/{number % 5}",
            "score": 0.5,
        }
        while True:
            try:
                answer = self._client.post("/complete", json=said)
            except httpx2.TransportError:  # its process was killed: nobody knows whether it was accepted
                continue
            assert answer.status_code == 202, answer.text
            with self._count:
                self.acknowledged.append(answer.json()["id"])
                self._count.notify_all()
            return

    def until(self, count):
        """Wait until so many are acknowledged."""
        with self._count:
            assert self._count.wait_for(lambda: len(self.acknowledged) >= count, 40), len(self.acknowledged)


@pytest.fixture
def lrs():
    sandbox = Sandbox(Behaviour(key="us", secret="secret"))
    with serve(sandbox) as url:
        sandbox.url = url
        yield sandbox


def kill_a_worker(deployment):
    worker = next(int(each.name) for each in (deployment.folder / "workers").iterdir())
    os.kill(worker, signal.SIGKILL)


@pytest.mark.parametrize(
    "app", [["app:app"], ["--preload", "warm:app"]], ids=["loaded in each", "used before the fork"]
)
def test_what_was_acknowledged_arrives_exactly_once_whoever_is_killed(lrs, tmp_path, app):
    with at_acme(tmp_path / "flask", "flask", lrs.url) as deployment:
        (deployment.folder / "gunicorn.conf.py").write_text(HOOKS, "utf-8")
        (deployment.folder / "warm.py").write_text(WARM, "utf-8")
        (deployment.folder / "workers").mkdir()
        port = free_port()
        deployment.launch(
            "gunicorn", "--no-control-socket", "--workers", "4", "--bind", f"127.0.0.1:{port}", *app
        )
        worker = deployment.launch("passback", "work")
        with deployment.serving(port) as client, ThreadPoolExecutor(CLIENTS) as clients:
            load = Load(client)
            deployment.until(lambda: len(list((deployment.folder / "workers").iterdir())) >= 4)
            reported = [clients.submit(load.report, number) for number in range(RESULTS)]
            load.until(RESULTS // 5)
            deployment.stop(worker, signal.SIGKILL)
            load.until(RESULTS // 3)
            kill_a_worker(deployment)
            load.until(RESULTS // 2)
            deployment.launch("passback", "work")
            for each in reported:
                each.result()
        assert len(load.acknowledged) == len(set(load.acknowledged)) == RESULTS
        deployment.until(lambda: deployment.counts("acme") == {"delivered": RESULTS}, 30)
    arrived = [each["id"] for each in lrs.statements]
    assert sorted(arrived) == sorted(load.acknowledged)
