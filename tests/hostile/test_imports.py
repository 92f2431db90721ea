"""A plugin that fails, whatever way, is told as failed and stops no other."""

import json

import pytest

READY = ("ready", "", {"check", "submit_results"})

APART = """
import json, sys
from passback.contract import CONNECTORS
from passback.plugins import load
report = load(CONNECTORS, sys.argv[1:])
print(json.dumps({each.name: [each.status, each.reason] for each in report.entries}))
"""

RAISES = {
    "ModuleNotFoundError": "import nowhere_to_be_found",
    "ImportError": "from json import nothing_such",
    "AssertionError": "assert False",
    "SystemExit": "raise SystemExit(3)",
    "GeneratorExit": "raise GeneratorExit",
    "CancelledError": "import asyncio\nraise asyncio.CancelledError",
    "Fatal": "class Fatal(BaseException): ...\nraise Fatal('no')",
    "ExceptionGroup": "raise ExceptionGroup('several', [ValueError()])",
    "SyntaxError": "def broken(:",
    "RecursionError": "def again(): again()\nagain()",
    "ContractError": "from passback import Connector\nclass Acme(Connector):\n    def check(self): ...",
}


@pytest.fixture(scope="module")
def beside_failures(new_site):
    """Load every plugin that fails, and then one that works, in one process; return status and reason."""
    site = new_site()
    for error, source in RAISES.items():
        site.install(f"passback-{error}", error, source)
    site.install("passback-acme")
    return json.loads(site.run("-c", APART, *RAISES, "acme"))


@pytest.mark.parametrize("error", RAISES)
def test_a_plugin_that_fails_at_import_is_told_with_its_type(beside_failures, error):
    status, reason = beside_failures[error]
    assert status == "failed"
    assert error in reason


def test_a_plugin_works_beside_all_that_fail(beside_failures):
    assert beside_failures["acme"] == ["ready", ""]


@pytest.mark.parametrize("source", ["class Mute(Exception)", "class Mute(BaseException)"])
def test_a_failure_that_can_not_even_be_told_is_told_by_its_type(site, source):
    mute = f"{source}:\n    def __str__(self): raise ValueError\nraise Mute"
    site.install("passback-broken", "broken", mute)
    site.install("passback-acme")
    found = site.load("broken", "acme")
    assert found["acme", "passback-acme"] == READY
    assert found["broken", "passback-broken"][0] == "failed"
    assert "Mute" in found["broken", "passback-broken"][1]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("passback_acme:NoConnector", "is no subclass of passback.Connector"),
        ("passback_acme:GROUP", "GROUP"),
        ("passback_acme:Path", "is no subclass of passback.Connector"),
        ("passback_acme:marker", "is no subclass of passback.Connector"),
        ("passback_acme", "is no subclass of passback.Connector"),
        ("passback_acme:Unchecked", "Unchecked doesn't implement check"),
        ("passback:Connector", "Connector doesn't implement check"),
        ("passback_acme:Acme.missing", "missing"),
        ("nowhere_to_be_found:Acme", "nowhere_to_be_found"),
    ],
)
def test_what_is_no_whole_connector_is_told_as_such_and_stops_no_other(site, value, said):
    site.install("passback-acme", value=value)
    site.install("passback-other", "other")
    found = site.load("acme", "other")
    assert found["acme", "passback-acme"][0] == "failed"
    assert said in found["acme", "passback-acme"][1]
    assert found["other", "passback-other"] == READY


def no_metadata(info):
    info.joinpath("METADATA").unlink()


def garbage_entry_points(info):
    info.joinpath("entry_points.txt").write_text("no section\n= = =\n[\n")


def unreadable_entry_points(info):
    info.joinpath("entry_points.txt").write_bytes(b"[\xff\xfe\x00]\n")


def unreadable_metadata(info):
    info.joinpath("METADATA").write_bytes(b"Name: Caf\xe9\nVersion: 1\n")


def nameless_metadata(info):
    info.joinpath("METADATA").write_text("Version: 1\n")


def versionless_metadata(info):
    info.joinpath("METADATA").write_text("Metadata-Version: 2.1\nName: passback-other\n")


def nothing_left(info):
    for file in info.iterdir():
        file.unlink()


@pytest.mark.parametrize(
    "spoil",
    [
        no_metadata,
        garbage_entry_points,
        unreadable_entry_points,
        unreadable_metadata,
        nameless_metadata,
        versionless_metadata,
        nothing_left,
    ],
)
def test_a_distribution_that_is_spoiled_stops_no_other(site, spoil):
    spoil(site.install("passback-other", "other"))
    site.install("passback-acme")
    assert site.load("acme")["acme", "passback-acme"] == READY
