"""Whatever is sent, the answer is a clear one: nothing is raised, and nothing is half taken."""

import json
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from passback import Received, canonical

SECRET = "a-secret-of-the-platform"
EVENT = {
    "event": "course_completed",
    "user": "E-1001",
    "course": "crane-1",
    "last_activity": "2025-01-02T03:04:04Z",
}
GOOD = json.dumps(EVENT).encode()
FORM = "application/x-www-form-urlencoded"
NAMES = (*EVENT, "score", "percent_complete", "tasks_total", "tasks_completed", "awards_unlocked", "item")


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"[" * 100_000, 400, "nested less deep"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, 400, "nested less deep"),
        (b"[" * 90 + b"]" * 90, 422, "nested deeper than 64 levels"),
        (b'{"user": "a", "user": "b"}', 400, "expected each name once, got 'user' twice"),
        (b'{"score": NaN}', 400, "NaN is none"),
        (b'{"score": -Infinity}', 400, "-Infinity is none"),
        (b'{"score": 1e999}', 400, "a double can hold"),
        (b'{"score": ' + b"9" * 5000 + b"}", 400, "at most 18 digits"),
        (b'{"user": ', 400, "expected JSON; it is none at line 1, column 10"),
        (GOOD + b"x", 400, "expected JSON"),
        (b"\xff\xfe" + GOOD, 400, "expected a body in UTF-8"),
        (json.dumps(EVENT).encode("utf-16"), 400, "expected a body in UTF-8"),
        (GOOD.replace(b"E-1001", b"\\ud800"), 422, "Unicode characters"),
        (b"\0", 400, "expected JSON"),
        (b"[" + b"0," * 400_000 + b"0]", 422, "too many steps"),
        (b'{"event": "' + b"x" * 1_000_000 + b'"}', 422, "too many steps"),
    ],
)
def test_a_body_that_is_none_is_refused_with_what_is_wrong(gate, body, status, words):
    received = gate().send(body)
    assert (received.status, received.results) == (status, ())
    assert words in str(received.body)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"content_type": None}, 415),
        ({"content_type": ""}, 415),
        ({"content_type": "text/plain"}, 415),
        ({"content_type": "application/jsonp"}, 415),
        ({"content_type": "multipart/form-data; boundary=x"}, 415),
        ({"content_type": "application/json; charset=latin-1"}, 415),
        ({"content_type": "application/json; charset*=utf-8''x"}, 415),
        ({"content_type": "application/json\r\nx: y"}, 415),
        ({"content_encoding": "gzip"}, 415),
        ({"content_type": "application/json"}, 200),
        ({"content_type": 'Application/JSON; Charset="UTF-8"'}, 200),
        ({"content_type": "application/cloudevents+json"}, 200),
        ({"content_encoding": "identity"}, 200),
    ],
)
def test_a_content_type_is_what_it_says_or_refused(gate, headers, status):
    assert gate().send(GOOD, **headers).status == status


def test_a_byte_order_mark_is_passed_over(gate):
    assert gate().one(b"\xef\xbb\xbf" + GOOD) == gate().one(GOOD)


@pytest.mark.parametrize("body", [b"user=%ff", b"a=1&a=2", b"&".join(b"a%d=" % n for n in range(1001))])
def test_a_form_that_is_none_is_refused(gate, body):
    assert gate().send(body, content_type=FORM).status == 400


def test_a_query_that_says_a_name_twice_is_refused(gate):
    assert gate().refusal(GOOD, query=[("a", "1"), ("a", "2")])[0] == 400


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text()
    | st.sampled_from(["1735787044", "2025-01-02T03:04:04Z", "0.5", "7", "task_completed", "true"]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text() | st.sampled_from(NAMES), inner, max_size=6)
    ),
    max_leaves=12,
)
events = st.dictionaries(st.sampled_from(NAMES), json_values).map(lambda more: EVENT | more)
bodies = (
    st.binary(max_size=400)
    | json_values.map(json.dumps).map(str.encode)
    | events.map(json.dumps).map(str.encode)
    | st.lists(events | json_values, max_size=4).map(json.dumps).map(str.encode)
    | st.tuples(st.just(GOOD), st.integers(0, 80), st.binary(max_size=3)).map(
        lambda cut: cut[0][: cut[1]] + cut[2] + cut[0][cut[1] + 1 :]
    )
)
latin = st.text(st.characters(max_codepoint=255), max_size=80)
types = st.sampled_from(["application/json", "application/x+json", FORM]) | latin
receives = st.sampled_from(
    [
        {},
        {"items": "query"},
        {"items": "[body, query]", "others": "refuse"},
        {"result": {"id": "sent.user", "learner": {"id": "to_string(@)"}, "success": "sent.score"}},
    ]
)
several = settings(
    max_examples=50,
    deadline=timedelta(seconds=2),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@several
@given(body=bodies, kind=types, query=st.lists(st.tuples(st.text(), st.text()), max_size=3), receive=receives)
def test_anything_that_is_proven_gets_an_answer(gate, body, kind, query, receive):
    received = gate(**receive).send(body, content_type=kind, query=query)
    assert isinstance(received, Received)
    assert received.status in (200, 400, 413, 415, 422)
    for each in received.results:
        canonical(each)
    json.dumps(received.body).encode()


@several
@given(
    body=bodies,
    path=st.sampled_from(["", "token", "token/", "x"]),
    kind=types,
    headers=st.dictionaries(
        st.sampled_from(
            [
                "authorization",
                "webhook_id",
                "webhook_timestamp",
                "webhook_signature",
                "x_key",
                "content_encoding",
            ]
        ),
        latin | st.binary(max_size=60).map(lambda raw: f"Basic {raw.hex()}") | st.just("1735787045"),
    ),
    method=st.sampled_from(["GET", "POST", "PUT"]),
)
def test_anything_that_isnt_proven_is_refused(gate, body, path, kind, headers, method):
    signing = {"secrets": ["whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="]}
    opened = gate(header="X-Key", signing=signing)
    received = opened.ask(body, path=path, method=method, content_type=kind, **headers)
    assert received.status in (400, 401, 405)
    assert received.results == ()
    json.dumps(received.body).encode()
