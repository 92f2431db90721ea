"""What is signed after Standard Webhooks is taken as it was signed, when it was signed, and not otherwise."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook

SECRET = "a-secret-of-the-platform"
SIGNING = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
NEXT = "whsec_" + "QUJD" * 10
EVENT = {
    "event": "course_completed",
    "user": "E-1001",
    "course": "crane-1",
    "last_activity": "2025-01-02T03:04:04Z",
}


def signed(secret, at, body, identity="msg_1"):
    text = json.dumps(body)
    signature = Webhook(secret).sign(identity, at, text)
    return {
        "body": text.encode(),
        "webhook_id": identity,
        "webhook_timestamp": str(int(at.timestamp())),
        "webhook_signature": signature,
    }


def only_signing(gate, *secrets):
    return gate(secrets=None, signing={"secrets": list(secrets or [SIGNING])})


def test_what_the_official_library_signs_is_taken(gate):
    opened = only_signing(gate, NEXT, SIGNING)
    for secret in (SIGNING, NEXT):
        assert opened.ask(**signed(secret, opened.clock.time, EVENT)).status == 200


def test_the_known_vector_is_taken(gate):
    """Wire facts §11; the message is proven, and then lacks what a result needs."""
    body = b'{"type":"completion.recorded","timestamp":"2025-01-01T00:00:00Z","data":{"id":"c-1"}}'
    headers = {
        "webhook_id": "msg_test_1",
        "webhook_timestamp": "1735689600",
        "webhook_signature": "v1,pI6FvK7k7KM123kEH4v57n4itZ+2/7/W1nGv71mKPeU=",
    }
    opened = only_signing(gate)
    opened.clock.time = datetime(2025, 1, 1, tzinfo=UTC)
    assert opened.ask(body, **headers).status == 422
    assert opened.ask(body + b" ", **headers).status == 401


def test_of_several_signatures_one_is_enough_and_malformed_ones_match_nothing(gate):
    opened = only_signing(gate)
    good = signed(SIGNING, opened.clock.time, EVENT)
    many = f"v1a,AAAA nonsense v1,!! v1, v1,é, v2,x {good['webhook_signature']}"
    assert opened.ask(**good | {"webhook_signature": many}).status == 200


@pytest.mark.parametrize(
    "changed",
    [
        {"webhook_signature": None},
        {"webhook_signature": ""},
        {"webhook_signature": "v1"},
        {"webhook_signature": "v1,"},
        {"webhook_signature": "v1,\udcff"},
        {"webhook_id": None},
        {"webhook_id": ""},
        {"webhook_id": "msg_2"},
        {"webhook_id": "é"},
        {"webhook_timestamp": None},
        {"webhook_timestamp": "1735787045.0"},
        {"webhook_timestamp": "-1"},
        {"webhook_timestamp": "9" * 400},
        {"webhook_timestamp": "\u0661"},
        {"body": json.dumps(EVENT | {"user": "eve"}).encode()},
        {"body": b""},
    ],
)
def test_what_isnt_signed_as_it_is_sent_is_refused(gate, changed):
    opened = only_signing(gate)
    assert opened.ask(**signed(SIGNING, opened.clock.time, EVENT) | changed).status == 401


def test_another_secret_or_none_is_refused(gate):
    opened = only_signing(gate)
    assert opened.ask(**signed(NEXT, opened.clock.time, EVENT)).status == 401
    unsigned = opened.ask(EVENT, authorization=f"Bearer {SECRET}")
    assert unsigned.status == 401
    assert "www-authenticate" not in unsigned.headers


def test_the_events_of_one_signed_request_are_told_apart(gate):
    opened = only_signing(gate)
    message = signed(SIGNING, opened.clock.time, [EVENT, EVENT | {"user": "E-1002"}])
    first, second = opened.ask(**message).results
    assert first.id != second.id
    assert opened.ask(**message).results == (first, second)


@pytest.mark.parametrize(("seconds", "expected"), [(300, 200), (301, 401), (-300, 200), (-301, 401)])
def test_a_signature_is_good_for_five_minutes_either_way(gate, seconds, expected):
    opened = only_signing(gate)
    message = signed(SIGNING, opened.clock.time, EVENT)
    opened.clock.time += timedelta(seconds=seconds)
    assert opened.ask(**message).status == expected


def test_with_both_either_is_enough_and_a_wrong_signature_never_is(gate):
    opened = gate(signing={"secrets": [SIGNING]})
    good = signed(SIGNING, opened.clock.time, EVENT)
    assert opened.ask(**good).status == 200
    assert opened.send(EVENT).status == 200
    wrong = good | {"webhook_signature": "v1,AAAA", "authorization": f"Bearer {SECRET}"}
    assert opened.ask(**wrong).status == 401
