"""The OpenID provider that connectors are tried against."""

import json
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import ProxyHandler, build_opener

import pytest

from passback_testbed import Browser, OidcProvider, OidcUser

# The first of them may have to install it.
pytestmark = pytest.mark.timeout(600)

CALLBACK = "https://host.example/callback"
ADA = OidcUser("ada", "lovelace", {"sub": "u-1", "email": "ada@example.org", "email_verified": True})
CLIENT = {"client_id": "us", "client_secret": "secret", "redirect_uris": [CALLBACK]}
opener = build_opener(ProxyHandler({}))


def start_of(provider, **changes):
    asked = {
        "client_id": "us",
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": "openid email",
        "state": "s",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
        **changes,
    }
    return f"{provider.url}/auth?{urlencode({name: value for name, value in asked.items() if value})}"


@pytest.fixture(scope="module")
def provider(oidc_provider_home, tmp_path_factory):
    data = tmp_path_factory.mktemp("oidc")
    with OidcProvider(data, [ADA], [CLIENT], home=oidc_provider_home) as server:
        yield server


def test_somebody_signs_in_and_comes_back_with_a_code(provider):
    page = provider.sign_in(Browser(CALLBACK), start_of(provider), "ada")
    assert page.url.startswith(CALLBACK)
    answer = parse_qs(urlsplit(page.url).query)
    assert answer["state"] == ["s"]
    assert answer["iss"] == [provider.url]
    assert answer["code"]


def test_without_pkce_nobody_signs_in(provider):
    page = Browser(CALLBACK).open(start_of(provider, code_challenge="", code_challenge_method=""))
    assert parse_qs(urlsplit(page.url).query)["error"] == ["invalid_request"]


def test_new_keys_take_the_place_of_the_old_or_stand_beside_them(provider):
    def kids():
        with opener.open(f"{provider.url}/jwks") as answer:
            return [key["kid"] for key in json.load(answer)["keys"]]

    first = kids()
    provider.new_keys(keep=True)
    second = kids()
    assert second[3:] == first
    provider.new_keys()
    assert not set(kids()) & set(second)
