"""The correct twins keep every rule, as their author sees it: by pytest, from an installed distribution."""

import json
import os
import subprocess
import sys

from mutants.installing import environment, unpack
from passback.testing import all_rules


def test_each_correct_twin_keeps_every_rule_and_its_vendor_can_publish_that(tmp_path):
    unpack(tmp_path)
    place = tmp_path / "published"
    # Not this repository's own settings: an author has none of them.
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "pytest_passback",
        "-p",
        "no:cacheprovider",
    ]
    settings = ["-c", os.devnull, "--rootdir", str(tmp_path), "--passback-report", str(place)]
    done = subprocess.run(
        [*command, *settings, "suites.py"],
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    report = json.loads(place.with_suffix(".json").read_text("utf-8"))
    suites = report["suites"]
    assert [(each["suite"], each["verdict"]) for each in suites] == [
        ("TestAcme", "conforms"),
        ("TestBare", "conforms"),
        ("TestDoor", "conforms"),
    ]
    assert {(each["distribution"], each["version"]) for each in suites} == {("acme-lms", "1.0")}
    tried = {rule["rule"] for each in suites for rule in each["rules"]}
    assert tried == {rule.name for rule in all_rules()}
    assert "TestAcme  acme       acme-lms 1.0" in done.stdout
    assert "acme: conforms" in place.with_suffix(".html").read_text("utf-8")
