"""What an ID token must be before anything of it is believed (sso.md §1.3, J1 to J7)."""

import base64
import hashlib
import json
from datetime import timedelta

import pytest


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def half_hash(text, algorithm="sha256"):
    digest = hashlib.new(algorithm, text.encode()).digest()
    return b64(digest[: len(digest) // 2])


def tampered(token, **claims):
    """Return `token` with other claims under the old signature."""
    header, payload, signature = token.split(".")
    said = json.loads(base64.urlsafe_b64decode(payload + "=="))
    return ".".join((header, b64(json.dumps(said | claims).encode()), signature))


def test_a_good_token_signs_in(desk):
    ada = desk.sign_in()
    assert (ada.subject, ada.subject_kind, ada.issuer) == ("u-1", "oidc:sub", desk.provider.url)
    assert ada.session.count(".") == 2
    assert ada.session not in repr(ada)


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [("rsa", "RS256"), ("rsa", "PS256"), ("ec", "ES256"), ("ed", "EdDSA"), ("ed", "Ed25519")],
)
def test_each_of_the_usual_algorithms_will_do(desk, sign, keys, key, algorithm):
    desk.provider.token = sign(desk.provider.id_token(), getattr(keys, key), algorithm)
    assert desk.sign_in().subject == "u-1"


@pytest.mark.parametrize("algorithm", ["none", "NonE", "NONE", "", None, 7])
def test_j1_a_token_that_nobody_signed_is_refused(desk, sign, algorithm, refused):
    desk.provider.token = sign(desk.provider.id_token(), None, algorithm)
    refused(desk, "alg")


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_j2_a_public_key_is_no_shared_secret(desk, sign, keys, algorithm, refused):
    pem = keys.rsa.as_pem(private=False)
    desk.provider.token = sign(desk.provider.id_token(), pem, algorithm)
    refused(desk, "alg")


def test_j2_the_clients_secret_signs_nothing(desk, sign, refused):
    secret = desk.connection.connector.options.client_secret.get_secret_value()
    desk.provider.token = sign(desk.provider.id_token(), secret.encode(), "HS256")
    refused(desk, "alg")


def test_j2_a_published_secret_is_no_key(desk, sign, provider, refused):
    """Even an administrator can't allow it: the option knows no such algorithm."""
    shared = {"kty": "oct", "k": b64(b"s" * 32), "kid": "shared", "alg": "HS256"}
    provider.answers["/jwks"] = (200, {"keys": [shared]})
    provider.token = sign(provider.id_token(), b"s" * 32, "HS256", kid="shared")
    refused(desk, "alg")


@pytest.mark.parametrize("member", ["jwk", "jku", "x5u"])
def test_j3_a_key_that_the_token_brings_is_no_key(desk, sign, keys, member, refused):
    brought = {
        "jwk": keys.attacker.as_dict(private=False),
        "jku": f"{desk.provider.url}/evil",
        "x5u": f"{desk.provider.url}/evil",
    }[member]
    for kid in ("evil", "rsa", None):
        desk.provider.used.clear()
        header = {member: brought, "kid": kid}
        desk.provider.token = sign(desk.provider.id_token(), keys.attacker, "RS256", **header)
        refused(desk, "signature")
    assert desk.provider.asked["/evil"] == 0


def test_j3_where_a_good_token_points_to_is_left_alone(desk, sign):
    desk.provider.token = sign(desk.provider.id_token(), jku=f"{desk.provider.url}/evil", vendor="x")
    assert desk.sign_in().subject == "u-1"
    assert desk.provider.asked["/evil"] == 0


@pytest.mark.parametrize(
    "header", [{"crit": ["exp"], "exp": 1}, {"crit": ["b64"], "b64": True}, {"b64": True}]
)
def test_j4_what_must_be_understood_and_isnt_is_refused(desk, sign, header, refused):
    desk.provider.token = sign(desk.provider.id_token(), **header)
    refused(desk, "crit")


@pytest.mark.parametrize("kind", ["at+jwt", "AT+JWT", "application/at+jwt", "logout+jwt", 7, ["JWT"]])
def test_j4_a_token_of_another_kind_is_no_id_token(desk, sign, kind, refused):
    desk.provider.token = sign(desk.provider.id_token(), typ=kind)
    refused(desk, "typ")


@pytest.mark.parametrize("kind", ["JWT", "jwt", "application/jwt", "ID", None])
def test_j4_an_id_token_is_called_as_its_provider_likes(desk, sign, kind):
    desk.provider.token = sign(desk.provider.id_token(), typ=kind)
    assert desk.sign_in().subject == "u-1"


@pytest.mark.parametrize("at_hash", ["", "x", 7, ["x"], half_hash("another")])
def test_j5_an_access_token_that_isnt_the_id_tokens_is_refused(desk, at_hash, refused):
    desk.provider.claims["at_hash"] = at_hash
    refused(desk, "at_hash")


@pytest.mark.parametrize(
    ("key", "algorithm", "digest"),
    [("rsa", "RS256", "sha256"), ("ed", "EdDSA", "sha512"), ("ed", "Ed25519", "sha512")],
)
def test_j5_the_right_one_is_taken(desk, sign, keys, key, algorithm, digest):
    claims = desk.provider.id_token(at_hash=half_hash("access-token-of-ada", digest))
    desk.provider.token = sign(claims, getattr(keys, key), algorithm)
    assert desk.sign_in().subject == "u-1"


def test_j6_a_huge_header_is_refused_and_one_with_a_chain_of_certificates_is_not(desk, sign, refused):
    desk.provider.token = sign(desk.provider.id_token(), x5c=["A" * 2000])
    assert desk.sign_in().subject == "u-1"
    desk.provider.used.clear()
    desk.provider.token = sign(desk.provider.id_token(), x5c=["A" * 4000])
    refused(desk, "header is longer than 4096")


def test_j6_a_huge_token_is_refused(desk, sign, refused):
    desk.provider.token = sign(desk.provider.id_token(more="A" * 200_000))
    refused(desk, "longer than 128 KiB")


@pytest.mark.parametrize("signature", ["", "AAAA", "=", "*"])
def test_j7_another_signature_is_refused(desk, sign, signature, refused):
    token = sign(desk.provider.id_token())
    desk.provider.token = f"{token.rpartition('.')[0]}.{signature}"
    refused(desk, "signature")


def test_j7_other_claims_under_a_good_signature_are_refused(desk, sign, refused):
    desk.provider.token = tampered(sign(desk.provider.id_token()), sub="u-2")
    refused(desk, "signature")


@pytest.mark.parametrize("kid", ["rsa", "ec", "unknown", None])
def test_j7_another_key_under_a_known_name_is_refused(desk, sign, keys, kid, refused):
    desk.provider.token = sign(desk.provider.id_token(), keys.attacker, kid=kid)
    refused(desk, "signature")


@pytest.mark.parametrize("kid", [7, ["rsa"], {"rsa": 1}])
def test_j7_a_key_is_named_by_text(desk, sign, kid, refused):
    desk.provider.token = sign(desk.provider.id_token(), kid=kid)
    refused(desk, "kid")


@pytest.mark.parametrize("kid", ["ec", "made-up", ""])
def test_j7_a_key_signs_under_its_own_name_only(desk, sign, kid, refused):
    desk.provider.token = sign(desk.provider.id_token(), kid=kid)
    refused(desk, "signature")


def test_j7_a_token_without_a_key_name_is_tried_with_each_key(desk, sign):
    desk.provider.token = sign(desk.provider.id_token(), kid=None)
    assert desk.sign_in().subject == "u-1"


@pytest.mark.parametrize(
    ("token", "why"),
    [
        ("", "no signed JWT"),
        ("a.b", "no signed JWT"),
        ("a.b.c.d", "no signed JWT"),
        ("..", "no signed JWT"),
        ("a.b.c.d.e", "encrypted"),
        ("!.b.c", "no signed JWT"),
        ("e30.W10.AAAA", "JSON"),
        ("bm8.e30.AAAA", "JSON"),
    ],
)
def test_what_is_no_token_is_refused(desk, token, why, refused):
    desk.provider.token = token
    refused(desk, why)


def test_an_hour_later_the_same_token_has_expired(desk, sign, refused):
    desk.provider.token = sign(desk.provider.id_token())
    desk.clock.pass_by(hours=1)
    refused(desk, "exp")


def test_our_time_and_not_the_machines_decides(desk):
    desk.clock.at -= timedelta(days=400)
    assert desk.sign_in().subject == "u-1"


def test_j10_a_header_with_a_member_twice_is_refused(desk, sign, refused):
    _, payload, signature = sign(desk.provider.id_token()).split(".")
    twice = b64(b'{"alg":"none","alg":"RS256","kid":"rsa"}')
    desk.provider.token = f"{twice}.{payload}.{signature}"
    refused(desk, "JSON")
