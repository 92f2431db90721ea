"""The connector over a sandbox on a socket, and deliveries to send."""

import asyncio
import json
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

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
    Launch,
    Learner,
    Result,
    ResultKind,
    SystemClock,
    Timeouts,
    UserQuery,
)
from passback.sandbox import serve
from passback_stackone import StackOneConnector, StackOneOptions
from passback_stackone.sandbox import Sandbox

ADDRESSES = AddressPolicy(allow_http=True, allow=("127.0.0.0/8",))
AT = datetime(2026, 11, 2, 8, 30, 0, 123456, tzinfo=UTC)
EVERYBODY = UserQuery()


class StackOne:
    """A sandbox on a socket, and the connector to talk to it."""

    def __init__(self, sandbox, url):
        self.sandbox = sandbox
        self.url = url

    def options(self, **options):
        like = self.sandbox.behaviour
        given = {"url": self.url, "api_key": like.api_key, "account_id": like.account_id} | options
        return StackOneOptions.model_validate(given)

    def connection(self, *, read=5.0, clock=None, **options):
        http = HTTP(ADDRESSES, Timeouts(connect=2, read=read, total=20))
        return Connection("acme", StackOneConnector, self.options(**options), http, clock or SystemClock())

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

    def users(self, query=EVERYBODY, **options):
        async def listed(connection):
            return [user async for user in connection.lookup_users(query)]

        return self.ask(listed, **options)

    def submit(self, *deliveries, **options):
        """Send `deliveries` as one batch; return its receipts, or raise what failed before any."""
        batch = Batch(deliveries=deliveries)
        try:
            return self.ask(lambda connection: connection.submit_results(batch), **options)
        except CutShort as cut:
            if cut.receipts:
                raise
            raise cut.failure from None

    def one(self, delivery, **options):
        (receipt,) = self.submit(delivery, **options)
        return receipt

    def asked(self, method="GET", path=""):
        return [seen for seen in self.sandbox.requests if seen.method == method and seen.path.endswith(path)]

    def written(self):
        """Return the bodies of what was written, as they came."""
        return [json.loads(seen.body) for seen in self.asked("POST")]


@pytest.fixture
def start():
    """Start a sandbox; it stops with the test."""
    with ExitStack() as stack:

        def started(behaviour=None, people=None):
            sandbox = Sandbox(behaviour, people)
            return StackOne(sandbox, stack.enter_context(serve(sandbox)))

        yield started


@pytest.fixture(scope="session")
def made():
    """Make the n-th delivery of a test: always the same for the same n."""

    def make(n=1, *, attempt=1, unsure=None, user="c28x0001", by="external_id", launch=None, **more):
        given = {
            "id": f"r-{n}",
            "kind": ResultKind.PASSED,
            "at": AT + timedelta(minutes=n),
            "learner": Learner(id=f"u-{n}", external_id=f"E-{1000 + n}"),
            "activity": Activity(id="ladder-1", name="Ladder safety"),
        }
        account = None if user is None else Account(user_id=user, matched_by=by, checked=AT)
        pairs = None if launch is None else Launch(passthrough=tuple(launch), id=7)
        doubt = attempt > 1 if unsure is None else unsure
        return Delivery(
            id=n,
            result=Result(**given | more),
            attempt=attempt,
            unsure=doubt,
            account=account,
            launch=pairs,
        )

    return make


class PatientClock(SystemClock):
    """A clock that notes how long it's asked to wait, and doesn't."""

    def __init__(self):
        self.waits = []

    async def wait(self, event, seconds):
        self.waits.append(seconds)
        return event.is_set()


@pytest.fixture
def clock():
    return PatientClock()
