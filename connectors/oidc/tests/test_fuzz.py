"""Whatever comes, nobody is signed in by it, and it is refused as what it is."""

import base64
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from passback import Incoming, Sample, SignInRefused, SignInReturn
from passback_oidc.answers import read_code
from passback_oidc.claims import Expected, claim_faults
from passback_oidc.tokens import header_faults, read_token

ONCE = settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=8), inner, max_size=2),
    max_leaves=4,
)


@pytest.fixture
def known(fake, provider, clock):
    """The checks of a sign-in, with the keys at hand: no request is needed for each example."""
    desk = fake()
    ring = desk.connection.connector._keys
    url = f"{provider.url}/jwks"
    held = desk.ask(lambda _: ring.current(url))

    def verify(text):
        token = read_token(text)
        for fault in header_faults(token, desk.connection.connector.options.algorithms):
            raise SignInRefused(fault)
        if not any(key.fits(token) and key.signed(token) for key in held):
            raise SignInRefused("signature")
        expected = Expected(issuers=(provider.url,), client="us", at=clock.now(), nonce="n", access_token="a")
        for fault in claim_faults(token, expected):
            raise SignInRefused(fault)
        return token

    return verify


@pytest.fixture
def connection(fake):
    return fake(nested=["a.b", "a.b.c", ""]).connection


@pytest.fixture
def statements(connection):
    return connection.connector._statements


@ONCE
@given(text=st.text(max_size=300) | st.text("abcXYZ019-_.", max_size=300))
def test_random_text_signs_nobody_in(known, text):
    with pytest.raises(SignInRefused):
        known(text)


@ONCE
@given(data=st.data())
def test_a_good_token_that_was_changed_signs_nobody_in(known, provider, sign, data):
    good = sign(provider.id_token(nonce="n"))
    assert known(good).claims["sub"] == "u-1"
    at = data.draw(st.integers(0, len(good) - 1))
    how = data.draw(st.sampled_from(["replace", "insert", "delete", "cut"]))
    new = data.draw(st.characters(min_codepoint=32, max_codepoint=300))
    changed = {
        "replace": good[:at] + new + good[at + 1 :],
        "insert": good[:at] + new + good[at:],
        "delete": good[:at] + good[at + 1 :],
        "cut": good[:at],
    }[how]
    try:
        claims = known(changed).claims
    except SignInRefused:
        return
    # The last character of a signature has bits that mean nothing.
    assert claims == json.loads(base64.urlsafe_b64decode(good.split(".")[1] + "=="))


@ONCE
@given(header=st.dictionaries(st.sampled_from(["alg", "kid", "crit", "b64", "jwk", "typ", "x5c"]), JSON))
def test_a_header_of_anything_signs_nobody_in(known, provider, header):
    parts = [json.dumps(header), json.dumps(provider.id_token(nonce="n"))]
    text = ".".join(base64.urlsafe_b64encode(part.encode()).rstrip(b"=").decode() for part in parts)
    with pytest.raises(SignInRefused):
        known(f"{text}.AAAA")


@ONCE
@given(
    name=st.sampled_from(["iss", "sub", "aud", "azp", "exp", "nbf", "iat", "nonce", "at_hash"]), value=JSON
)
def test_a_claim_of_anything_is_refused_or_right(known, provider, sign, clock, name, value):
    """The signature is good, so only the claims' own checks are left."""
    claims = provider.id_token(nonce="n") | {name: value}
    now = clock.now().timestamp()
    try:
        known(sign(json.dumps(claims)))
    except SignInRefused:
        return
    assert {
        "iss": False,
        "sub": isinstance(value, str) and bool(value.strip()),
        "aud": False,
        "azp": not value,
        "exp": isinstance(value, int | float) and value > now - 60,
        "nbf": isinstance(value, int | float) and value <= now + 60,
        "iat": isinstance(value, int | float) and abs(value - now) <= 86460,
        "nonce": False,
        "at_hash": False,
    }[name]


@ONCE
@given(claims=st.dictionaries(st.text(max_size=12), JSON, max_size=8))
def test_any_claims_make_an_assertion_of_texts_or_a_refusal(statements, claims):
    try:
        assertion = statements.assertion({"sub": "u-1", **claims})
    except SignInRefused:
        return
    assert all(isinstance(each, str) for values in assertion.attributes.values() for each in values)
    assert assertion.subject.strip()


@ONCE
@given(body=st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_sample_is_read_or_said_to_be_none(connection, clock, body):
    reading = connection.read_sample(Sample(body=body, at=clock.now()))
    assert reading.observations


@ONCE
@given(
    query=st.lists(
        st.tuples(st.sampled_from(["code", "state", "iss", "error", "x"]), st.text(max_size=20)), max_size=6
    ),
    method=st.sampled_from(["GET", "POST", "HEAD", "get"]),
)
def test_any_answer_is_refused_that_brings_another_state(place, clock, query, method):
    incoming = Incoming(method=method, query=tuple(query), received=clock.now())
    given_back = SignInReturn(place=place, incoming=incoming, state="the-state-of-the-core", kept={})
    with pytest.raises(SignInRefused):
        read_code(given_back, ("https://login.example.com",), must_name=False)
