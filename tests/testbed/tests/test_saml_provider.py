"""The SAML provider that connectors are tried against."""

import base64
import re
import zlib
from urllib.parse import urlencode

import pytest

from passback_testbed import Browser, SamlProvider, SamlUser

# The first of them may have to install it.
pytestmark = pytest.mark.timeout(600)

CALLBACK = "https://host.example/callback"
US = "https://host.example/metadata"
ADA = SamlUser("ada", "lovelace", "u-1", {"email": "ada@example.org", "role": ["a", "b"]})


def start_of(provider, callback=CALLBACK):
    request = (
        '<AuthnRequest xmlns="urn:oasis:names:tc:SAML:2.0:protocol" ID="_1" Version="2.0" '
        f'AssertionConsumerServiceURL="{callback}">'
        f'<Issuer xmlns="urn:oasis:names:tc:SAML:2.0:assertion">{US}</Issuer></AuthnRequest>'
    )
    packed = zlib.compress(request.encode(), wbits=-15)
    return f"{provider.url}?{urlencode({'SAMLRequest': base64.b64encode(packed), 'RelayState': 's'})}"


@pytest.fixture(scope="module")
def provider(samlp_home, tmp_path_factory):
    with SamlProvider(tmp_path_factory.mktemp("saml"), [ADA], {US: CALLBACK}, home=samlp_home) as server:
        yield server


def test_somebody_signs_in_and_comes_back_with_a_response(provider):
    page = provider.sign_in(Browser(CALLBACK), start_of(provider), "ada")
    assert (page.url, page.method, page.sent["RelayState"]) == (CALLBACK, "POST", "s")
    response = base64.b64decode(page.sent["SAMLResponse"]).decode()
    assert all(
        each in response for each in ("u-1", "ada@example.org", provider.entity_id, 'InResponseTo="_1"')
    )


@pytest.mark.parametrize(("sign", "signatures"), [("assertion", 1), ("response", 1), ("both", 2)])
def test_what_it_signs_can_be_chosen(provider, sign, signatures):
    provider.configure(sign=sign)
    page = provider.start_here(Browser(CALLBACK), US, "ada")
    response = base64.b64decode(page.sent["SAMLResponse"]).decode()
    assert len(re.findall("<SignatureValue", response)) == signatures


def test_nobody_is_sent_where_no_service_is(provider):
    (form,) = Browser(CALLBACK).open(start_of(provider, "https://evil.example")).forms
    page = Browser(CALLBACK).submit(form, {"user": "ada", "password": "lovelace", "do": "in"})
    assert page.status == 500


def test_a_new_key_takes_the_place_of_the_old_or_stands_beside_it(provider):
    def published():
        return re.findall("<X509Certificate>(.*?)<", provider.metadata)

    first = published()
    provider.new_key(keep=True)
    second = published()
    assert second[1:] == first
    provider.new_key()
    assert not set(published()) & set(second)
