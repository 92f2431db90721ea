"""What signs nobody in: the rows J1 to J10 as far as they concern tokens, and random ones."""

import base64
import hashlib
import hmac
import json

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from passback import SignInRefused

P256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def packed(content):
    content = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def unpacked(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def forged(header, claims, key=None):
    """Return a token with any header and claims, signed by HMAC with any key."""
    text = f"{packed(header)}.{packed(claims)}"
    signature = b"" if key is None else hmac.digest(key.encode(), text.encode(), hashlib.sha256)
    return f"{text}.{packed(signature)}"


def refused(connection, token, match):
    with pytest.raises(SignInRefused, match=match) as caught:
        connection.take(token)
    assert "u-1" not in str(caught.value)


@pytest.fixture(scope="module")
def trusting(gate, pairs):
    """A connection that trusts the owner of an RSA key."""
    return gate(secret=None, algorithms=["RS256"], public_key=pairs["RS256"].pem)


@pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE", "", None, 7, ["RS256"], "HS512", "rs256"])
def test_j1_an_algorithm_is_one_of_those_that_are_named(trusting, gate, made, name):
    """CVE-2015-9235."""
    for connection in (trusting, gate()):
        refused(connection, f"{packed({'alg': name})}.{packed(made.claims())}.AA", "alg:")
        refused(connection, f"{packed({'alg': name})}.{packed(made.claims())}.", "three parts")


def test_j2_a_public_key_is_no_shared_secret(trusting, made, pairs):
    """CVE-2022-29217, CVE-2024-37568: HS256 with the text of the public key as the secret."""
    for text in (pairs["RS256"].pem, pairs["RS256"].pem.strip()):
        refused(trusting, forged({"alg": "HS256"}, made.claims(), text), "alg:")


def test_j2_a_published_symmetric_key_is_none(gate, made, pairs, issuer):
    issuer.keys = [{"kty": "oct", "k": packed(b"x" * 32), "kid": "one"}, pairs["RS256"].jwk(kid="two")]
    connection = gate(secret=None, algorithms=["RS256"], jwks_url=issuer.url)
    refused(connection, forged({"alg": "HS256", "kid": "one"}, made.claims(), "x" * 32), "alg:")
    refused(connection, forged({"alg": "RS256", "kid": "one"}, made.claims(), "x" * 32), "signature:")


def test_j2_a_key_signs_by_its_own_kind_only(gate, made, pairs):
    """Each of the allowed algorithms goes with keys of its kind."""
    jwks = {"keys": [pair.jwk() for pair in pairs.values()]}
    connection = gate(secret=None, algorithms=["RS256", "ES256", "EdDSA"], jwks=jwks)
    for name, pair in pairs.items():
        assert connection.take(made.token(pair.private, name)).subject == "u-1"
    refused(connection, made.token(pairs["RS256"].private, "PS256"), "alg:")


def test_j2_what_a_key_declares_binds_it(gate, made, pairs):
    pair = pairs["RS256"]
    jwks = {"keys": [pair.jwk(alg="PS256"), pairs["ES256"].jwk()]}
    connection = gate(secret=None, algorithms=["PS256", "ES256"], jwks=jwks)
    assert connection.take(made.token(pair.private, "PS256")).subject == "u-1"
    jwks["keys"].append(made.pair(rsa.generate_private_key(65537, 2048), "RS256").jwk())
    connection = gate(secret=None, algorithms=["PS256", "RS256"], jwks=jwks)
    refused(connection, made.token(pair.private, "RS256"), "signature:")


@pytest.mark.parametrize("more", ["jwk", "x5c", "jku", "x5u"])
def test_j3_a_key_that_a_token_brings_or_points_to_is_left_alone(gate, made, pairs, issuer, more):
    """CVE-2026-27962."""
    evil = made.pair(rsa.generate_private_key(65537, 2048), "RS256")
    issuer.keys = [evil.jwk()]
    header = {"jwk": evil.jwk(), "x5c": ["MIIB"], "jku": issuer.url, "x5u": issuer.url}[more]
    connection = gate(secret=None, algorithms=["RS256"], public_key=pairs["RS256"].pem)
    refused(connection, made.token(evil.private, "RS256", {more: header}), "signature:")
    assert issuer.requests == []


@pytest.mark.parametrize(
    "header", [{"crit": ["exp"]}, {"crit": []}, {"crit": ["b64"], "b64": False}, {"b64": True}]
)
def test_j4_a_critical_extension_is_refused(gate, made, header):
    """CVE-2025-59420."""
    refused(gate(), forged({"alg": "HS256", **header}, made.claims(), made.secret), "crit:")


@pytest.mark.parametrize("kind", ["at+jwt", "logout+jwt", "JOSE", 7, ""])
def test_a_token_of_another_kind_is_refused(gate, made, kind):
    """RFC 8725 §3.11."""
    refused(gate(), forged({"alg": "HS256", "typ": kind}, made.claims(), made.secret), "typ:")


@pytest.mark.parametrize("kind", ["JWT", "jwt", "application/jwt"])
def test_a_jwt_may_be_called_one(gate, made, kind):
    given = forged({"alg": "HS256", "typ": kind}, made.claims(), made.secret)
    assert gate().take(given).subject == "u-1"


def test_j6_what_is_too_long_isnt_read(gate, made):
    """CVE-2025-61920."""
    refused(gate(), made.token(more="x" * 70_000), "64 KiB")
    refused(gate(), made.token(headers={"more": "x" * 4_000}), "4096")
    with pytest.raises(SignInRefused, match="256 KiB"):
        gate().post(("jwt", made.token()), ("more", "x" * 300_000))


def test_j6_within_the_sizes_it_is_read(gate, made):
    groups = [f"group-{n:060}" for n in range(500)]
    connection = gate()
    assert len(connection.post(("jwt", made.token(groups=groups))).attributes["groups"]) == 500
    assert connection.take(made.token(headers={"more": "x" * 2_000})).subject == "u-1"


def test_j7_a_signature_is_of_what_is_said(trusting, made, pairs):
    header, _, signature = made.token(pairs["RS256"].private, "RS256").split(".")
    other = packed(made.claims(sub="u-1-other"))
    refused(trusting, f"{header}.{other}.{signature}", "signature:")
    refused(trusting, f"{header}.{other}.", "three parts")
    refused(trusting, f"{header}.{other}.AA", "signature:")


def test_j7_another_key_of_the_same_name_is_another_key(gate, made, pairs, issuer):
    issuer.keys = [pairs["RS256"].jwk(kid="one")]
    evil = rsa.generate_private_key(65537, 2048)
    connection = gate(secret=None, algorithms=["RS256"], jwks_url=issuer.url)
    refused(connection, made.token(evil, "RS256", {"kid": "one"}), "signature:")


def test_j7_a_key_that_goes_by_another_name_isnt_tried(gate, made, pairs):
    jwks = {"keys": [pairs["RS256"].jwk(kid="one")]}
    connection = gate(secret=None, algorithms=["RS256"], jwks=jwks)
    refused(connection, made.token(pairs["RS256"].private, "RS256", {"kid": "two"}), "signature:")


def test_j7_a_key_for_encryption_signs_nothing(gate, made, pairs, issuer):
    issuer.keys = [pairs["RS256"].jwk(use="enc")]
    connection = gate(secret=None, algorithms=["RS256"], jwks_url=issuer.url)
    refused(connection, made.token(pairs["RS256"].private, "RS256"), "signature:")


def test_j7_a_short_key_is_none(gate, made, issuer):
    short = made.pair(rsa.generate_private_key(65537, 1024), "RS256")  # noqa: S505 - what is to be refused
    issuer.keys = [short.jwk()]
    connection = gate(secret=None, algorithms=["RS256"], jwks_url=issuer.url)
    signed = f"{packed({'alg': 'RS256'})}.{packed(made.claims())}"
    signature = short.private.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    refused(connection, f"{signed}.{packed(signature)}", "signature:")


def test_j7_an_unknown_key_makes_the_keys_be_loaded_at_most_once_a_minute(gate, made, pairs, issuer):
    old, new = pairs["RS256"], made.pair(rsa.generate_private_key(65537, 2048), "RS256")
    issuer.keys = [old.jwk(kid="old")]
    connection = gate(secret=None, algorithms=["RS256"], jwks_url=issuer.url)
    assert connection.take(made.token(old.private, "RS256", {"kid": "old"})).subject == "u-1"
    issuer.keys = [new.jwk(kid="new")]
    assert connection.take(made.token(new.private, "RS256", {"kid": "new"})).subject == "u-1"
    assert len(issuer.requests) == 2
    refused(connection, made.token(old.private, "RS256", {"kid": "old"}), "signature:")
    for n in range(5):
        refused(connection, made.token(new.private, "RS256", {"kid": f"made-up-{n}"}), "signature:")
    assert len(issuer.requests) == 2
    connection.later(seconds=61)
    refused(connection, made.token(new.private, "RS256", {"kid": "made-up"}), "signature:")
    assert len(issuer.requests) == 3


AT = 1_000_000  # stands for the time of the test


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"iss": None}, "iss:"),
        ({"iss": ""}, "iss:"),
        ({"iss": "https://portal.example/"}, "iss:"),
        ({"iss": "https://portal.example.evil"}, "iss:"),
        ({"iss": "https://portal.exampl"}, "iss:"),
        ({"iss": "HTTPS://portal.example"}, "iss:"),
        ({"iss": ["https://portal.example"]}, "iss:"),
        ({"aud": "somebody"}, "aud:"),
        ({"aud": ["somebody"]}, "aud:"),
        ({"aud": {"a": 1}}, "aud:"),
        ({"exp": None}, "exp:"),
        ({"exp": AT - 60}, "exp:"),
        ({"exp": "soon"}, "exp:"),
        ({"exp": str(AT + 60)}, "exp:"),
        ({"exp": True}, "exp:"),
        ({"exp": [AT + 60]}, "exp:"),
        ({"exp": 1e30}, "exp:"),
        ({"exp": -1}, "exp:"),
        ({"exp": 10**4000}, "exp:"),
        ({"iat": None}, "iat:"),
        ({"iat": AT + 61}, "iat:"),
        ({"iat": AT - 360, "exp": AT + 999}, "iat:"),
        ({"iat": AT - 86_400, "exp": AT + 999}, "iat:"),
        ({"iat": "now"}, "iat:"),
        ({"iat": True}, "iat:"),
        ({"iat": AT * 1000}, "iat:"),
        ({"nbf": AT + 61}, "nbf:"),
        ({"nbf": "now"}, "nbf:"),
        ({"nbf": True}, "nbf:"),
        ({"jti": 7}, "jti:"),
        ({"jti": ""}, "jti:"),
        ({"jti": "x" * 1025}, "jti:"),
        ({"sub": None}, "sub:"),
        ({"sub": ""}, "sub:"),
        ({"sub": " \n"}, "sub:"),
        ({"sub": True}, "sub:"),
        ({"sub": 1.5}, "sub:"),
        ({"sub": ["u-1"]}, "sub:"),
        ({"sub": {"id": "u-1"}}, "sub:"),
    ],
)
def test_j8_and_j10_every_claim_counts(gate, made, changes, match):
    at = int(made.now.timestamp())
    said = made.claims() | changes
    said = {name: moved(value, at) for name, value in said.items() if value is not None}
    refused(gate(), forged({"alg": "HS256"}, said, made.secret), match)


def moved(value, at):
    """Put the time of the test for what stands for it."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    if whole and abs(value - AT) <= 86_400:
        return at + value - AT
    return at * 1000 if value == AT * 1000 else value


@pytest.mark.parametrize(
    "changes",
    [{"exp": -59}, {"iat": 60}, {"iat": -359, "exp": 9}, {"nbf": 60}, {"exp": 0.5}, {"iat": -0.5}],
)
def test_j8_a_clock_may_be_a_minute_off(gate, made, changes):
    at = int(made.now.timestamp())
    changes = {name: at + value for name, value in changes.items()}
    assert gate().take(forged({"alg": "HS256"}, made.claims() | changes, made.secret)).subject == "u-1"


@pytest.mark.parametrize("audience", [None, "", "you", ["you"], "us-too", [["us"]], [], {"us": 1}])
def test_j8_a_token_for_somebody_else_is_none(gate, made, audience):
    said = made.claims() | ({} if audience is None else {"aud": audience})
    refused(gate(audience="us"), forged({"alg": "HS256"}, said, made.secret), "aud:")


@pytest.mark.parametrize("audience", ["us", ["us"], ["you", "us"]])
def test_j8_a_token_for_us_is_good(gate, made, audience):
    assert gate(audience="us").take(made.token(aud=audience)).subject == "u-1"


def test_what_is_required_can_be_more_or_less(gate, made):
    assert gate(require_exp=False).take(made.token(exp=None)).subject == "u-1"
    refused(gate(require_jti=True), made.token(), "jti:")
    assert gate(require_jti=True).take(made.token(jti="t-1")).subject == "u-1"
    at = int(made.now.timestamp())
    refused(gate(max_age=10, skew=0), made.token(iat=at - 10), "iat:")
    refused(gate(require_exp=False), made.token(exp=None, iat=at - 360), "iat:")


@pytest.mark.parametrize(
    ("header", "claims"),
    [
        ('{"alg":"HS256","alg":"HS256"}', None),
        ('{"alg":"none","alg":"HS256"}', None),
        (None, '{"sub":"u-1","sub":"admin"}'),
        (None, '{"a":{"b":1,"b":2}}'),
        (None, '{"a":[{"b":1,"b":2}]}'),
        (None, '{"a":NaN}'),
        (None, '{"a":Infinity}'),
        (None, '{"a":1e999}'),
        (None, '{"a":"\\ud800"}'),
        (None, '{"\\udfff":1}'),
        (None, '{"a":"\\u0000"}'),
        (None, "[]"),
        (None, "7"),
        (None, "{"),
        (None, b"\xff\xfe{"),
        (None, b'{"a":"\xff"}'),
        (None, "[" * 20_000),
        (None, '{"a":' * 9_000),
        (None, '{"a":' + "9" * 5000 + "}"),
        ("[]", None),
        ('"HS256"', None),
    ],
)
def test_j10_json_is_read_in_one_way_or_not_at_all(gate, made, header, claims):
    """The signature is good: somebody at the issuer may choose what stands in a claim."""

    def raw(content):
        return content if isinstance(content, bytes) else content.encode()

    given = forged(raw(header or '{"alg":"HS256"}'), raw(claims or json.dumps(made.claims())), made.secret)
    refused(gate(), given, "JSON")


def test_j10_the_same_token_leaves_the_same_mark(gate, made):
    connection, given = gate(), made.token(jti="t-1")
    assert connection.take(given).once == connection.take(given).once
    assert connection.take(given).once != connection.take(made.token(jti="t-2")).once


def test_j10_another_good_signature_of_the_same_text_leaves_the_same_mark(gate, made, pairs):
    """An ES256 signature (r, s) is as good as (r, -s), which anybody can make."""
    pair = pairs["ES256"]
    connection = gate(secret=None, algorithms=["ES256"], public_key=pair.pem)
    given = made.token(pair.private, "ES256")
    text, _, signature = given.rpartition(".")
    raw = unpacked(signature)
    r, s = int.from_bytes(raw[:32]), int.from_bytes(raw[32:])
    assert decode_dss_signature(encode_dss_signature(r, P256 - s)) == (r, P256 - s)
    turned = f"{text}.{packed(r.to_bytes(32) + (P256 - s).to_bytes(32))}"
    assert turned != given
    assert connection.take(turned).once == connection.take(given).once


@pytest.mark.parametrize("tokens", [0, 2])
def test_there_is_one_token(gate, made, tokens):
    with pytest.raises(SignInRefused, match="one is expected"):
        gate().take(*[made.token()] * tokens)


def test_a_token_in_query_and_form_is_two(gate, made):
    with pytest.raises(SignInRefused, match="several"):
        gate().post(("jwt", made.token()), query=(("jwt", made.token()),))


@pytest.mark.parametrize("kind", ["text/plain", "application/json", "multipart/form-data; boundary=x", ""])
def test_only_a_form_is_read_as_one(gate, made, kind):
    with pytest.raises(SignInRefused, match="no token"):
        gate().post(("jwt", made.token()), kind=kind)


@pytest.mark.parametrize("body", [b"jwt=%ff", b"\xff", b"a=1&" * 101])
def test_a_form_that_cant_be_read_is_refused(gate, body):
    with pytest.raises(SignInRefused, match="form"):
        gate().come(method="POST", headers={"content-type": "application/x-www-form-urlencoded"}, body=body)


def test_an_encrypted_token_is_told_as_that(gate):
    refused(gate(), "a.b.c.d.e", "encrypted")


FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def open_gate(gate):
    return gate()


@FUZZ
@given(
    st.one_of(
        st.text(max_size=200),
        st.from_regex(r"[A-Za-z0-9_-]{1,40}(\.[A-Za-z0-9_-]{0,40}){1,4}", fullmatch=True),
    )
)
@example("..")
@example("\ud800.a.b")
def test_whatever_is_brought_nothing_but_a_refusal_comes_of_it(open_gate, text):
    with pytest.raises(SignInRefused):
        open_gate.take(text)


@FUZZ
@given(st.data())
def test_a_good_token_with_anything_changed_is_refused_or_says_the_same(open_gate, made, data):
    good = made.token(jti="t-1")
    at = data.draw(st.integers(0, len(good) - 1))
    length = data.draw(st.integers(0, 3))
    changed = good[:at] + data.draw(st.text("ABCxyz019-_.=", max_size=3)) + good[at + length :]
    try:
        assertion = open_gate.take(changed)
    except SignInRefused:
        return
    assert changed.rpartition(".")[0] == good.rpartition(".")[0]
    assert assertion == open_gate.take(good)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=5), inside, max_size=3),
    max_leaves=6,
)


@FUZZ
@given(
    st.dictionaries(
        st.sampled_from(["alg", "typ", "kid", "crit", "jwk", "b64", "zip"]), json_values, max_size=3
    ),
    st.dictionaries(
        st.sampled_from(["iss", "sub", "aud", "exp", "iat", "nbf", "jti", "email_verified", "x"]),
        json_values,
        max_size=4,
    ),
)
def test_whatever_a_signed_token_says_it_is_an_assertion_or_a_refusal(open_gate, made, header, claims):
    text = forged({"alg": "HS256", **header}, made.claims() | claims, made.secret)
    try:
        assertion = open_gate.take(text)
    except SignInRefused:
        return
    assert assertion.subject.strip()
    assert all(isinstance(each, str) for values in assertion.attributes.values() for each in values)
