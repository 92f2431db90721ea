"""The preview shows what would be sent, to the byte, and no secret."""

import asyncio
import json
from datetime import UTC, datetime
from importlib.metadata import entry_points

import pytest

from passback import Passback, ResultKind, canonical
from passback_webhook.__main__ import main
from passback_webhook.preview import sample

SECRET = "cl13nt-s3cret"
SIGNING = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
CONFIGURATION = """
[connections.acme]
connector = "webhook"
contact = "lms-admin@acme.example"

[connections.acme.options]
url = "https://api.acme.example/users/{user}"
events = ["completed", "badge_awarded"]
signing = { secrets = [{ env = "SIGNING" }] }

[connections.acme.options.auth]
kind = "oauth2"
token_url = "https://api.acme.example/token"
client_id = "us"
client_secret = { env = "SECRET" }

[connections.acme.options.message]
headers = { X-Tenant = "'acme'" }
body = { who = "learner.name", score = "score", when = "last_activity" }

[connections.acme.options.messages.badge_awarded]
style = "form"
body = { badge = "item.name", score = "abs(item)" }

[connections.lrs]
connector = "xapi"
contact = "lms-admin@acme.example"
options = { url = "https://lrs.example.com", key = "k", secret = "s" }
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET", SECRET)
    monkeypatch.setenv("SIGNING", SIGNING)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "passback.toml").write_text(CONFIGURATION, "utf-8")
    return tmp_path


@pytest.fixture
def run(folder, capsys):
    """Run the command in `folder`; return how it ended, what it said, and what it complained of."""
    assert folder

    def ran(*arguments, connection="acme"):
        code = 0
        try:
            main(["preview", "--connection", connection, *arguments])
        except SystemExit as left:
            code = left.code
        out, error = capsys.readouterr()
        assert SECRET not in out + error
        assert SIGNING not in out + error
        return code, out, error

    return ran


def test_it_is_a_command():
    (command,) = entry_points(group="console_scripts", name="passback-webhook")
    assert command.load() is main


def test_a_made_up_result_is_shown_as_it_would_be_sent(run):
    _, shown, _ = run()
    head, _, body = shown.partition("\n\n")
    assert "POST https://api.acme.example/users/E-1001" in head
    assert "X-Tenant: acme" in head
    assert "Authorization: Bearer •••" in head
    assert "webhook-id: sample-1" in head
    assert "webhook-signature: v1,•••" in head
    assert "token from https://api.acme.example/token" in head
    said = json.loads(body)
    assert (said["who"], said["score"]) == ("Ana Bell", 70)


def test_a_result_of_ones_own_is_shown(folder, run, made):
    (folder / "result.json").write_bytes(canonical(made(7)))
    assert '"when": "2026-11-02T08:30:07Z"' in run("--result", "result.json")[1]


def test_a_stored_result_is_shown(folder, run, made):
    async def submit():
        async with Passback.from_file(folder / "passback.toml", deliver=False) as host:
            await host.submit(made(7))

    asyncio.run(submit())
    assert '"who": "User 7"' in run("--stored", "r-7")[1]
    assert run("--stored", "r-8") == (1, "", "the outbox has no result 'r-8'\n")


def test_what_isnt_sent_says_why(run):
    assert "nothing: failed isn't among this connection's events" in run("--event", "failed")[1]
    rejected = run("--event", "badge_awarded")[1]
    assert "it would be rejected: score: abs(item): abs() was given what it can't take" in rejected


@pytest.mark.parametrize(
    ("connection", "arguments", "words"),
    [
        ("nobody", [], "nobody"),
        ("lrs", [], "none of this connector"),
        ("acme", ["--result", "missing.json"], "missing.json"),
        ("acme", ["--config", "missing.toml"], "missing.toml"),
    ],
)
def test_a_mistake_is_one_line(run, connection, arguments, words):
    code, out, error = run(*arguments, connection=connection)
    assert (code, out) == (1, "")
    assert words in error
    assert len(error.splitlines()) == 1


def test_a_result_that_is_none_is_told(folder, run):
    (folder / "result.json").write_text('{"kind": "done"}')
    code, _, error = run("--result", "result.json")
    assert code == 1
    assert "kind" in error


@pytest.mark.parametrize("event", ResultKind)
def test_every_event_has_a_made_up_result(event):
    assert sample(event, datetime.now(UTC)).kind == event
