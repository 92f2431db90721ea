"""A token is asked for once, kept while it's good, and never shown; what gives none says what to check."""

import asyncio
import json
import logging
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import attrs
import pytest

from passback import (
    HTTP,
    AddressPolicy,
    CannotConnect,
    ClientCredentials,
    OAuth2,
    RateLimited,
    ServerError,
    Timeouts,
)

OPEN = AddressPolicy(allow_http=True, allow=("127.0.0.0/8",))
SECRET = "s3cr3t/+ pass"
TOKEN = "t0ken-number-one"


class Standing:
    """A clock that stands until it's moved."""

    def __init__(self):
        self.time = datetime(2026, 11, 21, tzinfo=UTC)

    def now(self):
        return self.time


class Server:
    """A token endpoint and an API: gives t0, t1, …, and accepts what it's told to accept."""

    def __init__(self, *token_answers, accepts=lambda _token: True, delay=0.0):
        self.token_answers = list(token_answers)
        self.accepts = accepts
        self.delay = delay
        self.asked = []
        self.calls = []

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_):
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader, writer):
        head, _, _ = (await reader.readuntil(b"\r\n\r\n")).decode().partition("\r\n\r\n")
        first, *lines = head.split("\r\n")
        headers = {name.lower(): text for name, text in (line.split(": ", 1) for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        if first.split()[1].startswith("/token"):
            self.asked.append((headers, body))
            await asyncio.sleep(self.delay)
            status, said = self._next()
        else:
            token = headers.get("authorization", "").removeprefix("Bearer ")
            self.calls.append((first, headers, body))
            status, said = (200, b'"done"') if self.accepts(token) else (401, b'{"error": "expired"}')
        head = f"HTTP/1.1 {status} x\r\ncontent-length: {len(said)}\r\nconnection: close\r\n\r\n"
        writer.write(head.encode() + said)
        await writer.drain()
        writer.close()

    def _next(self):
        if len(self.token_answers) > 1:
            return self.token_answers.pop(0)
        if self.token_answers:
            return self.token_answers[0]
        return 200, token(f"t{len(self.asked) - 1}")


def token(text=TOKEN, **more):
    return json.dumps({"access_token": text, "token_type": "Bearer", "expires_in": 3600} | more).encode()


def run(server, question, clock=None, **credentials):
    """Await what `question` asks of an OAuth2 session and its server."""

    async def asked():
        async with server:
            http = HTTP(OPEN, Timeouts(connect=2, read=2, total=5))
            given = {"token_url": f"{server.url}/token", "client_id": "us", "client_secret": SECRET}
            session = OAuth2(http, ClientCredentials(**given | credentials), clock or Standing())
            try:
                return await question(session, server.url)
            finally:
                await http.aclose()

    return asyncio.run(asked())


async def once(session, url):
    return await session.request("GET", f"{url}/things")


async def failing(session, url):
    with pytest.raises((ServerError, RateLimited, CannotConnect)) as failure:
        await once(session, url)
    return failure.value


def test_a_request_carries_the_token():
    server = Server()
    assert run(server, once).json() == "done"
    assert server.calls[0][1]["authorization"] == "Bearer t0"


def test_by_default_the_client_stands_in_a_basic_header_encoded_as_rfc_6749_says():
    server = Server()
    run(server, once, scope="a b", audience="https://api.example.com", extra={"resource": "r"})
    headers, body = server.asked[0]
    assert b64decode(headers["authorization"].removeprefix("Basic ")) == b"us:s3cr3t%2F%2B+pass"
    assert parse_qs(body.decode()) == {
        "grant_type": ["client_credentials"],
        "scope": ["a b"],
        "audience": ["https://api.example.com"],
        "resource": ["r"],
    }


def test_the_client_can_stand_in_a_form():
    server = Server()
    run(server, once, send="form")
    headers, body = server.asked[0]
    assert "authorization" not in headers
    assert parse_qs(body.decode())["client_secret"] == [SECRET]


def test_the_client_can_stand_in_json_under_other_names():
    """Wire facts §2.1."""
    server = Server()
    names = {"client_id": "clientId", "client_secret": "clientSecret", "grant_type": "grantType"}
    run(server, once, send="json", names=names, headers={"cache-control": "no-cache"})
    headers, body = server.asked[0]
    assert (headers["content-type"], headers["cache-control"]) == ("application/json", "no-cache")
    assert json.loads(body) == {
        "grantType": "client_credentials",
        "clientId": "us",
        "clientSecret": SECRET,
    }


def test_a_token_is_kept_until_shortly_before_it_expires():
    clock, server = Standing(), Server()

    async def over_time(session, url):
        for minutes in (0, 30, 58.9, 0.2, 1):
            clock.time += timedelta(minutes=minutes)
            await once(session, url)

    # 0, 30 and 88.9 minutes: the second token comes with the third request, and lasts.
    run(server, over_time, clock)
    assert [headers["authorization"] for _, headers, _ in server.calls] == [
        "Bearer t0",
        "Bearer t0",
        "Bearer t1",
        "Bearer t1",
        "Bearer t1",
    ]


@pytest.mark.parametrize(
    ("said", "good_for", "not_for"),
    [
        (600, 530, 541),
        ("600", 530, 541),
        (100, 89, 91),
        (None, 3500, 3541),
        ("soon", 3500, 3541),
        (True, 3500, 3541),
        ([], 3500, 3541),
        (1e300, 86_000, 86_341),
        (10**400, 3500, 3541),
        ("nan", 3500, 3541),
        (0, None, 0),
        (-5, None, 0),
        (-1e300, None, 0),
    ],
)
def test_how_long_a_token_is_kept_is_bounded_whatever_is_said(said, good_for, not_for):
    clock = Standing()
    server = Server((200, token(expires_in=said)))

    async def over_time(session, url):
        await once(session, url)
        if good_for is not None:
            clock.time += timedelta(seconds=good_for)
            await once(session, url)
            assert len(server.asked) == 1
        clock.time += timedelta(seconds=not_for - (good_for or 0))
        await once(session, url)

    run(server, over_time, clock)
    assert len(server.asked) == 2


def test_a_token_without_a_lifetime_is_kept_for_an_hour_at_most():
    server = Server((200, b'{"access_token": "x"}'))

    async def twice(session, url):
        await once(session, url)
        await once(session, url)

    run(server, twice)
    assert len(server.asked) == 1


def test_however_many_need_a_token_at_once_it_is_asked_for_once():
    server = Server(delay=0.05)

    async def many(session, url):
        await asyncio.gather(*(once(session, url) for _ in range(20)))

    run(server, many)
    assert (len(server.asked), len(server.calls)) == (1, 20)


def test_a_refused_client_is_not_tried_by_each_that_waits():
    """Twenty wrong tries in a row can lock a client out."""
    server = Server((401, b'{"error": "invalid_client"}'), delay=0.05)

    async def many(session, url):
        return await asyncio.gather(*(once(session, url) for _ in range(20)), return_exceptions=True)

    assert {type(each) for each in run(server, many)} == {ServerError}
    assert len(server.asked) == 1


def test_who_is_cancelled_takes_the_token_from_nobody_else():
    server = Server(delay=0.1)

    async def one_leaves(session, url):
        leaving, staying = (asyncio.create_task(once(session, url)) for _ in range(2))
        await asyncio.sleep(0.03)
        leaving.cancel()
        return await staying

    assert run(server, one_leaves).status == 200
    assert len(server.asked) == 1


def test_a_401_drops_the_token_and_the_request_goes_once_more():
    server = Server(accepts=lambda given: given != "t0")

    async def twice(session, url):
        await once(session, url)
        return await once(session, url)

    assert run(server, twice).status == 200
    assert len(server.asked) == 2
    assert [headers["authorization"][-2:] for _, headers, _ in server.calls] == ["t0", "t1", "t1"]


def test_a_401_that_stays_is_the_answer_and_the_token_is_dropped():
    server = Server(accepts=lambda _: False)

    async def twice(session, url):
        assert (await once(session, url)).status == 401
        return (await once(session, url)).status

    assert run(server, twice) == 401
    assert len(server.calls) == 4


def test_a_401_to_many_at_once_asks_for_one_new_token():
    server = Server(accepts=lambda given: given != "t0", delay=0.02)

    async def many(session, url):
        await asyncio.gather(*(once(session, url) for _ in range(10)))

    run(server, many)
    assert len(server.asked) == 2


def test_what_is_sent_again_is_what_was_sent():
    server = Server(accepts=lambda given: given != "t0")

    async def post(session, url):
        await session.request(
            "POST", f"{url}/x", query={"a": 1}, headers={"X-Own": "1", "Authorization": "no"}, json={"b": 2}
        )

    run(server, post)
    (first, headers, body), (again, headers_again, body_again) = server.calls
    assert first == again == "POST /x?a=1 HTTP/1.1"
    assert body == body_again == b'{"b":2}'
    assert headers["x-own"] == headers_again["x-own"] == "1"


def test_renewing_asks_anew_and_keeps_what_it_gets():
    server = Server()

    async def renewed(session, url):
        await once(session, url)
        await session.renew()
        await once(session, url)

    run(server, renewed)
    assert [headers["authorization"][-2:] for _, headers, _ in server.calls] == ["t0", "t1"]


@pytest.mark.parametrize(
    ("status", "code", "advice"),
    [
        (401, "invalid_client", "check client id and secret"),
        (400, "invalid_client", "check client id and secret"),
        (400, "invalid_scope", "check the scope"),
        (400, "unauthorized_client", "how it is registered"),
        (400, "unsupported_grant_type", "check the token endpoint"),
        (400, "invalid_request", "check how the client is sent"),
        (200, "invalid_client", "check client id and secret"),
        (403, "something_own", "check token endpoint, client id and secret"),
        (413, "something_own", "check token endpoint, client id and secret"),
    ],
)
def test_a_refusal_says_what_to_check(status, code, advice):
    said = json.dumps({"error": code, "error_description": f"you sent {SECRET}"}).encode()
    failure = run(Server((status, said)), failing)
    assert type(failure) is ServerError
    assert failure.status == status
    assert f"POST /token answered {status} {code}" in str(failure)
    assert advice in str(failure)


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"<html>sign in</html>",
        b"null",
        b"[]",
        b'"token"',
        b"{}",
        b'{"access_token": null}',
        b'{"access_token": 7}',
        b'{"access_token": ""}',
        b'{"access_token": "a b"}',
        b'{"access_token": "a\\r\\nx-evil: 1"}',
        b'{"access_token": "a\\u0000"}',
        '{"access_token": "tökén"}'.encode(),
        b'{"access_token": "' + b"a" * 20_000 + b'"}',
        b'{"access_token": "a", "token_type": "mac"}',
        b'{"access_token": "a", "token_type": 1}',
        b"[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_an_answer_that_is_no_token_is_a_server_error_that_asks_whether_this_is_the_endpoint(said):
    server = Server((200, said))
    failure = run(server, failing)
    assert type(failure) is ServerError
    assert "is this the " in str(failure)
    assert server.calls == []


@pytest.mark.parametrize(("status", "kind"), [(429, RateLimited), (500, ServerError), (302, ServerError)])
def test_other_statuses_mean_what_they_always_mean(status, kind):
    assert type(run(Server((status, b"busy")), failing)) is kind


def test_a_token_endpoint_that_is_not_there_is_told_as_not_reached():
    failure = run(Server(), failing, token_url="http://127.0.0.1:9/token")
    assert type(failure) is CannotConnect


@pytest.mark.parametrize("url", ["http://169.254.169.254/token", "http://10.0.0.1/token?secret=x"])
def test_the_address_policy_holds_at_the_token_endpoint(url):
    failure = run(Server(), failing, token_url=url)
    assert "not on the public internet" in str(failure)
    assert "secret=" not in str(failure)


@pytest.mark.parametrize("send", ["basic", "form", "json"])
@pytest.mark.parametrize("status", [400, 401, 404, 418, 500, 503])
def test_no_failure_shows_secret_or_token_however_they_are_quoted_back(caplog, send, status):
    caplog.set_level(logging.DEBUG)
    quoted = f"{SECRET} s3cr3t%2F%2B+pass {TOKEN}".encode()
    failure = run(Server((status, quoted)), failing, send=send)
    for shown in (str(failure), repr(failure), caplog.text):
        assert SECRET not in shown
        assert "s3cr3t%2F%2B+pass" not in shown


def test_an_answer_of_the_api_that_quotes_the_token_is_shown_without_it():
    async def quoting(session, url):
        return await once(session, url)

    server = Server((200, token()), accepts=lambda _: True)
    answer = run(server, quoting)
    assert TOKEN not in attrs.evolve(answer, body=f"you sent {TOKEN}".encode()).excerpt()


def test_no_repr_shows_the_secret():
    given = ClientCredentials(token_url="https://x.example", client_id="us", client_secret=SECRET)
    assert SECRET not in repr(given)
    assert SECRET not in repr(OAuth2(HTTP(), given))
