"""A connector from a private index, in a host that never heard of it: the how-to page, followed."""

import subprocess

import pytest
from following import Reader
from installing import clean, environment

from passback.scaffold import Plan, write
from passback_testbed.places import workspace
from passback_testbed.ports import free_port

PAGE = (workspace() / "docs" / "how-to" / "distribute.md").read_text("utf-8")
SHOWN = PAGE[PAGE.index("## From an index of your own") :]


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    return environment(tmp_path_factory.mktemp("installed"), "pip")


def built(python, project):
    command = [python, "-m", "build", "--no-isolation", "--wheel", "--outdir", project / "dist", project]
    subprocess.run(command, env=clean(python), capture_output=True, check=True)
    (wheel,) = (project / "dist").iterdir()
    return wheel


def test_the_same_sources_make_the_same_wheel(python, tmp_path):
    wheels = [built(python, write(Plan(name="acme"), tmp_path / place)) for place in ("one", "other")]
    assert wheels[0].read_bytes() == wheels[1].read_bytes()


def test_whoever_follows_the_page_sees_what_it_shows(python, tmp_path):
    built(python, write(Plan(name="acme"), tmp_path))
    with Reader(tmp_path, clean(python) | {"PIP_NO_INDEX": "0"}) as reader:
        reader.follow(SHOWN.replace("8188", str(free_port())))
