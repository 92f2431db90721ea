"""What a system sends to us: verified by its connector, accepted before it's answered, never sent back."""

import asyncio
import hashlib
import hmac
import json
import sys
from contextlib import asynccontextmanager

import httpx2
import pytest
from hosting import lrs_table
from installing import install_plugin
from starlette.applications import Starlette
from starlette.routing import Mount

from passback import Passback, Selection
from passback.web import mountable

CONNECTOR = """
import hashlib, hmac, json
from passback import Activity, Connector, Learner, Options, Received, Result
from pydantic import SecretStr

class AcmeOptions(Options):
    secret: SecretStr

class Acme(Connector[AcmeOptions]):
    async def check(self): ...

    async def submit_results(self, batch):
        raise AssertionError("nothing goes back to where it came from")

    def receive_results(self, incoming):
        if incoming.path == "raise":
            raise RuntimeError("a secret in a message")
        if incoming.path == "nonsense":
            return incoming
        if incoming.path == "numbers":
            return Received(users={"go:7": 7})
        secret = self.options.secret.get_secret_value().encode()
        signature = hmac.new(secret, incoming.body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(signature, incoming.headers.get("x-signature", "")):
            return Received(status=401, body={"error": "the signature is wrong"})
        at = incoming.received.replace(hour=1, minute=0, second=0, microsecond=0)
        fact = {"kind": "completed", "activity": Activity(id="ladder"), "organisation": "evil", "at": at}
        results = tuple(
            Result(id=each["id"], learner=Learner(id=each["who"]), **fact)
            for each in json.loads(incoming.body)
        )
        return Received(results=results, body={"taken": len(results)}, headers={"x-path": incoming.path})
"""
TABLE = """
[connections.acme]
connector = "acme"
contact = "admin@example.com"
organisation = "customer"
options = { secret = "very secret" }
"""


@pytest.fixture
def acme(host, monkeypatch):
    """A connector that receives, installed for this test alone."""
    entry_points = "[passback.connectors.v1]\nacme = passback_acme:Acme\n"
    install_plugin(host.folder, "passback-acme", CONNECTOR, entry_points)
    monkeypatch.syspath_prepend(host.folder)
    yield host
    sys.modules.pop("passback_acme", None)


@asynccontextmanager
async def served(host, *tables, patience=5):
    host.configure(TABLE, *tables)
    async with Passback.from_file(host.folder / "passback.toml", deliver=False) as pb:
        app = Starlette(routes=[Mount("/passback", app=mountable(pb, patience=patience))])
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url="https://host.example") as client:
            yield pb, client


def signed(body):
    content = json.dumps(body).encode() if not isinstance(body, bytes) else body
    signature = hmac.new(b"very secret", content, hashlib.sha256).hexdigest()
    return {"content": content, "headers": {"x-signature": signature}}


def test_it_is_accepted_before_it_is_answered_and_belongs_to_the_connections_organisation(acme):
    async def check():
        async with served(acme) as (pb, client):
            answer = await client.post("/passback/hooks/acme/below", **signed([{"id": "1", "who": "ana"}]))
            assert (answer.status_code, answer.json()) == (202, {"taken": 1})
            assert answer.headers["x-path"] == "below"
            (exported,) = [each async for each in pb.export()]
            assert (exported.result.organisation, exported.result.learner.id) == ("customer", "ana")
            again = await client.post("/passback/hooks/acme", **signed([{"id": "1", "who": "ana"}]))
            assert again.status_code == 202
            assert (await pb.totals()).accepted == 1

    asyncio.run(check())


def test_it_goes_to_the_organisations_other_connections_and_never_back(acme):
    more = 'organisation = "customer"'

    async def check():
        async with served(acme, lrs_table("http://127.0.0.1:9/", more=more)) as (pb, client):
            await client.post("/passback/hooks/acme", **signed([{"id": "1", "who": "ana"}]))
            assert [each.connection for each in await pb.deliveries(Selection())] == ["lrs"]

    asyncio.run(check())


def test_with_nowhere_else_to_go_it_is_kept_until_there_is(acme):
    async def check():
        async with served(acme) as (pb, client):
            await client.post("/passback/hooks/acme", **signed([{"id": "1", "who": "ana"}]))
            await pb.attach("ladder", "acme")
            assert await pb.deliveries() == []
            assert (await pb.totals()).unrouted == 1

    asyncio.run(check())


def test_a_wrong_signature_changes_nothing(acme):
    async def check():
        async with served(acme) as (pb, client):
            wrong = signed([{"id": "1", "who": "ana"}])["content"]
            answer = await client.post("/passback/hooks/acme", content=wrong, headers={"x-signature": "no"})
            assert (answer.status_code, answer.json()) == (401, {"error": "the signature is wrong"})
            assert (await pb.totals()).accepted == 0

    asyncio.run(check())


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("acme/raise", 500),
        ("acme/nonsense", 500),
        ("acme/numbers", 500),
        ("nobody", 404),
        ("lrs", 404),
        ("", 404),
        ("acme/..%2F..", 401),
    ],
)
def test_whatever_goes_wrong_is_told_without_a_detail(acme, path, status):
    async def check():
        async with served(acme, lrs_table("http://127.0.0.1:9/")) as (_, client):
            answer = await client.post(f"/passback/hooks/{path}", content=b"{}")
            assert answer.status_code == status
            assert "secret" not in answer.text

    asyncio.run(check())


def test_the_same_id_with_other_content_is_refused(acme):
    async def check():
        async with served(acme) as (_, client):
            await client.post("/passback/hooks/acme", **signed([{"id": "1", "who": "ana"}]))
            answer = await client.post("/passback/hooks/acme", **signed([{"id": "1", "who": "bob"}]))
            assert answer.status_code == 409

    asyncio.run(check())


def test_what_is_slow_to_arrive_is_cut_off_with_an_answer(acme):
    async def dribbling():
        yield b"["
        await asyncio.sleep(60)

    async def check():
        async with served(acme, patience=0.05) as (pb, client):
            answer = await client.post("/passback/hooks/acme", content=dribbling())
            assert (answer.status_code, answer.headers["connection"]) == (408, "close")
            assert (await pb.totals()).accepted == 0

    asyncio.run(check())


def test_what_is_larger_than_results_are_is_not_read(acme):
    async def check():
        async with served(acme) as (_, client):
            answer = await client.post("/passback/hooks/acme", **signed(b"x" * (1024 * 1024 + 1)))
            assert answer.status_code == 413
            assert (await client.delete("/passback/hooks/acme")).status_code == 405

    asyncio.run(check())
