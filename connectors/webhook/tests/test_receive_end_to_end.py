"""From one system into another, over sockets: what a platform reports arrives once, and never goes back."""

import asyncio
import json
import os
import socket
import subprocess
import sys
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
import uvicorn
from standardwebhooks import Webhook
from starlette.applications import Starlette
from starlette.routing import Mount

from passback import Passback, Selection
from passback.web import mountable
from passback_webhook.sandbox import EVENTS, BadAnswer, Behaviour, Sender, six_events

SECRET = "a-secret-of-the-platform"
SIGNING = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
START = datetime(2026, 11, 2, 8, 30, tzinfo=UTC)
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


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("TIQ_SECRET", SECRET)
    monkeypatch.setenv("SIGNING", SIGNING)
    return tmp_path


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


def run(folder, start, work):
    """Run `work` with a host, the address of its hooks, and the system behind its other connection."""
    api = start(Behaviour(auth="key"))

    async def whole():
        async with hosted(folder, api.url) as (pb, hooks):
            await work(pb, hooks, api.sandbox)

    asyncio.run(whole())


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
def test_six_events_arrive_once_at_the_other_system_and_never_go_back(folder, start, way):
    events = six_events("E-1001", "crane-1", START)

    async def work(pb, hooks, sandbox):
        for _ in range(2):
            answers = await asyncio.to_thread(Sender(f"{hooks}/tiq", SECRET, way=way).send, events)
            assert {each.body for each in answers} == {b'{"accepted":1,"ignored":0}'}
            assert await pb.drain(20)
        assert [each["event"] for each in sandbox.messages] == OURS
        assert sandbox.repeated == []
        assert {(each["user"], each["activity"]) for each in sandbox.messages} == {("E-1001", "crane-1")}
        assert [each["percentage_complete"] for each in sandbox.messages] == [0, 0.1, 0.2, 0.3, 0.4, 1]
        assert {each.connection for each in await pb.deliveries(Selection())} == {"acme"}
        assert (await pb.totals()).accepted == 6

    run(folder, start, work)


def test_what_the_official_library_signs_arrives_and_its_repetition_changes_nothing(folder, start):
    events = six_events("E-1001", "crane-1", START)

    async def work(pb, hooks, sandbox):
        for attempt in range(2):
            for number, event in enumerate(events):
                body, at = json.dumps(event), datetime.now(UTC)
                headers = {
                    "content-type": "application/json",
                    "webhook-id": f"msg_{number}",
                    "webhook-timestamp": str(int(at.timestamp())),
                    "webhook-signature": Webhook(SIGNING).sign(f"msg_{number}", at, body),
                }
                status, _ = await asyncio.to_thread(post, f"{hooks}/signed", body, headers)
                assert (attempt, status) == (attempt, 200)
            assert await pb.drain(20)
        assert [each["event"] for each in sandbox.messages] == OURS

    run(folder, start, work)


def test_the_same_event_with_other_content_is_refused_and_the_first_stands(folder, start):
    (event, *_) = six_events("E-1001", "crane-1", START)
    headers = {"content-type": "application/json", "authorization": f"Bearer {SECRET}"}

    async def work(pb, hooks, sandbox):
        for body, expected in ((event, 200), (event | {"score": 5}, 409), (event, 200)):
            status, _ = await asyncio.to_thread(post, f"{hooks}/tiq", json.dumps(body), headers)
            assert status == expected
        assert await pb.drain(20)
        assert [each["score"] for each in sandbox.messages] == [0]

    run(folder, start, work)


def test_a_mistake_in_one_of_several_events_keeps_all_of_them_out(folder, start):
    events = six_events("E-1001", "crane-1", START)
    events[3] |= {"percent_complete": 30}
    headers = {"content-type": "application/json", "authorization": f"Bearer {SECRET}"}

    async def work(pb, hooks, _):
        status, said = await asyncio.to_thread(post, f"{hooks}/tiq", json.dumps(events), headers)
        assert (status, json.loads(said)) == (
            422,
            {"error": "[3]: progress: expected a number from 0 to 1, got 30.0"},
        )
        assert (await pb.totals()).accepted == 0

    run(folder, start, work)


@pytest.mark.parametrize(
    ("path", "secret", "words"),
    [
        ("tiq", "another-secret-of-theirs", "expected 200 with application/json, got 401"),
        ("nobody", SECRET, "got 404"),
        ("signed", SECRET, "got 401"),
        ("acme", SECRET, "got 404"),
    ],
)
def test_a_sender_that_isnt_expected_gets_no_token_and_the_log_no_secret(
    folder, start, caplog, path, secret, words
):
    async def work(pb, hooks, _):
        with pytest.raises(BadAnswer, match=words):
            await asyncio.to_thread(Sender(f"{hooks}/{path}", secret).token)
        assert (await pb.totals()).accepted == 0

    run(folder, start, work)
    assert secret not in caplog.text


def test_a_request_that_dribbles_in_is_cut_off_with_an_answer(folder, start):
    head = b"POST /passback/hooks/tiq HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"

    def dribbled(hooks):
        parts = urlsplit(hooks)
        with socket.create_connection((parts.hostname, parts.port), timeout=10) as sender:
            sender.sendall(head + b"5\r\nab")
            answer = b""
            while part := sender.recv(4096):
                answer += part
            return answer

    async def work(_, hooks, __):
        answer = await asyncio.to_thread(dribbled, hooks)
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b"it took longer than 0.5 s to arrive" in answer

    run(folder, start, work)


def test_what_is_too_large_is_answered_to_a_sender_that_is_still_sending(folder, start):
    async def work(_, hooks, __):
        status, _ = await asyncio.to_thread(post, f"{hooks}/tiq", b"x" * 4_000_000, {})
        assert status == 413

    run(folder, start, work)


def test_the_sandbox_sends_from_the_command_line(folder, start):
    def sent(hooks, secret):
        command = [sys.executable, "-m", "passback_webhook.sandbox", "send", f"{hooks}/tiq"]
        environment = os.environ | {"SANDBOX_SECRET": secret}
        return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)

    async def work(pb, hooks, sandbox):
        done = await asyncio.to_thread(sent, hooks, SECRET)
        assert (done.returncode, done.stderr) == (0, "")
        assert [line.partition(":")[0] for line in done.stdout.splitlines()] == list(EVENTS)
        assert await pb.drain(20)
        assert len(sandbox.messages) == 6
        wrong = await asyncio.to_thread(sent, hooks, "another-secret-of-theirs")
        assert wrong.returncode == 1
        assert "got 401" in wrong.stderr
        assert "another-secret" not in wrong.stderr

    run(folder, start, work)
