"""The stage of the sandboxes: faults are played as they were ordered, and nothing else is."""

import gc
import threading
import time
from http.client import HTTPConnection, RemoteDisconnected
from urllib.parse import urlsplit

import pytest
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from passback.sandbox import Stage, serve
from passback.sandbox.orders import order


class Pub(Stage):
    title = "a pub"

    def __init__(self):
        super().__init__(PlainTextResponse("cheers"))

    def guide(self, url):
        return url


def statuses(stage, *asked):
    client = TestClient(stage.app)
    return [client.request(method, path).status_code for method, path in asked]


def test_a_fault_counts_only_the_requests_that_it_is_meant_for():
    pub = Pub()
    order(pub, "503:2@POST /bar")
    asked = [("GET", "/bar"), ("POST", "/"), ("POST", "/bar"), ("POST", "/bar/1"), ("POST", "/bar")]
    assert statuses(pub, *asked) == [200, 200, 503, 503, 200]
    assert [seen.status for seen in pub.requests] == [200, 200, 503, 503, 200]


def test_a_fault_may_come_after_some_requests():
    pub = Pub()
    pub.fail(status=401, on="/bar", after=2)
    assert statuses(pub, *[("GET", "/bar")] * 4) == [200, 200, 401, 200]


def test_the_value_of_a_status_is_when_to_come_again():
    pub = Pub()
    order(pub, "429=5")
    answer = TestClient(pub.app).get("/")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "5")


def test_html_is_a_page_that_says_200():
    pub = Pub()
    order(pub, "html@GET")
    assert "<title>" in TestClient(pub.app).get("/").text


@pytest.mark.parametrize("text", ["", "99", "teapot", "html=3", "slow=soon", "503:", "503@", "503:x"])
def test_what_is_no_order_is_told(text):
    with pytest.raises(ValueError, match="expected"):
        order(Pub(), text)


def get(url):
    connection = HTTPConnection(urlsplit(url).netloc, timeout=20)
    connection.request("GET", "/")
    return connection, connection.getresponse()


def test_each_sandbox_has_a_socket_of_its_own_that_ends_with_it():
    with serve(Pub()) as one, serve(Pub()) as other:
        assert one != other
        connections, answers = zip(*map(get, (one, other)), strict=True)
        assert [answer.read() for answer in answers] == [b"cheers", b"cheers"]
        assert all(answer.headers["Date"].endswith("GMT") for answer in answers)
    for connection in connections:
        # It was kept open, and the end of the sandbox closed it.
        assert connection.sock.recv(1) == b""
        connection.close()
    with pytest.raises(ConnectionRefusedError):
        get(one)


def test_the_end_of_a_sandbox_cuts_what_is_not_answered_yet_and_waits_for_nothing():
    pub, told = Pub(), []
    pub.watcher = told.append
    pub.slow(60)

    def ask(url):
        with pytest.raises((RemoteDisconnected, ConnectionResetError)):
            get(url)

    with serve(pub) as url:
        asking = threading.Thread(target=ask, args=(url,))
        asking.start()
        while not pub.requests:
            time.sleep(0.001)
        began = time.monotonic()
    assert time.monotonic() - began < 10
    asking.join()
    assert [each.status for each in told] == [None]


def test_the_end_of_a_sandbox_leaves_nothing_open(recwarn):
    for _ in range(20):
        with serve(Pub()) as url:
            connection, _ = get(url)
        connection.close()
    gc.collect()
    assert [str(each.message) for each in recwarn] == []


def test_an_error_of_the_test_ends_the_sandbox_and_stays_what_it_is():
    with pytest.raises(ZeroDivisionError), serve(Pub()):
        raise ZeroDivisionError
