"""What an author sees of a suite that was weakened, waived or run in part."""

import json
import os
import subprocess
import sys

from mutants.installing import environment, unpack

SUITES = """
from suites import TestBare as Bare

class TestWaived(Bare):
    waivers = {"check.works": "the vendor has no such thing"}

class TestWeakened(Bare):
    pass
"""
UNWRITTEN = """
from passback.testing import Conformance
from suites import TestBare as Bare

class TestUnwritten(Bare):
    arrived = Conformance.arrived
"""
TAKEN_OUT = """
def pytest_collection_modifyitems(items):
    items[:] = [item for item in items if item.name in ("suite.intact", "check.works", "check.refused")]
"""


def run(folder, *arguments):
    """Run pytest as an author does; return its exit code, the report by suite and rule, and what was said."""
    place = folder / "report.json"
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "pytest_passback",
        "-p",
        "no:cacheprovider",
        "-c",
        os.devnull,
    ]
    settings = ["--rootdir", str(folder), "--passback-report", str(place), "test_all.py"]
    done = subprocess.run(
        [*command, *settings, *arguments],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        check=False,
    )
    suites = {each["suite"]: each for each in json.loads(place.read_text("utf-8"))["suites"]}
    found = {name: {each["rule"]: each for each in suite["rules"]} for name, suite in suites.items()}
    return done.returncode, suites, found, done.stdout


def test_a_suite_that_was_weakened_or_waived_for_nothing_is_red(tmp_path):
    unpack(tmp_path)
    (tmp_path / "test_all.py").write_text(SUITES, "utf-8")
    (tmp_path / "conftest.py").write_text(TAKEN_OUT, "utf-8")
    code, suites, found, said = run(tmp_path)
    assert code == 1
    assert suites["TestWeakened"]["verdict"] == "fails"
    assert "rules were taken out of the run" in found["TestWeakened"]["suite.intact"]["seen"]
    assert found["TestWeakened"]["check.works"]["result"] == "passed"
    assert found["TestWaived"]["check.works"]["result"] == "failed"
    assert "XPASS(strict)" in found["TestWaived"]["check.works"]["seen"]
    # A failure says what the rule is, what was seen, and what to do.
    assert "suite.intact: Every rule is tried as the kit defines it" in said
    assert "\nSeen: " in said
    assert "\nWhat to do: " in said
    assert "Traceback" not in said


def test_a_run_of_a_few_rules_passes_and_proves_nothing(tmp_path):
    """And rules for what the connector doesn't do aren't collected at all."""
    unpack(tmp_path)
    (tmp_path / "test_all.py").write_text(SUITES, "utf-8")
    code, suites, found, _ = run(tmp_path, "-k", "TestWeakened and refused")
    assert code == 0
    assert suites["TestWeakened"]["verdict"] == "incomplete"
    assert suites["TestWeakened"]["capabilities"] == ["check", "submit_results"]
    assert list(found["TestWeakened"]) == [
        "options.unknown_refused",
        "check.refused",
        "submit_results.refused",
    ]


def test_a_member_that_is_missing_is_asked_for_in_place_of_what_the_rule_advises(tmp_path):
    unpack(tmp_path)
    (tmp_path / "test_all.py").write_text(UNWRITTEN, "utf-8")
    code, _, found, said = run(tmp_path, "-k", "TestUnwritten and arrives")
    assert code == 1
    assert "TestUnwritten.arrived is missing" in found["TestUnwritten"]["submit_results.arrives"]["seen"]
    assert "What to do: Write arrived into the suite, as a connector with submit_results needs it." in said
    assert "Return the mark of each result that the sandbox has" in said


def test_pytest_starts_without_anything_of_passback():
    program = (
        "import pytest_passback, sys; print([each for each in sys.modules if each.startswith('passback')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
