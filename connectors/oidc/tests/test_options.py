"""What an administrator may enter, and what they are told where it can't be."""

import pytest
from joserfc.jwk import ECKey, RSAKey
from pydantic import ValidationError

from passback_oidc import OidcOptions

CLIENT = {"issuer": "https://login.example.com/", "client_id": "us", "client_secret": "top-secret"}
TENANT = "72f988bf-86f1-41af-91ab-2d7cd011db47"
ENTRA = {"provider": "entra", "issuer": None, "tenants": [TENANT]}
KEYED = {"client_auth": "private_key_jwt", "client_secret": None}
RSA = RSAKey.generate_key(2048)


def test_issuer_and_client_are_enough():
    options = OidcOptions.model_validate(CLIENT)
    # Character by character: not even a slash is taken away.
    assert options.issuer == "https://login.example.com/"
    assert options.scopes == ("openid", "profile", "email")
    assert "HS256" not in options.algorithms


@pytest.mark.parametrize(
    "given",
    [
        ENTRA,
        ENTRA | {"tenants": [TENANT, TENANT.replace("7", "8")]},
        ENTRA | {"authority": "https://login.microsoftonline.us"},
        {"provider": "google", "issuer": None, "hosted_domain": "acme.example"},
        {"provider": "okta", "issuer": "https://acme.okta.com/oauth2/default"},
        {"client_auth": "none", "client_secret": None},
        {"client_auth": "client_secret_post"},
        KEYED | {"private_key": RSA.as_pem(private=True).decode()},
        {"issuer": "http://127.0.0.1:8080/realms/acme"},
    ],
)
def test_what_each_provider_and_client_needs(given):
    assert OidcOptions.model_validate(CLIENT | given)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"issuer": None}, "issuer: missing"),
        ({"issuer": "login.example.com"}, "expected an address"),
        ({"issuer": "ftp://login.example.com"}, "expected an address"),
        ({"issuer": "https://us:top-secret@login.example.com"}, "leave user name and password out"),
        ({"issuer": "https://login.example.com/?top-secret"}, "without"),
        ({"issuer": "https://login.example.com/#x"}, "without"),
        ({"issuer": " https://login.example.com"}, "expected an address"),
        ({"client_id": ""}, "at least 1 character"),
        ({"client_secret": ""}, "client_secret: empty"),
        ({"client_secret": None}, "client_secret: missing"),
        ({"client_auth": "none"}, "client_secret: client_auth has no use for it"),
        ({"client_auth": "client_secret_jwt"}, "private_key_jwt"),
        ({"private_key": "top-secret"}, "private_key: client_auth has no use"),
        (KEYED, "private_key: missing"),
        (KEYED | {"private_key": "top-secret"}, "neither PEM nor a JWK"),
        (KEYED | {"private_key": '{"kty":"top-secret"}'}, "neither PEM nor a JWK"),
        (KEYED | {"private_key": RSA.as_pem(private=False).decode()}, "expected a private key"),
        (KEYED | {"private_key": '{"kty":"oct","k":"dG9wLXNlY3JldA"}'}, "private_key"),
        (
            KEYED | {"private_key": ECKey.generate_key("secp256k1").as_pem().decode()},
            "expected a private key",
        ),
        (KEYED | ENTRA | {"private_key": RSA.as_pem(private=True).decode()}, "thumbprint"),
        ({"scopes": ["profile"]}, "openid: missing"),
        ({"scopes": ["openid profile"]}, "openid: missing"),
        ({"scopes": ["openid", "a b"]}, "one by one"),
        ({"scopes": ["openid", ""]}, "one by one"),
        ({"algorithms": []}, "at least 1 item"),
        ({"algorithms": ["HS256"]}, "RS256"),
        ({"algorithms": ["none"]}, "RS256"),
        ({"subject": ""}, "at least 1 character"),
        ({"userinfo": "always"}, "auto"),
        ({"tenants": [TENANT]}, "tenants: goes with provider = entra"),
        ({"hosted_domain": "acme.example"}, "hosted_domain: needed with provider = google"),
        ({"provider": "google"}, "hosted_domain: needed"),
        ({"provider": "google", "hosted_domain": "https://acme.example"}, "name of a domain"),
        ({"provider": "google", "hosted_domain": "Acme.example"}, "lower case"),
        (ENTRA | {"tenants": []}, "tenants: missing"),
        (ENTRA | {"tenants": ["acme.onmicrosoft.com"]}, "ids of tenants"),
        (ENTRA | {"tenants": ["common"]}, "ids of tenants"),
        (ENTRA | {"tenants": [TENANT.upper()]}, "lower case"),
        (ENTRA | {"issuer": "https://login.microsoftonline.com/common/v2.0"}, "leave it out"),
        (ENTRA | {"authority": "https://login.microsoftonline.com/"}, "slash"),
        ({"provider": "okta", "issuer": "https://acme-admin.okta.com"}, "leave out -admin"),
        ({"provider": "facebook"}, "generic"),
        ({"colour": "red"}, "Extra inputs"),
    ],
)
def test_what_cant_be_is_refused_with_what_was_expected_and_no_secret(given, message):
    with pytest.raises(ValidationError, match=message) as caught:
        OidcOptions.model_validate(CLIENT | given)
    assert "top-secret" not in str(caught.value)


def test_a_short_key_is_refused():
    with pytest.warns(Warning, match="2048"):
        short = RSAKey.generate_key(1024).as_pem(private=True).decode()
    with pytest.raises(ValidationError, match="at least 2048 bits"):
        OidcOptions.model_validate(CLIENT | KEYED | {"private_key": short})


def test_secrets_arent_shown():
    options = OidcOptions.model_validate(CLIENT)
    keyed = OidcOptions.model_validate(CLIENT | KEYED | {"private_key": RSA.as_pem(private=True).decode()})
    assert "top-secret" not in repr(options)
    assert "BEGIN" not in repr(keyed)


def test_every_option_is_described():
    assert all(field.description for field in OidcOptions.model_fields.values())
