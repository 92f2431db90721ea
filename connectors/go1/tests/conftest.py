"""The connector over a sandbox on a socket, and results to send."""

import asyncio
import json
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from passback import (
    HTTP,
    Account,
    Activity,
    AddressPolicy,
    Batch,
    Connection,
    CutShort,
    Delivery,
    Incoming,
    Item,
    Learner,
    Result,
    ResultKind,
    SystemClock,
    Timeouts,
)
from passback.sandbox import serve
from passback_go1 import Go1Connector, Go1Options
from passback_go1.sandbox import Sandbox
from passback_go1.sandbox.sender import signed

ADDRESSES = AddressPolicy(allow_http=True, allow=("127.0.0.0/8",))
AT = datetime(2026, 11, 2, 8, 30, 0, tzinfo=UTC)
SIGNING = "shared-secret"


def account(user="501"):
    return None if user is None else Account(user_id=user, matched_by="email", checked=AT)


def batch(results, users=None, attempt=1):
    users = ["501"] * len(results) if users is None else users
    return Batch(
        deliveries=tuple(
            Delivery(id=n, result=result, attempt=attempt, account=account(user))
            for n, (result, user) in enumerate(zip(results, users, strict=True), 1)
        )
    )


class Portal:
    """A sandbox on a socket, and the connector to talk to it."""

    def __init__(self, sandbox, url):
        self.sandbox = sandbox
        self.url = url

    def options(self, **options):
        like = self.sandbox.behaviour
        given = {
            "client_id": like.client_id,
            "client_secret": like.client_secret,
            "token_url": f"{self.url}/oauth/token",
            "gateway_url": f"{self.url}/gateway/",
            "api_url": f"{self.url}/v2",
        }
        return Go1Options.model_validate(given | options)

    def connection(self, *, read=5.0, clock=None, **options):
        http = HTTP(ADDRESSES, Timeouts(connect=2, read=read, total=20))
        return Connection("acme", Go1Connector, self.options(**options), http, clock or SystemClock())

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

    def submit(self, results, users=None, attempt=1, **options):
        """Send `results` as one batch; return their receipts, or raise what failed before any."""
        sent = batch(results, users, attempt)
        try:
            return self.ask(lambda connection: connection.submit_results(sent), **options)
        except CutShort as cut:
            if cut.receipts:
                raise
            raise cut.failure from None

    def one(self, result, user="501", **options):
        (receipt,) = self.submit([result], [user], **options)
        return receipt

    def users(self, query, **options):
        async def listed(connection):
            return [user async for user in connection.lookup_users(query)]

        return self.ask(listed, **options)

    def sign_in(self, request, **options):
        return self.ask(lambda connection: connection.sign_in_url(request), **options)

    def asked(self, path="", method=None):
        """Return the requests seen whose path begins so."""
        return [
            seen
            for seen in self.sandbox.requests
            if seen.path.startswith(path) and method in (None, seen.method)
        ]


class PatientClock(SystemClock):
    """A clock that notes how long it's asked to wait, and doesn't."""

    def __init__(self):
        self.waits = []

    async def wait(self, event, seconds):
        self.waits.append(round(seconds))
        return event.is_set()


@pytest.fixture
def clock():
    return PatientClock()


@pytest.fixture
def start():
    """Start a sandbox; it stops with the test."""
    with ExitStack() as stack:

        def started(behaviour=None):
            sandbox = Sandbox(behaviour)
            return Portal(sandbox, stack.enter_context(serve(sandbox)))

        yield started


@pytest.fixture(scope="session")
def raw():
    """An HTTP client that knows nothing of GO1."""
    with httpx2.Client(trust_env=False) as client:
        yield client


@pytest.fixture(scope="session")
def batched():
    return batch


@pytest.fixture(scope="session")
def made():
    """Make the n-th result of a test: always the same for the same n."""

    def make(n=0, kind=ResultKind.COMPLETED, **more):
        given = {
            "id": f"r-{n}",
            "kind": kind,
            "at": AT + timedelta(minutes=n),
            "learner": Learner(id=f"u-{n}", email=f"user{n}@example.com"),
            "activity": Activity(id="777", name="Ladder safety"),
        }
        if ResultKind(kind).concerns_item:
            given["item"] = Item(id="item 1")
        return Result(**given | more)

    return make


class Gate:
    """A connection that receives."""

    def __init__(self, name="acme", **options):
        given = {"client_id": "us", "client_secret": "s", "webhook_secrets": [SIGNING]} | options
        http = HTTP(ADDRESSES, Timeouts())
        self.connection = Connection(
            name, Go1Connector, Go1Options.model_validate(given), http, SystemClock()
        )

    def ask(self, body, header=None, *, method="POST", received=AT):
        """Hand in one request; it's signed well unless `header` says otherwise."""
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        headers = signed(SIGNING, body, int(AT.timestamp()))
        if header is not None:
            headers = {"go1-signature": header}
        return self.connection.receive_results(
            Incoming(method=method, headers=headers, body=body, received=received)
        )

    def one(self, event):
        """Return the one result that an event gives."""
        received = self.ask(event)
        assert received.status == 200, received.body
        (result,) = received.results
        return result


@pytest.fixture
def gate():
    """Make connections that receive."""
    return Gate
