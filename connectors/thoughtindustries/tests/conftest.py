"""The connector over a sandbox on a socket, and results to send."""

import asyncio
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

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
    Item,
    Learner,
    Result,
    ResultKind,
    SystemClock,
    Timeouts,
)
from passback.sandbox import serve
from passback_thoughtindustries import ThoughtIndustriesConnector, ThoughtIndustriesOptions
from passback_thoughtindustries.sandbox import Sandbox

ADDRESSES = AddressPolicy(allow_http=True, allow=("127.0.0.0/8",))
AT = datetime(2026, 11, 2, 8, 30, 0, tzinfo=UTC)


def account(user="u-501", by="email"):
    return None if user is None else Account(user_id=user, matched_by=by, checked=AT)


def result(n=0, kind=ResultKind.COMPLETED, **more):
    """Make the n-th result of a test: always the same for the same n."""
    given = {
        "id": f"r-{n}",
        "kind": kind,
        "at": AT + timedelta(minutes=n),
        "learner": Learner(id=f"l-{n}", email=f"person{n + 505}@example.com"),
        "activity": Activity(id="c-7", name="Ladder safety"),
    }
    if ResultKind(kind).concerns_item:
        given["item"] = Item(id="item 1")
    return Result(**given | more)


def delivery(number=1, sent=None, user="u-501", attempt=1, by="email", unsure=None):
    return Delivery(
        id=number,
        result=sent or result(number),
        attempt=attempt,
        unsure=attempt > 1 if unsure is None else unsure,
        account=account(user, by),
    )


class School:
    """A sandbox on a socket, and the connector to talk to it."""

    def __init__(self, sandbox, url):
        self.sandbox = sandbox
        self.url = url

    def connection(self, *, clock=None, **options):
        given = {"url": f"{self.url}/", "api_key": self.sandbox.behaviour.api_key} | options
        http = HTTP(ADDRESSES, Timeouts(connect=2, read=5, total=20))
        valid = ThoughtIndustriesOptions.model_validate(given)
        return Connection("academy", ThoughtIndustriesConnector, valid, http, clock or SystemClock())

    def ask(self, *questions, **options):
        """Await what each question asks of one connection; return the last answer."""

        async def asked():
            connection = self.connection(**options)
            try:
                for question in questions:
                    answer = await question(connection)
                return answer
            finally:
                await connection.aclose()

        return asyncio.run(asked())

    def submit(self, *deliveries, **options):
        """Send `deliveries` as one batch; return its receipts, or raise what failed before any."""
        batch = Batch(deliveries=deliveries)
        try:
            return list(self.ask(lambda it: it.submit_results(batch), **options))
        except CutShort as cut:
            if cut.receipts:
                raise
            raise cut.failure from None

    def users(self, query, **options):
        async def listed(connection):
            return [user async for user in connection.lookup_users(query)]

        return self.ask(listed, **options)

    def sign_in(self, request, **options):
        return self.ask(lambda it: it.sign_in_url(request), **options)

    def asked(self, path="", method=None):
        """Return the requests seen whose path, below the API, begins so."""
        return [
            seen
            for seen in self.sandbox.requests
            if seen.path.startswith(f"/incoming/v2/{path}") and method in (None, seen.method)
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
            return School(sandbox, stack.enter_context(serve(sandbox)))

        yield started


@pytest.fixture(scope="session")
def raw():
    """An HTTP client that knows nothing of Thought Industries."""
    with httpx2.Client(trust_env=False) as client:
        yield client


@pytest.fixture(scope="session")
def made():
    """What tests make their results of."""
    return SimpleNamespace(
        batch=lambda *each: Batch(deliveries=each),
        at=AT,
        account=account,
        result=result,
        delivery=delivery,
        key="sandbox-key-0123456789-0123456789",
    )
