"""What a customer meets whose key is wrong on the first day: status and one mail say so, on either engine."""

import signal
import time
from contextlib import contextmanager

import pytest
from hosting import Host
from mailserver import mail_server
from postgres import postgres_server

from passback.sandbox import serve
from passback_thoughtindustries.sandbox import Sandbox

TABLE = """
[connections.school]
connector = "thoughtindustries"
contact = "admin@example.com"
[connections.school.options]
url = "{url}"
api_key = "{key}"
courses = {{ "https://content.example.com/0" = "c-7" }}
[connections.school.network]
allow_http = true
allow = ["127.0.0.0/8"]
[alerts]
after = 1
calm = 5
gather = 1
[alerts.smtp]
host = "localhost"
port = {port}
security = "none"
sender = "passback@vendor.example"
"""
RESULT = (
    '{"id": "r-%(number)d", "kind": "completed", "at": "2026-11-02T08:30:00Z", '
    '"learner": {"id": "%(email)s", "email": "%(email)s"}, '
    '"activity": {"id": "https://content.example.com/0"}}'
)
WRONG = "not-the-key-of-this-school"


@pytest.fixture(params=["sqlite", "postgresql"])
def fleet(request, tmp_path, monkeypatch):
    """A host, and how many workers it has."""
    host = Host(tmp_path)
    if request.param == "sqlite":
        yield host, 1
        return
    server = postgres_server()
    name = server.empty()
    monkeypatch.setenv("DATABASE_URL", server.url(name))
    store = 'store = { url = { env = "DATABASE_URL" } }'
    host.configure = lambda *tables: (tmp_path / "passback.toml").write_text(
        "\n".join([store, *tables]), "utf-8"
    )
    yield host, 3
    server.drop(name)


@contextmanager
def working(host, many):
    workers = [host.start("work") for _ in range(many)]
    for worker in workers:
        assert "delivering for school" in worker.stderr.readline()
    try:
        yield
    finally:
        for worker in workers:
            worker.send_signal(signal.SIGTERM)
        for worker in workers:
            _, said = worker.communicate(timeout=30)
            assert worker.returncode == 0, said


def until(done, seconds=40):
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it didn't happen in time"
        time.sleep(0.1)


def subjects(inbox):
    return [message["Subject"] for message in inbox.messages]


def test_a_wrong_key_is_told_once_and_its_repair_lets_everything_go(fleet):
    host, many = fleet
    sandbox = Sandbox()
    with serve(sandbox) as url, mail_server() as inbox:
        host.configure(TABLE.format(url=url, key=WRONG, port=inbox.port))
        lines = [
            RESULT % {"number": number, "email": f"person{number}@example.com"} for number in range(505, 511)
        ]
        host.run("submit", "-", stdin="\n".join(lines))
        with working(host, many):
            until(lambda: inbox.messages)
        # Neither another start nor the other workers tell it again.
        with working(host, many):
            time.sleep(3)
        assert subjects(inbox) == ["school: server error"]
        mail = " ".join(inbox.messages[0].get_body(("plain",)).get_content().split())
        assert "users can't be looked up: GET /incoming/v2/users answered 401" in mail
        assert "what waits (6 results) is sent by itself" in mail
        (state,) = host.totals().connections
        assert (state.health, state.counts) == ("server error", {"waiting": 6})
        said = " ".join(host.run("status").stdout.split())
        assert "school server error since" in said
        assert "users can't be looked up: GET /incoming/v2/users answered 401" in said
        for command in (("users", "accounts", "school"), ("deliveries", "show", "1")):
            assert "users can't be looked up" in " ".join(host.run(*command).stdout.split())
        with working(host, many):
            host.configure(TABLE.format(url=url, key=sandbox.behaviour.api_key, port=inbox.port))
            until(lambda: len(inbox.messages) == 2)
        assert subjects(inbox)[1] == "school: working again: 6 results sent"
        assert len(sandbox.completions) == 6
        assert host.totals().connections[0].health == "ok"
