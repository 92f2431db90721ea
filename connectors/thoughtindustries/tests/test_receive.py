"""The school's webhooks: signed over the raw bytes, a completed course is a result."""

import json
from datetime import UTC, datetime

import pytest

from passback import Incoming, ResultKind, Unsupported
from passback_thoughtindustries.sandbox import completed, signed

SECRET = "shared-secret"
AT = datetime(2026, 11, 2, 8, 30, tzinfo=UTC)


@pytest.fixture
def gate(start):
    """Hand in one request; it's signed well unless `headers` say otherwise."""
    school = start()

    def ask(event, headers=None, method="POST", **options):
        body = event if isinstance(event, bytes) else json.dumps(event).encode()
        given = {"webhook_secrets": [SECRET], "courses": {"https://example.com/ladder": "c-7"}} | options
        incoming = Incoming(
            method=method,
            headers=signed(SECRET, body) if headers is None else headers,
            body=body,
            received=AT,
        )
        return school.connection(**given).receive_results(incoming)

    return ask


def test_the_signature_is_the_one_of_the_wire_facts():
    body = b'{"id":"evt-1","event_type":"enrollment.complete"}'
    assert signed(SECRET, body) == {
        "x-ti-signature": "f414e1d6645be7c9706f9b95bc2f20a53a4b83862b47b5c4c9b9cd85b06ae999"
    }


def test_a_completed_course_is_a_result(gate):
    received = gate(completed("7", "u-501", "c-7", AT))
    (result,) = received.results
    assert received.status == 200
    assert (result.id, result.kind, result.at) == ("ti-7", ResultKind.COMPLETED, AT)
    assert (result.learner.id, result.learner.email) == ("ti:u-501", "ana@example.com")
    assert (result.activity.id, result.activity.name) == ("https://example.com/ladder", "Ladder safety")
    assert gate(completed("7", "u-501", "c-7", AT)).results == received.results


def test_a_course_that_isnt_mapped_is_its_own_activity_and_the_prefix_can_be_none(gate):
    (result,) = gate(completed("7", "u-501", "c-8", AT), webhook_learner_prefix="").results
    assert (result.learner.id, result.activity.id) == ("u-501", "c-8")


def test_what_happened_otherwise_is_no_result(gate):
    received = gate({"event": "courseEnrollment", "data": {}})
    assert (received.status, received.results) == (200, ())


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-ti-signature": ""},
        {"x-ti-signature": "0" * 64},
        {"x-ti-signature": "ü"},
        signed("another-secret", json.dumps(completed("7", "u-501", "c-7", AT)).encode()),
        signed(SECRET, b"another body"),
    ],
)
def test_without_a_good_signature_nothing_is_believed(gate, headers):
    received = gate(completed("7", "u-501", "c-7", AT), headers)
    assert (received.status, received.results) == (401, ())


def test_only_what_is_posted_counts(gate):
    assert gate(completed("7", "u-501", "c-7", AT), method="GET").status == 401


def test_while_a_secret_is_replaced_both_are_good(gate):
    event = completed("7", "u-501", "c-7", AT)
    assert gate(event, webhook_secrets=["new-secret", SECRET]).status == 200
    assert gate(event, webhook_secrets=["new-secret"]).status == 401


@pytest.mark.parametrize(
    "event",
    [
        b"",
        b"[]",
        b"{",
        b"\xff",
        {"event": "courseCompletion"},
        {"event": "courseCompletion", "data": []},
        completed("", "u-501", "c-7", AT),
        completed("7", "", "c-7", AT),
        completed("7", "u-501", "", AT),
        completed("7", "u-501", "c-7", AT, timestamp="soon"),
        completed("7", "u-501", "c-7", AT, timestamp=7),
        completed("7", "u-501", "c-7", AT, userDetail=[]),
        completed("7" * 2000, "u-501", "c-7", AT),
    ],
)
def test_an_event_that_lacks_something_is_refused(gate, event):
    received = gate(event)
    assert (received.status, received.results) == (400, ())


def test_without_a_secret_nothing_is_received(gate):
    with pytest.raises(Unsupported, match="webhook_secrets"):
        gate(completed("7", "u-501", "c-7", AT), webhook_secrets=[])
