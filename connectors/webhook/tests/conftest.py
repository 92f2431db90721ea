"""The connector over a sandbox on a socket, and results to send."""

import asyncio
import json
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest

from passback import (
    HTTP,
    Activity,
    AddressPolicy,
    Batch,
    Connection,
    Counters,
    CutShort,
    Delivery,
    Incoming,
    Item,
    Learner,
    Result,
    ResultKind,
    Score,
    SystemClock,
    Timeouts,
)
from passback.sandbox import serve
from passback_webhook import WebhookConnector, WebhookOptions
from passback_webhook.sandbox import Sandbox

SECRET = "a-secret-of-the-platform"
ADDRESSES = AddressPolicy(allow_http=True, allow=("127.0.0.0/8",))
AT = datetime(2026, 11, 2, 8, 30, 0, tzinfo=UTC)


def batch(results):
    return Batch(deliveries=tuple(Delivery(id=n, result=result) for n, result in enumerate(results, 1)))


class Api:
    """A sandbox on a socket, and the connector to talk to it."""

    def __init__(self, sandbox, url):
        self.sandbox = sandbox
        self.url = url

    def auth(self):
        """Return the options that its behaviour asks for."""
        like = self.sandbox.behaviour
        return {
            "none": {"kind": "none"},
            "basic": {"kind": "basic", "username": like.username, "password": like.password},
            "key": {"kind": "key", "header": like.key_header, "key": like.key},
            "oauth2": {
                "kind": "oauth2",
                "token_url": f"{self.url}/token",
                "client_id": like.client_id,
                "client_secret": like.client_secret,
            },
        }[like.auth]

    def options(self, **options):
        given = {"url": f"{self.url}/events", "auth": self.auth()} | options
        return WebhookOptions.model_validate(given)

    def connection(self, *, addresses=ADDRESSES, **options):
        http = HTTP(addresses, Timeouts(connect=2, read=5, total=20))
        return Connection("acme", WebhookConnector, self.options(**options), http, SystemClock())

    def ask(self, question, **options):
        """Await what `question` asks of a connection of its own."""

        async def asked():
            connection = self.connection(**options)
            try:
                return await question(connection)
            finally:
                await connection.aclose()

        return asyncio.run(asked())

    def check(self, **options):
        return self.ask(lambda connection: connection.check(), **options)

    def submit(self, results, **options):
        """Send `results` as one batch; return their receipts, or raise what failed before any."""
        try:
            return self.ask(lambda connection: connection.submit_results(batch(results)), **options)
        except CutShort as cut:
            if cut.receipts:
                raise
            raise cut.failure from None

    def one(self, result, **options):
        (receipt,) = self.submit([result], **options)
        return receipt

    def users(self, query, **options):
        async def listed(connection):
            return [user async for user in connection.lookup_users(query)]

        return self.ask(listed, **options)

    def seen(self, path="/events"):
        return [seen for seen in self.sandbox.requests if seen.path.startswith(path)]


@pytest.fixture
def start():
    """Start a sandbox; it stops with the test."""
    with ExitStack() as stack:

        def started(behaviour=None):
            sandbox = Sandbox(behaviour)
            return Api(sandbox, stack.enter_context(serve(sandbox)))

        yield started


@pytest.fixture(scope="session")
def made():
    """Make the n-th result of a test: always the same for the same n."""

    def make(n=0, kind=ResultKind.COMPLETED, **more):
        given = {
            "id": f"r-{n}",
            "kind": kind,
            "at": AT + timedelta(seconds=n),
            "started": AT - timedelta(minutes=5),
            "learner": Learner(id=f"u-{n}", email=f"user{n}@example.com", name=f"User {n}"),
            "activity": Activity(id="crane-1", name="Crane safety"),
            "score": Score(raw=69.5, max=100, scaled=0.695),
            "progress": 0.5,
            "counters": Counters(total_awards=4, awards_unlocked=2, total_tasks=10, tasks_completed=5),
        }
        if ResultKind(kind).concerns_item:
            given["item"] = Item(id="item 1", name="The first")
        return Result(**given | more)

    return make


class Clock(SystemClock):
    """A clock that stands where it is set."""

    def __init__(self):
        self.time = datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)

    def now(self):
        return self.time


class Gate:
    """A connection that only receives."""

    def __init__(self, name="tiq", **receive):
        self.clock = Clock()
        self.options = WebhookOptions.model_validate({"receive": {"secrets": [SECRET]} | receive})
        http = HTTP(ADDRESSES, Timeouts(connect=2, read=5, total=20))
        self.connection = Connection(name, WebhookConnector, self.options, http, self.clock)

    def ask(self, body=b"", path="", method="POST", query=(), **headers):
        """Hand in one request."""
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        given = {"content_type": "application/json"} | headers
        incoming = Incoming(
            method=method,
            path=path,
            query=tuple(query),
            headers={name.replace("_", "-"): text for name, text in given.items() if text is not None},
            body=body,
            received=self.clock.now(),
        )
        return self.connection.receive_results(incoming)

    def send(self, body, **more):
        """Hand in a request that is proven by the secret."""
        return self.ask(body, authorization=f"Bearer {SECRET}", **more)

    def one(self, body, **more):
        """Return the one result that a proven request gives."""
        received = self.send(body, **more)
        assert received.status == 200, received.body
        (result,) = received.results
        return result

    def refusal(self, body, **more):
        """Return with which status and words a proven request is refused."""
        received = self.send(body, **more)
        assert received.results == ()
        return received.status, received.body["error"]


@pytest.fixture
def gate():
    """Make connections that only receive."""
    return Gate
