"""Our own tokens: what is said of a learner, to whom, and for how long; read by PyJWT."""

import json
import logging
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest

from passback import (
    Account,
    Activity,
    ConnectionFailure,
    Learner,
    SignInRefused,
    SignInRequest,
    Unsupported,
)

ANA = Learner(id="u-1", email="ana@example.com", name="Ana Silva")
URL = "https://elsewhere.example/jwt"


@pytest.fixture
def mint(gate, made):
    """Make a connection that makes tokens and trusts nobody's."""

    def make(**options):
        given = {"mint_url": URL, "mint_issuer": "us", "mint_secret": made.secret} | options
        return gate(issuer=None, algorithms=(), secret=None, **given)

    return make


def signed_in(connection, learner=ANA, **more):
    request = SignInRequest(learner=learner, **more)
    return connection.ask(lambda it: it.sign_in_url(request))


def read(made, token, key=None, algorithm="HS256", **more):
    # Time stands still there, and PyJWT has a clock of its own.
    return jwt.decode(
        token, key or made.secret, [algorithm], options={"verify_exp": False, "verify_iat": False}, **more
    )


def test_a_learner_is_signed_in_by_a_form(mint, made):
    signed = signed_in(mint(mint_audience="them"))
    assert signed.url == URL
    ((name, token),) = signed.fields
    assert name == "jwt"
    claims = read(made, token, audience="them", issuer="us")
    at = int(made.now.timestamp())
    assert (claims.pop("jti") != "", claims) == (
        True,
        {
            "sub": "u-1",
            "email": "ana@example.com",
            "name": "Ana Silva",
            "iss": "us",
            "aud": "them",
            "iat": at,
            "exp": at + 60,
        },
    )
    assert (signed.expires - made.now).total_seconds() == 60


def test_or_by_a_redirect(mint, made):
    signed = signed_in(mint(mint_by="redirect", mint_url=f"{URL}?a=b", mint_parameter="token"))
    query = parse_qs(urlsplit(signed.url).query)
    assert (query["a"], signed.fields) == (["b"], ())
    assert read(made, query["token"][0])["sub"] == "u-1"


def test_every_token_has_an_id_of_its_own(mint, made):
    connection = mint()
    ids = {read(made, signed_in(connection).fields[0][1])["jti"] for _ in range(20)}
    assert len(ids) == 20


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_a_private_key_signs_by_its_own_algorithm_and_its_public_half_is_published(
    mint, made, pairs, algorithm
):
    connection = mint(mint_secret=None, mint_private_key=pairs[algorithm].private_pem, mint_key_id="k-1")
    token = signed_in(connection).fields[0][1]
    assert jwt.get_unverified_header(token) == {"alg": algorithm, "typ": "JWT", "kid": "k-1"}
    metadata = connection.connection.publish_metadata(made.place)
    assert metadata.media_type == "application/jwk-set+json"
    (key,) = jwt.PyJWKSet.from_json(metadata.body.decode()).keys
    assert key.key_id == "k-1"
    assert read(made, token, key.key, algorithm)["sub"] == "u-1"
    assert not {"d", "p", "q", "k"} & set(json.loads(metadata.body)["keys"][0])


def test_a_shared_secret_isnt_published(mint, made):
    with pytest.raises(Unsupported):
        mint().connection.publish_metadata(made.place)


def test_what_is_said_follows_the_templates_and_leaves_out_what_isnt_known(mint, made):
    learner = Learner(id="u-1", username="ana", external_id="E-7")
    connection = mint(
        mint_claims={
            "sub": "{external_id}",
            "login": "acme:{username}",
            "role": "member",
            "email": "{email}",
            "both": "{email} {id}",
            "there": "{user_id}",
            "go": "/learn/{activity}",
        }
    )
    known = {
        "account": Account(user_id="4711", matched_by="email", checked=made.now),
        "activity": Activity(id="a-1"),
    }
    claims = read(made, signed_in(connection, learner, **known).fields[0][1])
    expected = {"sub": "E-7", "login": "acme:ana", "role": "member", "there": "4711", "go": "/learn/a-1"}
    assert {name: claims[name] for name in expected} == expected
    assert not {"email", "both"} & set(claims)


def test_an_id_that_was_made_up_is_nobodys_over_there(mint, made):
    connection = mint(mint_claims={"sub": "{user_id}"})
    account = Account(user_id="anon-1", matched_by="anonymous", checked=made.now)
    with pytest.raises(ConnectionFailure, match="mint_required"):
        signed_in(connection, account=account)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("/learn?x=1", "/learn?x=1"),
        ("/", "/"),
        ("", None),
        ("//evil.example", None),
        ("/\\evil.example", None),
        ("https://evil.example", None),
        ("/a\r\nb", None),
        ("/a b", None),
        ("/" + "x" * 2001, None),
    ],
)
def test_nobody_is_sent_on_to_another_place(mint, made, given, told):
    connection = mint(mint_claims={"sub": "{id}", "returnTo": "{return_to}"})
    claims = read(made, signed_in(connection, return_to=given).fields[0][1])
    assert claims.get("returnTo") == told


def test_a_learner_cant_name_fields_by_their_name(mint, made):
    """What is filled in isn't a template itself."""
    learner = Learner(id="{email}", name="{0.__class__}")
    claims = read(made, signed_in(mint(), learner).fields[0][1])
    assert (claims["sub"], claims["name"]) == ("{email}", "{0.__class__}")


def test_without_what_is_required_nobody_is_sent(mint):
    connection = mint(mint_required=["sub", "email"])
    with pytest.raises(ConnectionFailure, match="'email'"):
        signed_in(connection, Learner(id="u-1"))


def test_each_half_of_a_connection_can_be_missing(mint, gate, made):
    with pytest.raises(SignInRefused, match="issuer"):
        mint().take(made.token())
    with pytest.raises(Unsupported, match="mint_url"):
        signed_in(gate())
    assert mint().ask(lambda it: it.inspect_provider(made.place))[0].what == "issuer"


def test_what_we_make_we_can_read(gate, made, mint):
    token = signed_in(mint(mint_issuer=made.issuer, mint_audience="us")).fields[0][1]
    assert gate(audience="us").take(token).subject == "u-1"


def test_neither_token_nor_key_is_shown(mint, made, caplog):
    caplog.set_level(logging.DEBUG)
    connection = mint(mint_by="redirect")
    signed = signed_in(connection)
    token = signed.url.partition("jwt=")[2]
    assert token not in repr(signed)
    assert token not in caplog.text
    assert made.secret not in repr(connection.connection.connector.options)
