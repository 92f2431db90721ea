"""From one system into another, over sockets: what a platform reports arrives once, and never goes back."""

import asyncio
import json
import socket
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
import uvicorn
from anyio.from_thread import start_blocking_portal
from standardwebhooks import Webhook
from starlette.applications import Starlette
from starlette.routing import Mount

from passback import Passback, Selection
from passback.sandbox import BadAnswer, serve
from passback.web import mountable
from passback_webhook.sandbox import EVENTS, Behaviour, Sandbox, Sender, six_events
from passback_webhook.sandbox.__main__ import main

SECRET = "a-secret-of-the-platform"
SIGNING = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
START = datetime(2026, 11, 2, 8, 30, tzinfo=UTC)
PROVEN = {"content-type": "application/json", "authorization": f"Bearer {SECRET}"}
OURS = ["started", *EVENTS[1:5], "completed"]
CONFIGURATION = """
[connections.tiq]
connector = "webhook"
contact = "lms-admin@acme.example"

[connections.tiq.options.receive]
secrets = [{{ env = "TIQ_SECRET" }}]

[connections.signed]
connector = "webhook"
contact = "lms-admin@acme.example"
activities = []

[connections.signed.options.receive]
signing = {{ secrets = [{{ env = "SIGNING" }}] }}

[connections.acme]
connector = "webhook"
contact = "lms-admin@acme.example"
network = {{ allow_http = true, allow = ["127.0.0.0/8"] }}
sending = {{ linger = 0 }}

[connections.acme.options]
url = "{url}/events"
auth = {{ kind = "key", header = "X-Api-Key", key = "sandbox-key" }}
"""


@asynccontextmanager
async def hosted(folder, url):
    """Serve the mounted app of a host that delivers to `url`; give the host, and the address of its hooks."""
    (folder / "passback.toml").write_text(CONFIGURATION.format(url=url), "utf-8")
    async with Passback.from_file(folder / "passback.toml") as pb:
        app = Starlette(routes=[Mount("/passback", app=mountable(pb, patience=0.5))])
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
        with socket.create_server(("127.0.0.1", 0)) as listener:
            serving = asyncio.create_task(server.serve([listener]))
            yield pb, f"http://127.0.0.1:{listener.getsockname()[1]}/passback/hooks"
            server.should_exit = True
            await serving


class Host:
    """A host in a thread of its own, the address of its hooks, and the system behind its other connection."""

    def __init__(self, portal, passback, hooks, sandbox):
        self.passback = passback
        self.hooks = hooks
        self.sandbox = sandbox
        self._portal = portal

    def ask(self, question, *arguments):
        return self._portal.call(question, *arguments)

    def accepted(self):
        return self.ask(self.passback.totals).accepted

    def delivered(self, user):
        """Wait until everything went; return what the other system was told of `user`."""
        assert self.ask(self.passback.drain, 20)
        return [message for message in self.sandbox.messages if message["user"] == user]


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    """One host for all: each test that has something delivered reports of a user of its own."""
    sandbox = Sandbox(Behaviour(auth="key"))
    with (
        pytest.MonkeyPatch.context() as environment,
        serve(sandbox) as url,
        start_blocking_portal() as portal,
    ):
        environment.setenv("TIQ_SECRET", SECRET)
        environment.setenv("SIGNING", SIGNING)
        opened = hosted(tmp_path_factory.mktemp("host"), url)
        with portal.wrap_async_context_manager(opened) as (passback, hooks):
            yield Host(portal, passback, hooks, sandbox)


def post(url, body, headers):
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname, parts.port, timeout=10)
    try:
        connection.request("POST", parts.path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize("way", ["token", "secret"])
def test_six_events_arrive_once_at_the_other_system_and_never_go_back(host, way):
    user, before = f"E-{way}", host.accepted()
    for _ in range(2):
        answers = Sender(f"{host.hooks}/tiq", SECRET, way=way).send(six_events(user, "crane-1", START))
        assert {each.body for each in answers} == {b'{"accepted":1,"ignored":0}'}
        messages = host.delivered(user)
    assert [each["event"] for each in messages] == OURS
    assert {each["activity"] for each in messages} == {"crane-1"}
    assert [each["percentage_complete"] for each in messages] == [0, 0.1, 0.2, 0.3, 0.4, 1]
    assert host.sandbox.repeated == []
    deliveries = host.ask(host.passback.deliveries, Selection(learner=user))
    assert [each.connection for each in deliveries] == ["acme"] * 6
    assert host.accepted() == before + 6


def test_what_the_official_library_signs_arrives_and_its_repetition_changes_nothing(host):
    events = six_events("E-signed", "crane-1", START)
    for attempt in range(2):
        for number, event in enumerate(events):
            body, at = json.dumps(event), datetime.now(UTC)
            headers = {
                "content-type": "application/json",
                "webhook-id": f"msg_{number}",
                "webhook-timestamp": str(int(at.timestamp())),
                "webhook-signature": Webhook(SIGNING).sign(f"msg_{number}", at, body),
            }
            status, _ = post(f"{host.hooks}/signed", body, headers)
            assert (attempt, status) == (attempt, 200)
        messages = host.delivered("E-signed")
    assert [each["event"] for each in messages] == OURS


def test_the_same_event_with_other_content_is_refused_and_the_first_stands(host):
    (event, *_) = six_events("E-other", "crane-1", START)
    for body, expected in ((event, 200), (event | {"score": 5}, 409), (event, 200)):
        status, _ = post(f"{host.hooks}/tiq", json.dumps(body), PROVEN)
        assert status == expected
    assert [each["score"] for each in host.delivered("E-other")] == [0]


def test_a_mistake_in_one_of_several_events_keeps_all_of_them_out(host):
    events, before = six_events("E-mistake", "crane-1", START), host.accepted()
    events[3] |= {"percent_complete": 30}
    status, said = post(f"{host.hooks}/tiq", json.dumps(events), PROVEN)
    assert (status, json.loads(said)) == (
        422,
        {"error": "[3]: progress: expected a number from 0 to 1, got 30.0"},
    )
    assert host.accepted() == before


@pytest.mark.parametrize(
    ("path", "secret", "words"),
    [
        ("tiq", "another-secret-of-theirs", "expected 200 with application/json, got 401"),
        ("nobody", SECRET, "got 404"),
        ("signed", SECRET, "got 401"),
        ("acme", SECRET, "got 404"),
    ],
)
def test_a_sender_that_isnt_expected_gets_no_token_and_the_log_no_secret(host, caplog, path, secret, words):
    with pytest.raises(BadAnswer, match=words):
        Sender(f"{host.hooks}/{path}", secret).token()
    assert secret not in caplog.text


def test_a_request_that_dribbles_in_is_cut_off_with_an_answer(host):
    parts = urlsplit(host.hooks)
    head = b"POST /passback/hooks/tiq HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as sender:
        sender.sendall(head + b"5\r\nab")
        answer = b""
        while part := sender.recv(4096):
            answer += part
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"it took longer than 0.5 s to arrive" in answer


def test_what_is_too_large_is_answered_to_a_sender_that_is_still_sending(host):
    status, _ = post(f"{host.hooks}/tiq", b"x" * 4_000_000, {})
    assert status == 413


def test_the_sandbox_sends_from_the_command_line(host, monkeypatch, capsys):
    monkeypatch.setenv("SANDBOX_SECRET", SECRET)
    main(["send", f"{host.hooks}/tiq", "--user", "E-typed"])
    said = capsys.readouterr().out
    assert [line.partition(":")[0] for line in said.splitlines()] == list(EVENTS)
    assert len(host.delivered("E-typed")) == 6


def test_the_sandbox_says_on_the_command_line_why_nothing_was_taken(host, monkeypatch):
    monkeypatch.setenv("SANDBOX_SECRET", "another-secret-of-theirs")
    with pytest.raises(SystemExit, match="got 401") as refused:
        main(["send", f"{host.hooks}/tiq"])
    assert "another-secret" not in str(refused.value)
    monkeypatch.delenv("SANDBOX_SECRET")
    with pytest.raises(SystemExit, match="SANDBOX_SECRET isn't set"):
        main(["send", f"{host.hooks}/tiq"])
