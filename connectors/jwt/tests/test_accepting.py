"""A token of a trusted issuer signs somebody in."""

import base64
import hashlib
import json
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from passback import Assertion, ServerError, SignInRefused, Unsupported


def test_a_token_becomes_an_assertion(gate, made):
    given = made.token(
        jti="t-1",
        firstName="Ana",
        groups=["a", "b", 7, {"no": 1}, ["no"]],
        admin=False,
        age=41,
        share=0.5,
        nothing=None,
        address={"street": "no"},
        email_verified=True,
    )
    assert gate().take(given) == Assertion(
        issuer=made.issuer,
        subject="u-1",
        subject_kind="jwt:sub",
        attributes={
            "sub": ("u-1",),
            "firstName": ("Ana",),
            "groups": ("a", "b", "7"),
            "admin": ("false",),
            "age": ("41",),
            "share": ("0.5",),
            "email_verified": ("true",),
        },
        email_verified=True,
        once="jti:t-1",
        expires=made.now + timedelta(seconds=60 + 60 + 1),
    )


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "EdDSA"])
def test_a_public_key_is_enough(gate, made, pairs, algorithm):
    pair = pairs.get(algorithm, pairs["RS256"])
    connection = gate(secret=None, algorithms=[algorithm], public_key=pair.pem)
    assert connection.take(made.token(pair.private, algorithm)).subject == "u-1"


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_so_are_configured_keys(gate, made, pairs, algorithm):
    pair = pairs[algorithm]
    connection = gate(secret=None, algorithms=[algorithm], jwks={"keys": [pair.jwk(kid="one")]})
    assert connection.take(made.token(pair.private, algorithm, {"kid": "one"})).subject == "u-1"
    assert connection.take(made.token(pair.private, algorithm)).subject == "u-1"


def test_ed25519_goes_by_two_names(gate, made, pairs):
    """RFC 9864 has the second."""
    pair = pairs["EdDSA"]
    parts = ({"alg": "Ed25519"}, made.claims())
    text = ".".join(
        base64.urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=").decode() for each in parts
    )
    signature = base64.urlsafe_b64encode(pair.private.sign(text.encode())).rstrip(b"=").decode()
    connection = gate(secret=None, algorithms=["EdDSA"], public_key=pair.pem)
    assert connection.take(f"{text}.{signature}").subject == "u-1"
    with pytest.raises(SignInRefused, match="signature"):
        connection.take(f"{text}.{'A' * 86}")


def test_published_keys_are_loaded_once_an_hour(gate, made, pairs, issuer):
    pair = pairs["RS256"]
    issuer.keys = [pair.jwk(kid="one")]
    connection = gate(secret=None, algorithms=["RS256"], jwks_url=issuer.url)
    for _ in range(3):
        connection.take(made.token(pair.private, "RS256", {"kid": "one"}))
    assert len(issuer.requests) == 1
    connection.later(hours=1)
    connection.take(made.token(pair.private, "RS256", {"kid": "one"}, iat=later(made), exp=later(made) + 9))
    assert len(issuer.requests) == 2


def later(made):
    return int(made.now.timestamp()) + 3600


def test_a_form_brings_a_token_too(gate, made):
    assert gate().post(("other", "x"), ("jwt", made.token())).subject == "u-1"


def test_the_parameter_can_be_called_otherwise(gate, made):
    assert gate(parameter="id_token").come(query=(("id_token", made.token()),)).subject == "u-1"


def test_another_claim_can_say_who_it_is(gate, made):
    assertion = gate(subject="externalCustomerId").take(made.token(externalCustomerId="E-7", sub=None))
    assert (assertion.subject, assertion.subject_kind) == ("E-7", "jwt:externalCustomerId")


def test_a_whole_number_names_somebody_too(gate, made):
    assert gate(subject="user_id").take(made.token(user_id=4711)).subject == "4711"


@pytest.mark.parametrize(
    ("said", "meant"), [(None, None), (True, True), (False, False), ("true", False), (1, False), ("", False)]
)
def test_only_jsons_own_true_says_that_an_address_is_verified(gate, made, said, meant):
    assert gate().take(made.token(email_verified=said)).email_verified is meant


def test_a_token_without_an_id_is_remembered_by_what_is_signed_of_it(gate, made):
    given = made.token()
    signed = given.rpartition(".")[0]
    assert gate().take(given).once == hashlib.sha256(signed.encode()).hexdigest()


@pytest.mark.parametrize(
    ("claims", "seconds"),
    [
        ({"exp": 30}, 30),
        ({"exp": 3600}, 300),
        ({"iat": -200, "exp": 3600}, 100),
        ({"iat": -330, "exp": -5}, 0),
    ],
)
def test_it_is_remembered_until_it_would_be_refused_anyway(gate, made, claims, seconds):
    at = int(made.now.timestamp())
    connection = gate()
    given = made.token(**{name: at + value for name, value in claims.items()})
    expires = connection.take(given).expires
    assert expires == made.now + timedelta(seconds=seconds + 60 + 1)
    connection.clock.at = expires
    with pytest.raises(SignInRefused, match=r"exp:|iat:"):
        connection.take(given)


def test_a_browser_is_sent_to_the_issuer_and_brings_the_state_back(gate, made):
    connection = gate(sign_in_url="https://portal.example/start?client=us", require_state=True)
    departure = connection.start(state="a&b")
    assert departure.url.startswith("https://portal.example/start?client=us&")
    assert parse_qs(urlsplit(departure.url).query)["return_to"] == [f"{made.place.callback}?state=a%26b"]
    assert connection.take(made.token(), began=True).subject == "u-1"
    with pytest.raises(SignInRefused, match="require_state"):
        connection.take(made.token())


def test_the_state_can_have_a_parameter_of_its_own(gate, made):
    connection = gate(
        sign_in_url="https://portal.example/start", return_to_parameter="to", state_parameter="state"
    )
    query = parse_qs(urlsplit(connection.start().url).query)
    assert query == {"to": [made.place.callback], "state": ["s-1"]}


def test_nobody_can_be_sent_where_there_is_nowhere_to_go(gate):
    with pytest.raises(Unsupported, match="sign_in_url"):
        gate().start()


def test_keys_that_cant_be_had_are_the_connections_trouble(gate, made, pairs, issuer):
    connection = gate(secret=None, algorithms=["RS256"], jwks_url=issuer.url)
    for body in ("<html/>", "[]", '{"keys": {}}', '{"keys": [], "keys": []}', " " * 600_000 + '{"keys": []}'):
        issuer.body = body
        with pytest.raises(ServerError, match="JWKS"):
            connection.take(made.token(pairs["RS256"].private, "RS256"))
    issuer.fail(status=500)
    with pytest.raises(ServerError):
        connection.take(made.token(pairs["RS256"].private, "RS256"))
