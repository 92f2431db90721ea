"""`passback new`: what it asks, what it takes, and what it refuses."""

from pathlib import Path

import pytest
from hosting import Host
from serving import BIN
from terminal import play


def new(folder, *arguments, expect=0):
    return Host(folder).run("new", *arguments, expect=expect)


def text(folder, path):
    return (folder / path).read_text("utf-8")


def test_with_nobody_to_ask_it_takes_what_is_usual(tmp_path):
    done = new(tmp_path, "acme")
    assert "cd passback-acme" in done.stdout
    assert "make test" in done.stdout
    package = tmp_path / "passback-acme" / "src" / "passback_acme"
    assert "token: SecretStr" in text(package, "options.py")
    assert {"sending.py", "users.py"} <= {path.name for path in package.iterdir()}
    assert not (package / "launches.py").exists()


def test_all_that_is_asked_can_be_given(tmp_path):
    new(
        tmp_path, "acme-learn", "--into", "made", "--auth", "basic", "--capability", "submit_results",
        "--capability", "read_launch", "--option", "portal", "--option", "region=Which region.",
        "--author", "Ana Silva",
    )  # fmt: skip
    project = tmp_path / "made" / "passback-acme-learn"
    options = text(project, "src/passback_acme_learn/options.py")
    for each in ("password: SecretStr", "launch_secret: SecretStr", "portal: str", "Which region."):
        assert each in options
    assert "Ana Silva" in text(project, "LICENSE")
    assert not (project / "src" / "passback_acme_learn" / "users.py").exists()


def test_at_a_terminal_it_asks_again_until_an_answer_will_do(tmp_path):
    turns = [
        ("Requests are proven by", "magic"),
        ("expected one of", "key"),
        ("It can", "map_identity"),
        ("needs submit_results or lookup_users", "lookup_users, map_identity"),
    ]
    ended, shown = play([str(BIN / "passback"), "new", "acme"], tmp_path, *turns)
    assert ended == 0, shown
    package = tmp_path / "passback-acme" / "src" / "passback_acme"
    assert "key: SecretStr" in text(package, "options.py")
    assert {"users.py", "identity.py"} <= {path.name for path in package.iterdir()}
    assert not (package / "sending.py").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["import"], "a word of Python's"),
        (["Acme"], "expected small letters"),
        (["xapi"], "is offered by passback-xapi"),
        (["there"], "passback-there is there already, and nothing is overwritten"),
        (["acme", "--auth", "magic"], "no way to prove requests"),
        (["acme", "--capability", "magic"], "no capability that is scaffolded"),
        (["acme", "--option", "url"], "'url' has a meaning of its own"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(tmp_path, arguments, said):
    (tmp_path / "passback-there").mkdir()
    assert said in new(tmp_path, *arguments, expect=2).stderr
    assert [path.name for path in tmp_path.iterdir()] == ["passback-there"]
    assert not list(Path(tmp_path / "passback-there").iterdir())
