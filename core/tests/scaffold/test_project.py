"""The files of a scaffolded connector."""

import tomllib
from importlib.metadata import version

import pytest
from packaging.specifiers import SpecifierSet

from passback.scaffold import CAPABILITIES, ExtraOption, Plan, files, write

EVERYWHERE = {
    "pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", "Makefile", ".gitignore",
    ".github/workflows/ci.yml", "tests/test_conformance.py", "tests/test_connector.py",
    "tests/test_sandbox.py", *(f"src/passback_acme/{name}" for name in (
        "__init__.py", "py.typed", "connector.py", "options.py", "api.py", "answers.py",
        *(f"sandbox/{name}.py" for name in ("__init__", "__main__", "app", "people", "refusal", "sandbox")),
    )),
}  # fmt: skip


def plan(*able, **more):
    return Plan(name="acme", capabilities=frozenset(able), **more)


@pytest.mark.parametrize(
    ("able", "auth", "more"),
    [
        (("submit_results",), "bearer", {"sending", "sandbox/results", "sandbox/guard"}),
        (("lookup_users",), "client-credentials", {"users", "sandbox/users", "sandbox/tokens"}),
        (
            tuple(CAPABILITIES),
            "basic",
            {"sending", "users", "identity", "launches", "sandbox/results", "sandbox/users", "sandbox/guard"}
            | {"sandbox/launches"},
        ),
    ],
)
def test_a_module_is_there_for_those_who_need_it(able, auth, more):
    expected = EVERYWHERE | {f"src/passback_acme/{name}.py" for name in more}
    assert set(files(plan(*able, auth=auth))) == expected


@pytest.mark.parametrize("auth", ["basic", "bearer", "key", "client-credentials"])
def test_modules_are_short_and_leave_nothing_of_their_template(auth):
    for path, text in files(plan(*CAPABILITIES, auth=auth)).items():
        assert len(text.splitlines()) <= (270 if path.startswith("tests/") else 150), path
        assert "%%" not in text, path
        assert "TODO" not in text, path


def test_what_an_author_changes_says_what_it_depends_on():
    made = files(plan(*CAPABILITIES))
    marked = {path.rpartition("/")[2] for path, text in made.items() if "# Depends on" in text}
    assert marked >= {
        "connector.py", "options.py", "api.py", "answers.py", "sending.py", "users.py", "identity.py",
        "launches.py", "results.py",
    }  # fmt: skip


def test_the_conformance_test_is_a_page_at_most():
    text = files(plan("submit_results", "lookup_users"))["tests/test_conformance.py"]
    assert len([line for line in text.splitlines() if line]) <= 35


def test_the_metadata_offer_the_connector_and_its_sandbox_to_the_cores_that_it_was_made_with():
    document = tomllib.loads(files(plan("submit_results", author="Ana Silva"))["pyproject.toml"])
    project = document["project"]
    assert project["authors"] == [{"name": "Ana Silva"}]
    assert project["entry-points"] == {
        "passback.connectors.v1": {"acme": "passback_acme:AcmeConnector"},
        "passback.sandboxes.v1": {"acme": "passback_acme.sandbox:Sandbox"},
    }
    (needs,) = project["dependencies"]
    range_ = SpecifierSet(needs.removeprefix("passback"))
    assert version("passback") in range_
    assert "0.2" not in range_


def test_an_option_stands_wherever_options_do():
    made = files(plan("submit_results", options=(ExtraOption("portal", "Which portal."),)))
    assert (
        'portal: str = Field(min_length=1, description="Which portal.")'
        in made["src/passback_acme/options.py"]
    )
    assert "| `portal` | Which portal. |" in made["README.md"]
    for path in ("tests/test_conformance.py", "tests/test_connector.py"):
        assert '"portal": "example",' in made[path]
    for path in ("README.md", "src/passback_acme/sandbox/sandbox.py"):
        assert 'options.portal = "example"' in made[path]


def test_what_is_written_is_what_was_made(tmp_path):
    wanted = plan("submit_results")
    project = write(wanted, tmp_path / "some" / "where")
    assert project == tmp_path / "some" / "where" / "passback-acme"
    written = {
        str(path.relative_to(project)): path.read_text("utf-8")
        for path in project.rglob("*")
        if path.is_file()
    }
    assert written == files(wanted)


def test_nothing_is_overwritten(tmp_path):
    there = tmp_path / "passback-acme"
    there.mkdir()
    with pytest.raises(ValueError, match="there already"):
        write(plan("submit_results"), tmp_path)
    assert not list(there.iterdir())


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="can't be written: Not a directory"):
        write(plan("submit_results"), tmp_path / "file")
