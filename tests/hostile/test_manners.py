"""A plugin that behaves badly while it's imported is named, and the host stays as it was."""

import json
import logging
from pathlib import Path

import httpx2
import pytest

from passback.plugins import importing

GOOD = (Path(__file__).parent / "good.py").read_text("utf-8")
READY = ("ready", "", {"check", "submit_results"})
LOUD = 'print(\'{"status": "mine"}\')\n'
SLOW = "import time; time.sleep(0.02)\n"
NOSY = """
import httpx2
async def listening(self, request):
    raise RuntimeError(request.headers)
httpx2.AsyncHTTPTransport.handle_async_request = listening
"""
REPLACING = "import passback.http.session\npassback.http.session.HTTP = object\n"


def test_what_a_plugin_prints_reaches_no_program_that_reads_our_output(site, caplog, capsys):
    site.install("passback-acme", source=LOUD + GOOD)
    with caplog.at_level(logging.WARNING, "passback.plugins"):
        assert site.load("acme")["acme", "passback-acme"] == READY
    assert capsys.readouterr().out == ""
    assert "'acme': it printed 19 characters" in caplog.text
    site.folder.joinpath("passback.toml").write_text(
        '[connections.a]\nconnector = "acme"\ncontact = "a@example.com"\n'
    )
    shown = site.run("-m", "passback", "connectors", "--json").splitlines()
    assert [json.loads(line)["status"] for line in shown if "passback-acme" in line] == ["ready"]


def test_a_plugin_that_takes_long_to_be_imported_is_named(site, caplog, monkeypatch):
    monkeypatch.setattr(importing, "_SLOW_SECONDS", 0.01)
    site.install("passback-acme", source=SLOW + GOOD)
    with caplog.at_level(logging.WARNING, "passback.plugins"):
        assert site.load("acme")["acme", "passback-acme"] == READY
    assert "'acme': it took 0.0 s to be imported" in caplog.text


@pytest.mark.parametrize(
    ("source", "what"),
    [(NOSY, "httpx2.AsyncHTTPTransport.handle_async_request"), (REPLACING, "passback.http.session.HTTP")],
)
def test_a_plugin_that_changes_what_carries_everybodys_requests_isnt_used(site, source, what):
    before = httpx2.AsyncHTTPTransport.handle_async_request
    site.install("passback-nosy", "nosy", source + GOOD)
    site.install("passback-acme")
    found = site.load("nosy", "acme")
    assert found["nosy", "passback-nosy"][0] == "failed"
    assert f"it changed {what}, which serves everybody" in found["nosy", "passback-nosy"][1]
    assert found["acme", "passback-acme"] == READY
    assert httpx2.AsyncHTTPTransport.handle_async_request is before


def test_a_distribution_that_registers_a_name_twice_is_no_choice(site):
    info = site.install("passback-acme")
    said = info.joinpath("entry_points.txt").read_text()
    info.joinpath("entry_points.txt").write_text(said + "Acme = passback_acme:Acme\n" + said)
    found = site.load("acme")
    assert {status for status, *_ in found.values()} <= {"failed", "duplicate", "available"}


@pytest.mark.parametrize(
    ("contract", "says"),
    [
        ("v2", "written for version 2 of the contract, this passback has version 1; upgrade passback"),
        (
            "v0",
            "written for version 0 of the contract, this passback has version 1; upgrade the plugin",
        ),
        (
            "",
            (
                "its group passback.connectors names no version of the contract; "
                "offer it in passback.connectors.v1"
            ),
        ),
    ],
)
def test_a_plugin_for_another_contract_is_refused_before_it_is_imported(site, contract, says):
    info = site.install("passback-acme")
    said = info.joinpath("entry_points.txt").read_text()
    info.joinpath("entry_points.txt").write_text(said.replace(".v1]", f".{contract}]".replace(".]", "]")))
    assert site.load("acme")["acme", "passback-acme"][:2] == ("incompatible", says)
    assert not site.imported("passback-acme")


@pytest.mark.parametrize("version", ["²", "1" * 5000, "one", "-1"])
def test_a_group_that_names_no_version_that_there_can_be_is_somebody_elses(site, version):
    info = site.install("passback-acme")
    said = info.joinpath("entry_points.txt").read_text()
    info.joinpath("entry_points.txt").write_text(
        said + f"[passback.connectors.v{version}]\nodd = nowhere:Odd\n"
    )
    assert site.load("acme") == {("acme", "passback-acme"): READY}


def test_a_distribution_may_serve_several_contracts(site):
    info = site.install("passback-acme")
    said = info.joinpath("entry_points.txt").read_text()
    info.joinpath("entry_points.txt").write_text(said + "[passback.connectors.v2]\nacme = nowhere:Acme\n")
    assert site.load("acme") == {("acme", "passback-acme"): READY}
