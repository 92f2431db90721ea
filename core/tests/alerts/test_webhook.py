"""Signed webhooks, checked with the library of Standard Webhooks; address and key stay secret."""

import asyncio
import json
from datetime import timedelta

import pytest
import standardwebhooks
from scripted import START, SimulatedClock
from watched import watching

from passback import HTTP, AddressPolicy, Alerted, AlertKind, ConfigError, Health, Setback, SystemClock
from passback.alerts import Parcel, Webhook, key_of, list_notices
from passback.alerts.webhook import signature
from passback.http import conversation

SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
ALERT = Alerted(
    kind=AlertKind.INCIDENT_OVER,
    connection="acme",
    at=START,
    since=START,
    until=START,
    delivered=1204,
    setbacks=(Setback(state="rejected", reason="no score", count=3, example="r-1"),),
)


def webhook(url, clock):
    policy = AddressPolicy(allow_http=True, allow=["127.0.0.0/8"])
    return Webhook(f"{url}/hidden-path", key_of(SECRET), HTTP(policy, clock=clock), clock)


def post(url, *keys, clock=None):
    clock = clock or SystemClock()

    async def work():
        calling = webhook(url, clock)
        parcels = [Parcel(key=key, recipient="-", alert=ALERT) for key in keys]
        said = [each async for each in calling.send(parcels)]
        await calling.aclose()
        return said

    return work()


def test_the_signature_is_the_one_of_the_specification():
    body = b'{"type":"completion.recorded","timestamp":"2025-01-01T00:00:00Z","data":{"id":"c-1"}}'
    expected = "v1,pI6FvK7k7KM123kEH4v57n4itZ+2/7/W1nGv71mKPeU="
    assert signature(key_of(SECRET), "msg_test_1", 1735689600, body) == expected


def test_the_official_library_takes_what_is_posted(answer):
    taken = []

    async def keep(reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        cased = dict(line.split(": ", 1) for line in head[1:] if line)
        taken.append((cased, await reader.readexactly(int(headers["content-length"]))))
        writer.write(answer(204, b""))
        await writer.drain()
        writer.close()

    async def check():
        server = await asyncio.start_server(keep, "127.0.0.1", 0)
        async with server:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            assert await post(url, "abc") == [""]

    asyncio.run(check())
    ((headers, body),) = taken
    document = standardwebhooks.Webhook(SECRET).verify(body, headers)
    assert headers["webhook-id"] == "msg_abc"
    assert document == json.loads(body)
    assert document["type"] == "connection.incident_over"
    assert document["timestamp"] == "2026-11-21T09:00:00Z"
    told = document["data"]
    assert (told["connection"], told["delivered"], told["needs"], told["health"]) == (
        "acme",
        1204,
        3,
        Health.OK,
    )
    assert told["setbacks"][0]["reason"] == "no score"


def test_an_answer_that_refuses_is_told_and_stops_no_other(misbehaving, answer):
    async def check():
        async with misbehaving(answer(500), answer(200)) as server:
            refused, taken = await post(server.url, "a", "b")
        assert "127.0.0.1 answered 500; check alerts.webhook.url" in refused
        assert taken == ""

    asyncio.run(check())


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ("content-length: 20000000", b"x" * 20_000_000),
        ("content-length: 100", b"x"),
        ("content-length: 7\r\ncontent-encoding: gzip", b"no gzip"),
        ("transfer-encoding: chunked", b"no chunk\r\n"),
    ],
    ids=["too large", "cut", "damaged", "no chunks"],
)
def test_what_is_taken_is_taken_whatever_becomes_of_the_answers_body(misbehaving, head, body):
    async def ill(writer):
        writer.write(f"HTTP/1.1 200 OK\r\n{head}\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()

    async def check():
        async with misbehaving(ill) as server:
            assert await post(server.url, "a", "b") == ["", ""]

    asyncio.run(check())


def test_a_body_that_never_ends_is_not_waited_for_long(misbehaving, monkeypatch):
    monkeypatch.setattr(conversation, "_PATIENCE", 0.2)

    async def check():
        async with (
            misbehaving(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nx") as server,
            asyncio.timeout(5),
        ):
            assert await post(server.url, "a", "b") == ["", ""]

    asyncio.run(check())


def test_where_nobody_is_reached_it_is_tried_once_and_the_address_stays_secret():
    (reason,) = asyncio.run(post("http://127.0.0.1:9", "a", "b"))
    assert "connection refused" in reason
    assert "hidden-path" not in reason


def test_one_on_which_the_receiver_cuts_the_connection_keeps_none_of_the_others(place, misbehaving, answer):
    async def cut(writer):
        writer.transport.abort()

    async def check(here):
        here.contacts |= {"second": "b@acme.example", "third": "c@acme.example"}
        async with misbehaving(cut, answer(204, b"")) as server:
            here.others = [webhook(server.url, here.clock)]
            here.restart()
            for name in here.contacts:
                await here.health("can't connect", name=name)
            await here.run(timedelta(minutes=5, seconds=45), every=timedelta(seconds=15))
            posts = [each for each in await list_notices(here.store, 10) if each.channel == "webhook"]
            assert sorted((each.state, each.attempts) for each in posts) == [
                ("failing", 1),
                ("sent", 1),
                ("sent", 1),
            ]
            await here.run(timedelta(minutes=2))
            assert len(server.requests) == 4
            await here.others[0].aclose()

    watching(place, check)


def test_an_answer_that_is_no_http_keeps_the_address_secret_too(misbehaving):
    async def check():
        async with misbehaving(b"220 mail.test ESMTP\r\n") as server:
            return await post(server.url, "a")

    (reason,) = asyncio.run(check())
    assert "hidden-path" not in reason
    assert "check alerts.webhook.url" in reason


def test_private_addresses_are_refused_unless_they_are_allowed():
    async def check():
        clock = SimulatedClock()
        webhook = Webhook("https://127.0.0.1:1/x", key_of(SECRET), HTTP(clock=clock), clock)
        return [each async for each in webhook.send([Parcel(key="a", recipient="-", alert=ALERT)])]

    (reason,) = asyncio.run(check())
    assert "not on the public internet" in reason


@pytest.mark.parametrize(
    "secret", ["", "whsec_", "whsec_c2hvcnQ=", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3", "whsec_€"]
)
def test_what_is_no_key_is_refused_with_the_way_to_make_one(secret):
    with pytest.raises(ConfigError, match="openssl rand -base64 32") as caught:
        key_of(secret)
    assert "c2hvcnQ" not in str(caught.value)
