"""Our client at the token endpoint (sso.md §1.3, J16)."""

import base64
import json
from urllib.parse import parse_qsl

import pytest
from joserfc.jwk import ECKey, OKPKey, RSAKey

from passback import ServerError, SignInRefused

SECRET = "s3cr3t of our + client"


def sent(provider):
    """Return the fields and the headers of the one request for a token."""
    ((_, headers, body),) = [seen for seen in provider.requests if seen[0] == "/token"]
    return dict(parse_qsl(body.decode(), strict_parsing=True)), headers


def part(token, index):
    text = token.split(".")[index]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def test_a_code_is_exchanged_with_its_verifier(fake, provider):
    desk = fake()
    desk.sign_in()
    fields, headers = sent(provider)
    assert fields == {
        "grant_type": "authorization_code",
        "code": "SplxlOBeZQQYbYS6WxSbIA",
        "redirect_uri": "https://host.example/passback/sso/acme/callback",
        "code_verifier": desk.departed.kept["verifier"],
    }
    # RFC 6749 §2.3.1: encoded as in a form first.
    pair = base64.b64decode(headers["authorization"].removeprefix("Basic ")).decode()
    assert pair == "us:s3cr3t+of+our+%2B+client"


def test_by_post_the_secret_stands_in_the_form_alone(fake, provider):
    fake(client_auth="client_secret_post").sign_in()
    fields, headers = sent(provider)
    assert (fields["client_id"], fields["client_secret"]) == ("us", SECRET)
    assert "authorization" not in headers


def test_a_public_client_only_names_itself(fake, provider):
    fake(client_auth="none", client_secret=None).sign_in()
    fields, headers = sent(provider)
    assert fields["client_id"] == "us"
    assert "authorization" not in headers
    assert not {"client_secret", "client_assertion"} & fields.keys()


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (RSAKey.generate_key(2048), "RS256"),
        (ECKey.generate_key("P-256"), "ES256"),
        (ECKey.generate_key("P-384"), "ES384"),
        (OKPKey.generate_key("Ed25519"), "EdDSA"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@pytest.mark.parametrize("form", ["pem", "jwk"])
def test_j16_an_assertion_is_for_the_issuer_alone(fake, provider, clock, key, algorithm, form):
    private = key.as_pem(private=True).decode() if form == "pem" else json.dumps(key.as_dict(private=True))
    desk = fake(client_auth="private_key_jwt", client_secret=None, private_key=private, private_key_id="k-1")
    desk.sign_in()
    fields, _ = sent(provider)
    assert fields["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    assertion = fields["client_assertion"]
    assert part(assertion, 0) == {"typ": "JWT", "alg": algorithm, "kid": "k-1"}
    now = int(clock.now().timestamp())
    claims = part(assertion, 1)
    assert len(claims.pop("jti")) >= 32
    assert claims == {"iss": "us", "sub": "us", "aud": provider.url, "iat": now, "exp": now + 60}


def test_no_two_assertions_are_the_same(fake, provider):
    pem = RSAKey.generate_key(2048).as_pem(private=True).decode()
    desk = fake(client_auth="private_key_jwt", client_secret=None, private_key=pem)
    desk.ask(lambda connection: connection.check())
    desk.sign_in()
    assertions = {
        dict(parse_qsl(body.decode()))["client_assertion"]
        for path, _, body in provider.requests
        if path == "/token"
    }
    assert len(assertions) == 2


@pytest.mark.parametrize("answer", [(503, {}), (500, {}), (400, {"error": "invalid_grant"}), (200, {})])
def test_a_code_is_asked_for_once(fake, provider, answer):
    """A failed exchange uses the code up: asking again could only hide why."""
    provider.answers["/token"] = answer
    with pytest.raises((ServerError, SignInRefused)):
        fake().sign_in()
    assert provider.asked["/token"] == 1


def test_a_refused_code_is_a_refusal_and_quotes_nothing(fake, provider):
    provider.used.add("SplxlOBeZQQYbYS6WxSbIA")
    with pytest.raises(SignInRefused, match="invalid_grant") as caught:
        fake().sign_in()
    assert SECRET not in str(caught.value)
    assert "Splxl" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "error", "said"),
    [
        (401, {"error": "invalid_client"}, "invalid_client: it doesn't accept our client"),
        (400, {"error": "unauthorized_client"}, "isn't allowed to sign people in"),
        (400, {"error": "redirect_uri_mismatch"}, "redirect URI isn't registered"),
        (400, {"error": "x_other"}, "400 x_other: it gives no tokens"),
        (403, {"error": SECRET}, "403: it gives no tokens"),
        (400, {}, "400: it gives no tokens"),
        (401, b"<html>", "401: it gives no tokens"),
    ],
)
def test_a_client_that_isnt_accepted_is_a_matter_of_configuration(fake, provider, status, error, said):
    provider.answers["/token"] = (status, error)
    with pytest.raises(ServerError, match=said) as caught:
        fake().sign_in()
    assert SECRET not in str(caught.value)


def test_what_the_provider_quotes_of_our_secret_isnt_shown(fake, provider):
    provider.answers["/token"] = (418, f"you sent {SECRET} and SplxlOBeZQQYbYS6WxSbIA".encode())
    desk = fake(client_auth="client_secret_post")
    with pytest.raises(ServerError, match="418") as caught:
        desk.sign_in()
    assert SECRET not in str(caught.value)
    assert "Splxl" not in str(caught.value)


@pytest.mark.parametrize("said", [{}, {"id_token": None}, {"id_token": 7}, {"access_token": "a"}])
def test_without_an_id_token_nobody_signs_in(fake, provider, said):
    provider.answers["/token"] = (200, said)
    with pytest.raises(ServerError, match="without an ID token"):
        fake().sign_in()


@pytest.mark.parametrize("error", ["invalid_grant", "invalid_request", "redirect_uri_mismatch"])
def test_a_check_takes_any_other_refusal_for_a_yes(fake, provider, error):
    """A provider looks at the client first, and nobody gave the code that a check asks with."""
    provider.answers["/token"] = (400, {"error": error})
    fake().ask(lambda connection: connection.check())
    fields, _ = sent(provider)
    assert fields["code"] != "SplxlOBeZQQYbYS6WxSbIA"


@pytest.mark.parametrize(
    "answer",
    [
        (500, {}),
        (404, {}),
        (401, {"error": "invalid_client"}),
        (401, {}),
        (403, b"<html>"),
        (400, b"<html>"),
        (200, b"<html>"),
        (200, {"id_token": "a.b.c"}),
    ],
)
def test_a_check_finds_a_token_endpoint_that_isnt_one(fake, provider, answer):
    provider.answers["/token"] = answer
    desk = fake()
    with pytest.raises(ServerError):
        desk.ask(lambda connection: connection.check())
