"""What the kit notices besides answers: calls, words, waits, and secrets in any form."""

import asyncio
import logging
import socket
import sys
import time
from base64 import b64encode

import pytest
from pydantic import BaseModel, SecretStr

from passback.testing.clocks import Unhurried
from passback.testing.proxy import Asked
from passback.testing.secrets import proofs, secret_texts, shown
from passback.testing.watching import calls, lags, said


def test_connections_and_look_ups_of_names_are_noticed_while_somebody_looks():
    with calls() as noted:
        connect()
        socket.getaddrinfo("localhost", 9)
    connect()
    assert noted == ["connect 127.0.0.1:9", "look up localhost"]


def connect():
    with socket.socket() as opened:
        opened.settimeout(1)
        opened.connect_ex(("127.0.0.1", 9))


def test_what_is_logged_at_any_level_and_printed_is_heard(capsys):
    listener = said()
    with listener.listening():
        logging.getLogger("acme").debug("asking %s", "with-a-token", extra={"more": "a-field"})
        sys.stdout.write("a-word")
    logging.getLogger("acme").warning("too late")
    assert all(each in listener.text for each in ("with-a-token", "a-field", "a-word"))
    assert "too late" not in listener.text
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("wait", "least"), [(0.0, 0.0), (0.1, 0.05)])
def test_a_loop_that_stands_still_is_late(wait, least):
    async def watched():
        async with lags() as late:
            block(wait)
        return max(late)

    block = time.sleep
    assert asyncio.run(watched()) >= least


def test_a_wait_takes_no_time_and_is_counted():
    clock = Unhurried()
    before = clock.now()
    assert asyncio.run(clock.wait(asyncio.Event(), 3600)) is False
    assert (clock.now() - before).total_seconds() >= 3600
    assert clock.waits == 1


class Inner(BaseModel):
    keys: tuple[SecretStr, ...]


class Outer(BaseModel):
    inner: dict[str, Inner]
    name: str


def test_secrets_are_found_however_deep_they_stand():
    options = Outer(inner={"a": Inner(keys=(SecretStr("one"), SecretStr("two")))}, name="three")
    assert list(secret_texts(options)) == ["one", "two"]


@pytest.mark.parametrize(
    "text", ["p@ss word!", "p%40ss%20word%21", "p%40ss+word%21", b64encode(b"p@ss word!").decode()]
)
def test_a_secret_is_recognised_in_each_form_it_may_be_quoted_in(text):
    assert shown(f"it said: {text}.", ["p@ss word!"]) == "p@s…"


def test_what_is_told_of_a_secret_is_its_beginning():
    assert shown("nothing", ["p@ss word!"]) is None
    assert shown("four", ["four"]) is None  # so short that it's anywhere by chance


@pytest.mark.parametrize(
    ("headers", "body", "found"),
    [
        ({"authorization": "Bearer abc"}, b"", ["abc"]),
        ({"authorization": "Basic " + b64encode(b"user:word").decode()}, b"", ["word"]),
        ({"authorization": "Basic " + b64encode(b"key:").decode()}, b"", ["key"]),
        ({"x-api-key": "abc"}, b"", ["abc"]),
        ({}, b"client_id=me&client_secret=abc", ["abc"]),
        ({}, b'{"password": "abc"}', ["abc"]),
        ({"accept": "text/html"}, b'{"secret": 1}', []),
    ],
)
def test_what_proves_a_request_is_told_from_the_name_that_goes_with_it(headers, body, found):
    asked = Asked(method="POST", target="/", headers=tuple(headers.items()), body=body)
    assert list(proofs(asked)) == found
