"""A CAS server that answers what a test says, and connections to it."""

import asyncio
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from starlette.responses import Response

from passback import (
    HTTP,
    AddressPolicy,
    Connection,
    Incoming,
    Sample,
    SignInPlace,
    SignInReturn,
    SignInStart,
    SystemClock,
    Timeouts,
)
from passback.sandbox import Stage, serve
from passback_cas import CasConnector, CasOptions

ADDRESSES = AddressPolicy(allow_http=True, allow=("127.0.0.0/8",))
PLACE = SignInPlace(
    callback="https://host.example/sso/cas/callback",
    metadata="https://host.example/sso/cas/metadata",
    signed_out="https://host.example/bye",
)
TICKET = "ST-1-abcDEF_09.x"


def answer(inside):
    return f'<cas:serviceResponse xmlns:cas="http://www.yale.edu/tp/cas">{inside}</cas:serviceResponse>'


def success(inside="<cas:user>ana</cas:user>"):
    return answer(f"<cas:authenticationSuccess>{inside}</cas:authenticationSuccess>")


def failure(code="INVALID_TICKET", text=""):
    return answer(f'<cas:authenticationFailure code="{code}">{text}</cas:authenticationFailure>')


class Validator(Stage):
    """Answers every request with `body`."""

    title = "CAS"

    def __init__(self):
        self.body = success()
        self.status = 200
        self.headers = {}
        super().__init__(self._answer)

    async def _answer(self, scope, receive, send):
        response = Response(self.body, self.status, {"content-type": "text/xml", **self.headers})
        await response(scope, receive, send)

    def guide(self, url):
        return url


def returning(*query, state="s-1", began=True, method="GET", headers=None):
    incoming = Incoming(
        method=method,
        query=query or (("state", state), ("ticket", TICKET)),
        headers=headers or {},
        received=datetime.now(UTC),
    )
    kept = {} if began else None
    return SignInReturn(place=PLACE, incoming=incoming, state=state if began else "", kept=kept)


class Desk:
    """Signs people in at one CAS server.

    Attributes:
        validator: What plays the server, where it's played.
        url: The server's address.
    """

    def __init__(self, url, validator=None):
        self.url = url
        self.validator = validator

    def connection(self, *, clock=None, **options):
        given = CasOptions.model_validate({"url": self.url} | options)
        http = HTTP(ADDRESSES, Timeouts(connect=2, read=5, total=20), clock)
        return Connection("cas", CasConnector, given, http, clock or SystemClock())

    def ask(self, question, **options):
        """Await what `question` asks of a connection of its own."""

        async def asked():
            connection = self.connection(**options)
            try:
                return await question(connection)
            finally:
                await connection.aclose()

        return asyncio.run(asked())

    def start(self, state="s-1", **options):
        return self.ask(lambda it: it.start_sign_in(SignInStart(place=PLACE, state=state)), **options)

    def finish(self, *query, state="s-1", began=True, method="GET", headers=None, **options):
        """Come back with `query`; a usual ticket where none is given."""
        back = returning(*query, state=state, began=began, method=method, headers=headers)
        return self.ask(lambda it: it.finish_sign_in(back), **options)


@pytest.fixture
def desk():
    """A server that answers what the test says."""
    validator = Validator()
    with serve(validator) as url:
        yield Desk(f"{url}/cas", validator)


@pytest.fixture(scope="module")
def validator():
    """The same for a whole file."""
    with ExitStack() as stack:
        played = Validator()
        yield Desk(f"{stack.enter_context(serve(played))}/cas", played)


@pytest.fixture(scope="session")
def said():
    """What a CAS server may answer, and names that tests use."""
    return SimpleNamespace(
        answer=answer,
        success=success,
        failure=failure,
        returning=returning,
        place=PLACE,
        ticket=TICKET,
        day=timedelta(days=1),
    )


@pytest.fixture(scope="session")
def sample():
    """Have a copied answer read."""
    connection = Desk("https://cas.example.edu/cas").connection()
    return lambda body: connection.read_sample(Sample(body=body, at=datetime.now(UTC)))


@pytest.fixture(scope="session")
def desk_at():
    """Make what signs people in at an address."""
    return Desk
