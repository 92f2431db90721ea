"""The connector over a sandbox on a socket, and results to send."""

import asyncio
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

import pytest

from passback import (
    HTTP,
    Activity,
    AddressPolicy,
    Batch,
    Connection,
    Delivery,
    Item,
    Learner,
    Result,
    ResultKind,
    SystemClock,
    Timeouts,
)
from passback.sandbox import serve
from passback_xapi import XapiConnector, XapiOptions
from passback_xapi.sandbox import Sandbox

ADDRESSES = AddressPolicy(allow_http=True, allow=("127.0.0.0/8",))
START = datetime(2026, 11, 2, 8, 0, 0, 123456, tzinfo=UTC)
NAMESPACE = UUID(int=26)


def batch(results, attempt=1):
    deliveries = [Delivery(id=n, result=result, attempt=attempt) for n, result in enumerate(results, 1)]
    return Batch(deliveries=tuple(deliveries))


class Lrs:
    """A sandbox on a socket, and the connector to talk to it."""

    def __init__(self, sandbox, url):
        self.sandbox = sandbox
        self.url = url

    def connection(self, *, read=5.0, **options):
        behaviour = self.sandbox.behaviour
        given = {"url": self.url, "key": behaviour.key, "secret": behaviour.secret} | options
        http = HTTP(ADDRESSES, Timeouts(connect=2, read=read, total=30))
        return Connection("lrs", XapiConnector, XapiOptions(**given), http, SystemClock())

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

    def submit(self, results, attempt=1, **options):
        """Send `results` as one batch; return their receipts."""
        return self.ask(lambda connection: connection.submit_results(batch(results, attempt)), **options)

    def submit_often(self, results, times, before=None, **options):
        """Send `results` so often over one connection, each time after `before`; return the last receipts."""

        async def submitted(connection):
            for attempt in range(1, times + 1):
                if before is not None:
                    before()
                receipts = await connection.submit_results(batch(results, attempt))
            return receipts

        return self.ask(submitted, **options)

    def count(self, path="statements"):
        """Return how many requests for `path` there were, version negotiation being `about`."""
        return sum(seen.path.endswith(path) for seen in self.sandbox.requests)

    def held(self):
        return {statement["id"]: statement for statement in self.sandbox.statements}


@pytest.fixture
def start():
    """Start a sandbox; it stops with the test."""
    with ExitStack() as stack:

        def started(behaviour=None, **changes):
            sandbox = Sandbox(replace(behaviour, **changes) if behaviour else None)
            return Lrs(sandbox, stack.enter_context(serve(sandbox)))

        yield started


@pytest.fixture(scope="session")
def batched():
    return batch


@pytest.fixture(scope="session")
def made():
    """Make the n-th result of a test: always the same for the same n."""

    def make(n=0, kind=ResultKind.PASSED, **more):
        given = {
            "id": str(uuid5(NAMESPACE, str(n))),
            "kind": kind,
            "at": START + timedelta(seconds=n),
            "learner": Learner(id=f"u-{n}", email=f"user{n}@example.com", name=f"User {n}"),
            "activity": Activity(id="ladder-1", name="Ladder safety"),
        }
        if ResultKind(kind).concerns_item:
            given["item"] = Item(id="item 1", name="The first")
        return Result(**given | more)

    return make
