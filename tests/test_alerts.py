"""Alerts from end to end: a real worker, a learning system that breaks, and a real mail server."""

import signal
import time
from contextlib import contextmanager

import pytest
from hosting import lrs_table
from letters import ALERTS
from mailserver import PASSWORD, USER, authority, mail_server

from passback.alerts.rendering import text_of
from passback.alerts.wording import letter_of
from passback.sandbox import serve
from passback_testbed.places import workspace
from passback_xapi.sandbox import Behaviour, Sandbox

KEYS = Behaviour(key="lrs", secret="secret")
QUICK = "[alerts]\nafter = 1\ncalm = 1\ngather = 1\n"


def smtp_table(port, security="none", more=""):
    return f"""
[alerts.smtp]
host = "localhost"
port = {port}
security = "{security}"
sender = "passback@vendor.example"
{more}
"""


@contextmanager
def working(host):
    """Run ``passback work``; yield what waits until something is so."""
    worker = host.start("work")
    # From then on it can be stopped politely.
    began = ""
    while "delivering for lrs" not in began:
        line = worker.stderr.readline()
        assert line, began
        began += line

    def until(done, seconds=40):
        end = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < end, "it didn't happen in time"
            assert worker.poll() is None, worker.stderr.read()
            time.sleep(0.1)

    try:
        yield until
    finally:
        worker.send_signal(signal.SIGTERM)
        _, said = worker.communicate(timeout=30)
    assert worker.returncode == 0, said
    assert PASSWORD not in began + said


@pytest.fixture
def lrs():
    sandbox = Sandbox(KEYS)
    with serve(sandbox) as url:
        sandbox.url = url
        yield sandbox


def subjects(inbox):
    return [message["Subject"] for message in inbox.messages]


@pytest.mark.parametrize("letter", [letter_of(alert) for alert in ALERTS], ids=lambda letter: letter.subject)
def test_the_documentation_shows_the_mails_as_they_are(letter):
    page = (workspace() / "docs" / "how-to" / "alerts.md").read_text("utf-8")
    assert f"**{letter.subject}**\n\n```text\n{text_of(letter)}```\n" in page


def test_an_outage_makes_two_mails_over_a_restart_and_a_rejection_one(host, lrs, monkeypatch, tmp_path):
    certificate, ca = authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(ca))
    monkeypatch.setenv("SMTP_PASSWORD", PASSWORD)
    login = f'username = "{USER}"\npassword = {{ env = "SMTP_PASSWORD" }}'
    with mail_server("starttls", certificate) as inbox:
        alerts = QUICK + smtp_table(inbox.port, "starttls", login)
        host.configure(alerts, lrs_table(lrs.url, secret="wrong"))
        host.write_results(20)
        host.run("submit", "results.jsonl")
        with working(host) as until:
            until(lambda: len(inbox.messages) == 1)
        with working(host):
            time.sleep(3)
        assert subjects(inbox) == ["lrs: server error"]
        assert "check key, secret or token" in " ".join(str(inbox.messages[0].get_body()).split())
        host.configure(alerts, lrs_table(lrs.url))
        with working(host) as until:
            until(lambda: len(inbox.messages) == 2)
            lrs.fail(status=400, times=5, on="POST", body="no third field")
            host.write_results(3, "more.jsonl")
            (host.folder / "more.jsonl").write_text(
                (host.folder / "more.jsonl").read_text("utf-8").replace("result-", "more-"), "utf-8"
            )
            host.run("submit", "more.jsonl")
            until(lambda: len(inbox.messages) == 3)
        assert subjects(inbox)[1:] == ["lrs: working again: 20 results sent", "lrs: 3 results need you"]
        assert {message["To"] for message in inbox.messages} == {"admin@example.com"}
    listed = host.json("alerts")
    assert [(each["kind"], each["state"]) for each in listed] == [
        ("digest", "sent"),
        ("incident_over", "sent"),
        ("incident_began", "sent"),
    ]
    assert "incident began" in host.run("alerts").stdout


def test_what_cannot_be_sent_is_shown_with_the_reason_and_sent_after_repair(host, lrs):
    with mail_server() as inbox:
        host.configure(QUICK + smtp_table(9), lrs_table("http://127.0.0.1:9/"))
        host.write_results(1)
        host.run("submit", "results.jsonl")
        with working(host) as until:
            until(lambda: [each["state"] for each in host.json("alerts")] == ["failing"])
        said = " ".join(host.run("alerts").stdout.split())
        assert "the mail server localhost:9 isn't reached: connection refused; check alerts.smtp.host" in said
        done = host.run("alerts", "test", "lrs", expect=1)
        assert "connection refused" in " ".join(done.stdout.split())
        host.configure(QUICK + smtp_table(inbox.port), lrs_table(lrs.url))
        assert host.json("alerts", "test", "lrs") == [{"to": "mail to admin@example.com", "error": None}]
        assert subjects(inbox) == ["lrs: a test"]


def test_a_test_without_a_server_or_connection_says_what_is_missing(host, lrs):
    host.configure(lrs_table(lrs.url))
    assert "no [alerts.smtp]" in " ".join(host.run("alerts", "test", "lrs", expect=2).stderr.split())
    assert "it has lrs" in " ".join(host.run("alerts", "test", "acme", expect=2).stderr.split())
    assert host.json("alerts") == []


def test_mistakes_in_the_alerts_table_have_their_line_and_no_secret_is_shown(host, lrs, monkeypatch):
    monkeypatch.delenv("NO_SUCH_SECRET", raising=False)
    login = 'username = "u"\npassword = { env = "NO_SUCH_SECRET" }'
    webhook = '[alerts.webhook]\nurl = "https://example.com/token-in-path"\nsecret = "whsec_hush"\n'
    host.configure(smtp_table(25, "starttls", login) + webhook, lrs_table(lrs.url))
    told = host.run("config", "check", expect=1).stdout
    said = " ".join(told.split())
    assert "alerts.smtp.password: the environment variable NO_SUCH_SECRET isn't set" in said
    assert "alerts.webhook.secret: expected whsec_ and 24 to 64 random bytes in base64" in said
    assert "hush" not in told
    assert "token-in-path" not in told
    host.configure(smtp_table(25, "none", 'username = "u"\npassword = "p"'), lrs_table(lrs.url))
    assert "a password needs security: starttls or tls" in " ".join(
        host.run("status", expect=2).stderr.split()
    )
