"""The tutorial, from its first command to the wheel, as its reader has it."""

import pytest
from following import Reader, blocks
from installing import clean, environment

from passback_testbed.places import workspace
from passback_testbed.ports import free_port

TUTORIAL = (workspace() / "docs" / "tutorial" / "write-a-connector.md").read_text("utf-8")


@pytest.mark.timeout(500)
def test_whoever_follows_it_sees_what_it_shows(tmp_path):
    python = environment(tmp_path / "installed", "pip")
    folder = tmp_path / "work"
    folder.mkdir()
    with Reader(folder, clean(python)) as reader:
        reader.follow(TUTORIAL.replace("8188", str(free_port())))


def test_it_changes_what_a_real_system_would_make_its_reader_change():
    """Another header, another path, other fields, and an answer that needs a receipt of its own."""
    added = "\n".join(
        line
        for kind, code in blocks(TUTORIAL)
        if kind == "diff"
        for line in code.splitlines()
        if line[:1] == "+"
    )
    assert all(each in added for each in ("x-brightpath-key", "completions", '"learner"', "TryLater("))
