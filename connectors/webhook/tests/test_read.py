"""What a received body would become is shown without a secret, and nothing is kept."""

import json

import pytest

from passback_webhook.__main__ import main

CONFIGURATION = """
[connections.tiq]
connector = "webhook"
contact = "lms-admin@acme.example"

[connections.tiq.options.receive]
secrets = [{ env = "NOT_SET_ANYWHERE" }]
events = { finished = "completed" }

[connections.acme]
connector = "webhook"
contact = "lms-admin@acme.example"
options = { url = "https://api.acme.example" }

[connections.wrong]
connector = "webhook"
contact = "lms-admin@acme.example"
options = { receive = { items = "boddy" } }
"""
EVENT = {"event": "finished", "user": "E-1001", "course": "crane-1", "last_activity": 1735787044}


@pytest.fixture
def read(tmp_path, monkeypatch, capsys):
    """Run the command on a body; return how it ended, what it said, and what it complained of."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "passback.toml").write_text(CONFIGURATION, "utf-8")

    def ran(body, *arguments, connection="tiq"):
        (tmp_path / "body").write_bytes(body if isinstance(body, bytes) else json.dumps(body).encode())
        code = 0
        try:
            main(["read", "--connection", connection, *arguments, "body"])
        except SystemExit as left:
            code = left.code
        out, error = capsys.readouterr()
        assert sorted(each.name for each in tmp_path.iterdir()) == ["body", "passback.toml"]
        return code, out, error

    return ran


def test_it_shows_the_result(read):
    code, out, error = read(EVENT)
    assert (code, error) == (0, "")
    shown = json.loads(out)
    assert (shown["kind"], shown["at"]) == ("completed", "2025-01-02T03:04:04Z")
    assert shown["learner"]["id"] == "E-1001"
    assert shown["id"].startswith("tiq-")


def test_it_says_what_is_ignored(read):
    assert read([EVENT, EVENT | {"event": "seen"}])[1].endswith(
        "# 1 of another kind than `events` has, which are ignored\n"
    )


def test_it_says_why_it_would_be_refused(read):
    assert read(EVENT | {"user": None})[1] == (
        "nothing; it would be refused with 422: learner.id: missing; it's read from sent.user\n"
    )


def test_a_form_is_read_by_its_type_and_a_signed_id_is_the_results(read):
    form = "content-type: application/x-www-form-urlencoded"
    first = read(b"event=finished&user=a&course=c&last_activity=1735787044", "--header", form)[1]
    assert json.loads(first)["learner"]["id"] == "a"
    ids = {json.loads(read(EVENT, "--header", f"webhook-id: {each}")[1])["id"] for each in ("m1", "m2", "m1")}
    assert len(ids) == 2


@pytest.mark.parametrize(
    ("connection", "words"),
    [
        ("nobody", "receives nothing"),
        ("acme", "receives nothing"),
        ("wrong", "receive.items: Value error, there is no 'boddy' here; did you mean 'body'?"),
    ],
)
def test_a_mistake_is_one_line(read, connection, words):
    code, out, error = read(EVENT, connection=connection)
    assert (code, out) == (1, "")
    assert words in error
    assert len(error.splitlines()) == 1
