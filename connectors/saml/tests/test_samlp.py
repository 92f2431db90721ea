"""A whole sign-in at a real provider: samlp, in a process of its own."""

import re
from urllib.parse import urlencode

import httpx2
import pytest

from passback import Incoming, ServerError, SignInRefused, SystemClock
from passback_testbed import Browser, SamlProvider, SamlUser
from passback_testbed.install import install_samlp
from passback_testbed.places import workspace

# The first of them may have to install it.
pytestmark = pytest.mark.timeout(600)

EMAIL = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"
ADA = SamlUser("ada", "lovelace", "u-1", {EMAIL: "ada@example.org", "role": ["a", "b"], "quick": True})
EVE = SamlUser("eve", "x", "t-1", {}, "urn:oasis:names:tc:SAML:2.0:nameid-format:transient")


@pytest.fixture(scope="session")
def provider(idp, tmp_path_factory):
    home = workspace() / ".testbed"
    install_samlp(home)
    services = {idp.METADATA: idp.CALLBACK}
    with SamlProvider(tmp_path_factory.mktemp("samlp"), [ADA, EVE], services, home=home) as server:
        yield server


@pytest.fixture(autouse=True)
def as_it_was(provider):
    provider.configure(sign="assertion", options={})


@pytest.fixture
def visit(site, idp, provider):
    """Sign somebody in at the provider, and come back with what it says of them."""

    def made(name="ada", connection=None, **options):
        used = connection or joined(site, provider, **options)
        departure = used.start()
        page = provider.sign_in(Browser(idp.CALLBACK), departure.url, name)
        assert (page.url, page.sent["RelayState"]) == (idp.CALLBACK, "state-1")
        return used.finish(brought(page, used), departure.kept["request"])

    return made


def joined(site, provider, **options):
    """Return a connection that has the provider's metadata as it is now, unless `options` say otherwise."""
    given = {"metadata": provider.metadata, "sso_url": None, "certificates": None, "idp_entity_id": None}
    return site(**given | options)


def brought(page, used):
    headers = {"content-type": "application/x-www-form-urlencoded"}
    body = urlencode(page.sent).encode()
    return Incoming(method=page.method, headers=headers, body=body, received=used.clock.now())


@pytest.fixture
def clock():
    return SystemClock()


def fingerprints(idp, provider):
    texts = re.findall("<X509Certificate>(.*?)<", provider.metadata, re.DOTALL)
    return [idp.fingerprint(text) for text in texts]


@pytest.mark.parametrize("sign", ["assertion", "response", "both"])
def test_somebody_signs_in_whatever_the_provider_signs(visit, provider, sign):
    provider.configure(sign=sign)
    said = visit(signed=sign)
    assert (said.issuer, said.subject, said.subject_kind) == (provider.entity_id, "u-1", "saml:persistent")
    assert said.attributes == {EMAIL: ("ada@example.org",), "role": ("a", "b"), "quick": ("true",)}


def test_an_attribute_can_be_the_subject(visit):
    said = visit(subject=f"attribute:{EMAIL}")
    assert (said.subject, said.subject_kind) == ("ada@example.org", f"saml:attr:{EMAIL}")


def test_who_has_a_transient_name_isnt_signed_in(visit):
    with pytest.raises(SignInRefused, match="transient"):
        visit("eve")


def test_sha1_is_refused(visit, provider):
    provider.configure(options={"signatureAlgorithm": "rsa-sha1", "digestAlgorithm": "sha1"})
    with pytest.raises(SignInRefused, match="RSA with SHA-1"):
        visit()


def test_an_encrypted_assertion_is_refused_by_name(visit, provider, idp):
    keys = idp.keys()
    spki = {"encryptionCert": keys.pem, "encryptionPublicKey": idp.public_pem(keys)}
    provider.configure(options=spki)
    with pytest.raises(SignInRefused, match="encrypted, which isn't supported"):
        visit()


def test_who_cancels_isnt_signed_in(site, idp, provider):
    used = joined(site, provider)
    departure = used.start()
    browser = Browser(idp.CALLBACK)
    (form,) = browser.open(departure.url).forms
    (onward,) = browser.submit(form, {"do": "cancel"}).forms
    with pytest.raises(SignInRefused, match="signed nobody in: Responder"):
        used.finish(brought(browser.submit(onward), used), departure.kept["request"])


def test_a_response_is_for_the_browser_that_asked(site, idp, provider):
    used = joined(site, provider)
    page = provider.sign_in(Browser(idp.CALLBACK), used.start().url, "ada")
    with pytest.raises(SignInRefused, match="InResponseTo"):
        used.finish(brought(page, used), used.start().kept["request"])


def test_the_provider_may_begin_only_where_that_is_wanted(site, idp, provider):
    page = provider.start_here(Browser(idp.CALLBACK), idp.METADATA, "ada")
    used = joined(site, provider, unsolicited=True)
    assert used.finish(brought(page, used), None).subject == "u-1"
    used = joined(site, provider)
    with pytest.raises(SignInRefused, match="IdP-initiated"):
        used.finish(brought(page, used), None)


def test_a_new_key_counts_only_once_an_administrator_has_entered_it(visit, site, idp, provider):
    """S38: metadata changes never change keys silently."""
    fetched = {"metadata": None, "metadata_url": provider.metadata_url, "idp_entity_id": provider.entity_id}
    (first,) = fingerprints(idp, provider)
    assert visit(**fetched, fingerprints=[first]).subject == "u-1"
    provider.new_key()
    (second,) = fingerprints(idp, provider)
    with pytest.raises(SignInRefused, match="no certificate is accepted"):
        visit(**fetched, fingerprints=[first])
    with pytest.raises(ServerError, match="enter it in fingerprints") as caught:
        joined(site, provider, **fetched, fingerprints=[first]).check()
    assert second.upper() in str(caught.value).replace(":", "")
    used = joined(site, provider, **fetched, fingerprints=[first, second])
    used.check()
    assert visit(connection=used).subject == "u-1"
    seen = {each.what: each for each in used.inspect()}
    assert seen["pinned certificate"].verdict == "warning"
    assert seen["clock"].verdict == "ok"
    assert seen["sign-in address"].said == provider.url


def test_our_metadata_says_what_the_provider_has_to_know(site, idp, provider):
    published = joined(site, provider).connection.publish_metadata(idp.PLACE)
    assert published.media_type == "application/samlmetadata+xml"
    assert all(each.encode() in published.body for each in (idp.METADATA, idp.CALLBACK))


def test_where_browsers_are_sent_somebody_answers(site, provider):
    assert httpx2.get(joined(site, provider).start().url).status_code == 200
