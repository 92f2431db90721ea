"""The connector over a sandbox on a socket, results to send, and a clock that both go by."""

import asyncio
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import attrs
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
    LaunchQuery,
    Learner,
    Result,
    SystemClock,
    Timeouts,
    UserQuery,
)
from passback.sandbox import serve
from passback_cornerstone import CornerstoneConnector, CornerstoneOptions
from passback_cornerstone.sandbox import Behaviour, Sandbox

ADDRESSES = AddressPolicy(allow_http=True, allow=("127.0.0.0/8",))
AT = datetime(2026, 11, 2, 8, 30, 0, 123456, tzinfo=UTC)
CALLBACK = "/services/api/x/content/callback/progress"


class Time(SystemClock):
    """A clock on which waiting takes no time; the portal goes by it, too."""

    def __init__(self, sandbox):
        self._sandbox = sandbox
        self._offset = timedelta()
        self.waited = []
        # Early in a minute, so that none ends by itself in the middle of a test.
        self.go_on(65 - datetime.now(UTC).second)

    def now(self):
        return super().now() + self._offset

    def go_on(self, seconds):
        self._offset += timedelta(seconds=seconds)
        self._sandbox.advance(seconds)

    async def wait(self, event, seconds):
        self.waited.append(seconds)
        self.go_on(seconds)
        return event.is_set()


class Csod:
    """A sandbox on a socket, and the connector to talk to it."""

    def __init__(self, sandbox, url):
        self.sandbox = sandbox
        self.url = url
        self.time = Time(sandbox)

    def options(self, **changes):
        like = self.sandbox.behaviour
        given = {
            "url": self.url,
            "subdomain": like.subdomain,
            "callback": {"key": like.key, "secret": like.secret},
            "api": {"client_id": like.client_id, "client_secret": like.client_secret},
        }
        for name, change in changes.items():
            both = isinstance(change, dict) and isinstance(given.get(name), dict)
            given[name] = given[name] | change if both else change
        return CornerstoneOptions.model_validate(given)

    def connection(self, quota=None, **changes):
        http = HTTP(ADDRESSES, Timeouts(connect=2, read=1, total=20), self.time, quota=quota)
        return Connection("acme", CornerstoneConnector, self.options(**changes), http, self.time)

    def run(self, work, **changes):
        """Await what `work` does with a connection of its own."""

        async def asked():
            connection = self.connection(**changes)
            try:
                return await work(connection)
            finally:
                await connection.aclose()

        return asyncio.run(asked())

    def submit(self, *deliveries, launches=(), **changes):
        """Send `deliveries` as one batch; return its receipts, or raise what failed before any."""
        sent = batch(*deliveries, launches=launches)
        try:
            return self.run(lambda each: each.submit_results(sent), **changes)
        except CutShort as cut:
            if cut.receipts:
                raise
            raise cut.failure from None

    def lookup(self, query=None, **changes):
        async def listed(connection):
            return [user async for user in connection.lookup_users(query or UserQuery())]

        return self.run(listed, **changes)

    def launch(self, place=0, number=1, **changes):
        """Return the launch of the `place`-th user, as the core would hand it over."""
        query = LaunchQuery(pairs=tuple(self.sandbox.launch(self.sandbox.people[place].username, self.url)))
        connection = self.connection(**changes)
        return attrs.evolve(connection.read_launch(query), id=number)

    def entry(self, place=0, course="ladder-1"):
        return self.sandbox.transcripts.get((self.sandbox.people[place].guid, course))

    def posts(self):
        return [seen for seen in self.sandbox.requests if seen.path == CALLBACK]

    def account(self, place=0, matched_by="external_id"):
        guid = self.sandbox.people[place].guid
        return Account(user_id=guid, matched_by=matched_by, checked=AT)


def batch(*deliveries, launches=()):
    return Batch(deliveries=tuple(deliveries), launches=tuple(launches))


@pytest.fixture
def start():
    """Start a sandbox; it stops with the test."""
    with ExitStack() as stack:

        def started(behaviour=None, **changes):
            sandbox = Sandbox(replace(behaviour or Behaviour(employees=12), **changes))
            return Csod(sandbox, stack.enter_context(serve(sandbox)))

        yield started


@pytest.fixture
def csod(start):
    return start()


@pytest.fixture(scope="session")
def batched():
    return batch


@pytest.fixture(scope="session")
def made():
    """Make a result of a learner."""

    def make(kind="completed", **more):
        given = {
            "id": f"result-{kind}",
            "kind": kind,
            "at": AT,
            "learner": Learner(id="ana", external_id="E-1000"),
            "activity": Activity(id="ladder-1", name="Ladder safety"),
        }
        return Result(**given | more)

    return make


@pytest.fixture
def sent(csod, made):
    """Make a delivery of the first user's result, from its kind or as given."""

    def deliver(kind="completed", number=1, place=0, result=None, **more):
        given = {"id": number, "result": result or made(kind), "account": csod.account(place)}
        return Delivery(**given | more)

    return deliver
