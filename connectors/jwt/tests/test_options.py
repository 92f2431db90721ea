"""What an administrator may enter, and what they are told where it can't be; and the README says the same."""

import json
import re
import tomllib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from pydantic import SecretStr, ValidationError

from passback_jwt import JwtOptions

README = (Path(__file__).parent.parent / "README.md").read_text("utf-8")
SECRET = "top-secret-of-at-least-32-bytes-it-is"
INBOUND = {"issuer": "them", "algorithms": ["HS256"], "secret": SECRET}
URL = "https://a.example/jwt"
OUTBOUND = {"mint_url": URL, "mint_issuer": "us", "mint_secret": SECRET}


def test_either_half_is_enough():
    assert JwtOptions.model_validate(INBOUND).max_age == 300
    assert JwtOptions.model_validate(OUTBOUND).mint_seconds == 60


@pytest.mark.parametrize(
    ("start", "change", "message"),
    [
        ({}, {}, "issuer: missing"),
        (INBOUND, {"secret": None}, "exactly one of"),
        (INBOUND, {"jwks_url": "https://a.example/jwks"}, "exactly one of"),
        (INBOUND, {"algorithms": []}, "algorithms: missing"),
        (INBOUND, {"algorithms": ["none"]}, "HS256"),
        (INBOUND, {"algorithms": ["RS256"]}, "HS256 goes with secret"),
        (INBOUND, {"algorithms": ["HS256", "RS256"]}, "HS256 goes with secret"),
        (INBOUND, {"secret": None, "jwks_url": "https://a.example/jwks"}, "HS256 goes with secret"),
        (
            INBOUND,
            {"secret": None, "jwks_url": "https://a.example/", "algorithms": ["RS256", "HS256"]},
            "HS256 goes with secret",
        ),
        (INBOUND, {"secret": "top-secret-of-31-bytes-12345678"}, "at least 32 bytes"),
        (INBOUND, {"secret": "top-secret-of-1", "fewest_bytes": 16}, "at least 16 bytes"),
        (INBOUND, {"fewest_bytes": 15}, "greater than or equal"),
        (INBOUND, {"secret": "-----BEGIN PUBLIC KEY----- top-secret"}, "no shared secret"),
        (INBOUND, {"secret": "ssh-rsa top-secret AAAAB3NzaC1yc2EAAAADAQABAAABAQ"}, "no shared secret"),
        (INBOUND, {"secret": None, "public_key": "top-secret", "algorithms": ["RS256"]}, "public key as PEM"),
        (INBOUND, {"secret": None, "jwks": {"keys": []}, "algorithms": ["RS256"]}, "jwks: expected"),
        (INBOUND, {"secret": None, "jwks": {}, "algorithms": ["RS256"]}, "jwks: expected"),
        (INBOUND, {"secret": None, "jwks_url": "a.example", "algorithms": ["RS256"]}, "expected an address"),
        (
            INBOUND,
            {"secret": None, "jwks_url": "https://us:top-secret@a.example", "algorithms": ["RS256"]},
            "leave user name and password out",
        ),
        (INBOUND, {"require_state": True}, "sign_in_url"),
        (INBOUND, {"issuer": ""}, "at least 1 character"),
        (INBOUND, {"parameter": "a&b"}, "pattern"),
        (INBOUND, {"max_age": 0}, "greater than or equal"),
        (INBOUND, {"skew": 301}, "less than or equal"),
        (INBOUND, {"sign_in_url": "javascript:alert(1)"}, "expected an address"),
        (OUTBOUND, {"mint_secret": None}, "exactly one of mint_secret"),
        (OUTBOUND, {"mint_private_key": "top-secret"}, "exactly one of mint_secret"),
        (OUTBOUND, {"mint_secret": None, "mint_private_key": "top-secret"}, "private key as PEM"),
        (OUTBOUND, {"mint_secret": "top-secret"}, "at least 32 bytes"),
        (OUTBOUND, {"mint_issuer": ""}, "mint_issuer: missing"),
        (OUTBOUND, {"mint_claims": {"iss": "{id}"}}, "leave it out"),
        (OUTBOUND, {"mint_claims": {"sub": "{password}"}}, "a template names"),
        (OUTBOUND, {"mint_claims": {"sub": "{id.__class__}"}}, "a template names"),
        (OUTBOUND, {"mint_claims": {"sub": "{id!r}"}}, "only a field"),
        (OUTBOUND, {"mint_claims": {"sub": "{id:>99}"}}, "only a field"),
        (OUTBOUND, {"mint_claims": {"sub": "{id"}}, "isn't closed"),
        (OUTBOUND, {"mint_claims": {"sub": "{}"}}, "a template names"),
        (OUTBOUND, {"mint_required": ["employee"]}, "mint_claims"),
        (INBOUND, {"leeway": 3}, "Extra inputs"),
    ],
)
def test_what_cant_be_is_refused_with_what_was_expected_and_no_secret(start, change, message):
    given = {name: value for name, value in (start | change).items() if value is not None}
    with pytest.raises(ValidationError, match=message) as caught:
        JwtOptions.model_validate(given)
    assert "top-secret" not in str(caught.value)


def test_a_key_is_of_the_half_and_the_kind_that_is_meant(pairs, made):
    public = {"issuer": "them", "algorithms": ["RS256"]}
    assert JwtOptions.model_validate(public | {"public_key": pairs["RS256"].pem}).public_key
    for text in (
        pairs["RS256"].private_pem,
        made.pair(rsa.generate_private_key(65537, 1024), "RS256").pem,  # noqa: S505 - what is to be refused
        made.pair(ec.generate_private_key(ec.SECP384R1()), "ES384").pem,
    ):
        with pytest.raises(ValidationError, match="public key as PEM"):
            JwtOptions.model_validate(public | {"public_key": text})
    with pytest.raises(ValidationError, match="of another kind"):
        JwtOptions.model_validate(public | {"public_key": pairs["ES256"].pem})
    with pytest.raises(ValidationError, match="private key as PEM"):
        JwtOptions.model_validate(
            {"mint_url": URL, "mint_issuer": "us", "mint_private_key": pairs["RS256"].pem}
        )


def test_secrets_arent_shown():
    options = JwtOptions.model_validate(INBOUND | OUTBOUND)
    assert SECRET not in repr(options)


def default_of(field):
    if field.is_required():
        return "required"
    if field.default in (None, (), "") or isinstance(field.default, SecretStr):
        return ""
    return f"`{json.dumps(field.default)}`"


def table():
    lines = ["| option | meaning | default |", "|---|---|---|"]
    lines += [
        f"| `{name}` | {field.description} | {default_of(field)} |"
        for name, field in JwtOptions.model_fields.items()
    ]
    return "\n".join(lines)


def test_every_option_stands_in_the_readme_as_it_is():
    shown = re.search(r"<!-- options -->\n(.*?)\n?<!-- /options -->", README, re.DOTALL)[1]
    assert shown == table(), "the table of options isn't what the options are; this is:\n" + table()


def test_the_configurations_that_are_shown_work():
    found = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    assert len(found) == 2
    for text in found:
        (connection,) = tomllib.loads(text)["connections"].values()
        assert connection["connector"] == "jwt"
        options = {
            name: SECRET if isinstance(value, dict) and "env" in value else value
            for name, value in connection["options"].items()
        }
        JwtOptions.model_validate(options)
