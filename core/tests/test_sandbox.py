"""The stage of the sandboxes: faults are played as they were ordered, and nothing else is."""

import pytest
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from passback.sandbox import Stage
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
