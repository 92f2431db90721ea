"""Extensions for one connection and observers for the host, installed and named in the configuration."""

import os
import signal
import time

import pytest
from hosting import lrs_table
from installing import install_plugin

from passback import IdentityRequest, Learner, Passback
from passback.sandbox import serve
from passback_xapi.sandbox import Behaviour, Sandbox

SOURCE = """
from pathlib import Path
from passback import Extension, IdentityProposal, Observer

class Noter(Observer):
    def settled(self, event):
        with Path("noted.txt").open("a") as file:
            file.write(f"{event.connection} {type(event.receipt).__name__}\\n")

class Unmakeable(Observer):
    def __init__(self):
        raise SystemExit(1)

class Tenant(Extension):
    def map_identity(self, request):
        return IdentityProposal(user_id=f"tenant-{request.learner.id}", matched_by="a rule of this tenant")
"""
ENTRY_POINTS = """
[passback.observers.v1]
noter = tenant_rules:Noter
unmakeable = tenant_rules:Unmakeable
[passback.extensions.v1]
tenant = tenant_rules:Tenant
"""


@pytest.fixture
def installed(tmp_path, monkeypatch):
    install_plugin(tmp_path, "tenant-rules", SOURCE, ENTRY_POINTS)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv(
        "PYTHONPATH", os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH")]))
    )


@pytest.mark.usefixtures("installed")
def test_observers_are_told_and_a_missing_extension_concerns_its_connection_alone(host):
    sandbox = Sandbox(Behaviour(key="lrs", secret="secret"))
    with serve(sandbox) as url:
        other = lrs_table(url, "other", more='extensions = ["nope"]')
        text = lrs_table(url, more='extensions = ["tenant"]')
        host.configure('observers = ["noter", "unmakeable", "absent"]', text, other)
        host.write_results(3)
        host.run("submit", "results.jsonl")
        worker = host.start("work")
        deadline = time.monotonic() + 30
        while host.counts() != {"delivered": 3} or host.health("other") != "misconfigured":
            assert time.monotonic() < deadline
            time.sleep(0.1)
        worker.send_signal(signal.SIGTERM)
        said = " ".join(worker.communicate()[1].split())
    assert worker.returncode == 0
    assert (host.folder / "noted.txt").read_text("utf-8").splitlines() == ["lrs Delivered"] * 3
    assert "observer unmakeable failed unexpectedly (SystemExit)" in said
    assert "'absent' is missing" in said
    assert "extension 'nope' is missing" in said


@pytest.mark.usefixtures("installed")
def test_an_extension_answers_for_the_connection_that_names_it(host):
    host.configure(
        lrs_table("http://127.0.0.1:9/", more='extensions = ["tenant"]'),
        lrs_table("http://127.0.0.1:9/", "plain"),
    )
    pb = Passback.from_file(host.folder / "passback.toml")
    request = IdentityRequest(learner=Learner(id="7"))
    assert pb.connection("lrs").map_identity(request).user_id == "tenant-7"
    assert pb.connection("plain").map_identity(request) is None
