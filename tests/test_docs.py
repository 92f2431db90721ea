"""The documentation: it builds, and every public name stands in it exactly once."""

import re
import subprocess
import sys
from collections import Counter
from importlib.metadata import entry_points

import passback
import passback.sandbox
import passback.testing
import passback.web
import passback_xapi
from passback import Connector
from passback_testbed.places import workspace

DOCS = workspace() / "docs"


def test_it_builds_without_a_warning(tmp_path):
    build = [
        sys.executable,
        "-m",
        "sphinx",
        "-q",
        "-W",
        "--keep-going",
        "-b",
        "html",
        DOCS,
        tmp_path / "html",
    ]
    done = subprocess.run(
        [*build, "-d", tmp_path / "doctrees"], capture_output=True, text=True, timeout=400, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "submit_many" in (tmp_path / "html" / "reference" / "api" / "host.html").read_text("utf-8")
    for page in (DOCS / "reference" / "connectors").glob("*.md"):
        shown = (tmp_path / "html" / "reference" / "connectors" / f"{page.stem}.html").read_text("utf-8")
        (plugin,) = entry_points(group="passback.connectors.v1", name=page.stem)
        told = {*plugin.load().options_type.model_fields}
        # Who only signs people in keeps nothing waiting.
        if plugin.load().submit_results is not Connector.submit_results:
            told |= {f"passback sandbox {page.stem}", "What waits"}
        # Code is split at its spaces.
        words = set(re.sub(r"<[^>]*>", "", shown).split())
        assert {each for name in told for each in name.split()} - words == set()


def test_every_public_name_has_its_place():
    pages = "\n".join(page.read_text("utf-8") for page in (DOCS / "reference" / "api").glob("*.md"))
    named = Counter(re.findall(r"^\.\. auto\w+:: (\S+)$", pages, re.MULTILINE))
    errors = {f"passback.{name}" for name in passback._HOMES["errors"]}  # a page takes the whole module
    public = {f"passback.{name}" for name in passback.__all__} - errors
    converters = {"passback_xapi.to_statement", "passback_xapi.from_statement", "passback_xapi.XapiOptions"}
    assert converters <= {f"passback_xapi.{name}" for name in passback_xapi.__all__}
    stage = {f"passback.sandbox.{name}" for name in passback.sandbox.__all__}
    kit = {f"passback.testing.{name}" for name in passback.testing.__all__}
    app = {f"passback.web.{name}" for name in passback.web.__all__}
    assert named == Counter(public | converters | stage | kit | app | {"passback.errors"})
