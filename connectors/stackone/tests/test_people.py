"""Launches, identities, and StackOne's own webhooks."""

import json
from datetime import UTC, datetime

import pytest

from passback import Assertion, IdentityRequest, Incoming, LaunchQuery, Learner
from passback_stackone.sandbox import signature

BODY = b'{"id":"evt-1","event_type":"enrollment.complete"}'
EVENT = json.dumps({"event": "account.updated", "account_id": "1", "provider": "cornerstone"}).encode()


@pytest.fixture
def launched(start):
    system = start()

    def read(*pairs, **options):
        return system.connection(**options).read_launch(LaunchQuery(pairs=tuple(pairs)))

    return read


def test_a_launch_says_who_opened_the_content(launched):
    assert launched(("userGuid", " sso-1 "), ("x", "y")).user_id == "sso-1"
    assert launched(("who", "7"), launch_user=["sub", "who"]).user_id == "7"
    assert launched(("who", "7")) is None
    assert launched() is None


def test_the_whole_query_is_kept_where_the_system_wants_it_back(launched):
    pairs = (("b", "1"), ("userGuid", "g"), ("b", "2"), ("a", ""))
    launch = launched(*pairs, passthrough=True)
    assert (launch.user_id, launch.passthrough) == ("g", pairs)
    assert launched(("b", "1"), passthrough=True).user_id is None
    assert launched(*pairs).passthrough == ()
    assert "userGuid" not in repr(launch)


@pytest.mark.parametrize(
    "pairs",
    [
        [("userGuid", "a"), ("userGuid", "b")],
        [("userGuid", "..")],
        [("userGuid", "a\nb")],
        [("userGuid", "")],
        [("userGuid", "x" * 600)],
        [("userGuid", "a"), *[("x", "y")] * 100],
        [("userGuid", "a"), ("x", "y" * 20_000)],
        [("userGuid", "a"), ("x\n", "y")],
        [("userGuid", "a"), ("", "y")],
        [("userGuid", "a"), ("x" * 300, "y")],
    ],
)
def test_a_query_that_cant_be_one_is_none(launched, pairs):
    assert launched(*pairs) is None


def test_the_same_answer_twice_is_one(launched):
    assert launched(("userGuid", "a"), ("userGuid", "a")).user_id == "a"


@pytest.fixture
def identity(start):
    system = start()

    def mapped(external_id=None, assertion=None, **options):
        learner = Learner(id="u-1", external_id=external_id)
        proposal = system.connection(**options).map_identity(
            IdentityRequest(learner=learner, assertion=assertion)
        )
        return proposal and (proposal.user_id, proposal.matched_by)

    return mapped


def test_somebody_is_found_by_their_external_reference(identity):
    said = Assertion(issuer="https://idp", subject="S-1", attributes={"empl": ("E-2",), "two": ("a", "b")})
    assert identity("E-1", said) == ("E-1", "external_id")
    assert identity(None, said) == ("S-1", "external_id")
    assert identity(" ", None) is None
    assert identity("E-1", said, identity_attribute="empl") == ("E-2", "external_id")
    for attribute in ("two", "none"):
        assert identity("E-1", said, identity_attribute=attribute) is None
    assert identity("E-1", None, identity_attribute="empl") is None


@pytest.fixture
def hooked(start):
    system = start()

    def received(body=EVENT, method="POST", secrets=("first", "second"), **headers):
        incoming = Incoming(
            method=method,
            headers={name.replace("_", "-"): text for name, text in headers.items()},
            body=body,
            received=datetime.now(UTC),
        )
        answer = system.connection(webhook_secrets=secrets).receive_results(incoming)
        assert answer.results == ()
        return answer.status

    return received


def test_the_signature_is_the_published_one():
    """Wire facts §11."""
    assert signature("shared-secret", BODY) == "9BTh1mRb58lwb5uVvC8gpTpLg4YrR7XEybnNhbBq6Zk="


@pytest.mark.parametrize("secret", ["first", "second"])
@pytest.mark.parametrize("padded", [True, False])
def test_an_account_event_is_answered_and_gives_nothing(hooked, secret, padded):
    assert hooked(x_stackone_signature=signature(secret, EVENT, padded=padded)) == 200


@pytest.mark.parametrize(
    "given",
    ["", "=", "x", "ü", "\udcff", signature("third", EVENT), signature("first", BODY), "A" * 10_000],
)
def test_an_event_that_isnt_signed_is_refused(hooked, given):
    assert hooked(x_stackone_signature=given) == 401


def test_an_event_without_a_signature_is_refused(hooked):
    assert hooked() == 401
    assert hooked(secrets=()) == 404
    assert hooked(method="GET", x_stackone_signature=signature("first", EVENT)) == 405


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b'{"event":7}', b"[" * 100_000, BODY])
def test_what_is_signed_and_no_event_is_refused(hooked, body):
    assert hooked(body, x_stackone_signature=signature("first", body)) == 400
