"""Metadata gives addresses; whose keys count is the administrator's word alone (S38)."""

import asyncio
import threading
from datetime import timedelta

import pytest
from pydantic import ValidationError

from passback import CannotConnect, ServerError, SignInRefused, SignInStart
from passback_saml import SamlOptions
from passback_saml.metadata import NoMetadata, read_metadata


def fetched(web, **more):
    given = {"metadata_url": web.url, "sso_url": None, "certificates": None}
    return given | more


def test_metadata_that_stands_in_the_options_is_a_pin_itself(site, idp):
    given = {"metadata": idp.metadata("rsa"), "sso_url": None, "certificates": None, "idp_entity_id": None}
    assert site(**given).finish(idp.good()).subject == "u-1"
    with pytest.raises(SignInRefused, match="accepted"):
        site(**given).finish(idp.signed(idp.unsigned(), by="other"))
    with pytest.raises(SignInRefused, match="no certificate is accepted"):
        site(**given, fingerprints=[idp.keys("other").fingerprint]).finish(idp.good())


def test_of_fetched_metadata_only_pinned_certificates_count(site, idp, web):
    web.body = idp.metadata("rsa", "other")
    pinned = site(**fetched(web, fingerprints=[idp.keys().fingerprint]))
    assert pinned.finish(idp.good()).subject == "u-1"
    with pytest.raises(SignInRefused, match="by a key that is accepted"):
        pinned.finish(idp.signed(idp.unsigned(), by="other"))
    with pytest.raises(SignInRefused, match="no certificate is accepted"):
        site(**fetched(web)).finish(idp.good())


def test_a_certificate_in_the_options_needs_none_in_the_metadata(site, idp, web):
    web.body = idp.metadata("other")
    assert site(**fetched(web, certificates=[idp.keys().pem])).finish(idp.good()).subject == "u-1"
    with pytest.raises(SignInRefused, match="by a key that is accepted"):
        site(**fetched(web, certificates=[idp.keys().pem])).finish(idp.signed(idp.unsigned(), by="other"))


def test_a_short_key_or_an_odd_curve_in_metadata_never_counts(site, idp):
    for kind in ("short", "odd"):
        given = {"metadata": idp.metadata(kind), "sso_url": None, "certificates": None}
        with pytest.raises(SignInRefused, match="no certificate is accepted"):
            site(**given).finish(idp.signed(idp.unsigned(), by=kind))


def test_metadata_is_asked_for_again_after_an_hour(site, idp, web, clock):
    web.body = idp.metadata("rsa")
    used = site(**fetched(web, fingerprints=[idp.keys().fingerprint]))
    for _ in range(3):
        used.start()
    assert web.asked == 1
    clock.at += timedelta(minutes=59)
    used.start()
    assert web.asked == 1
    clock.at += timedelta(minutes=1)
    web.body = idp.metadata("rsa", sso="https://idp.example.com/new")
    assert used.start().url.startswith("https://idp.example.com/new?SAMLRequest=")
    assert web.asked == 2


def test_a_pin_that_isnt_published_yet_is_looked_for_once_a_minute(site, idp, web, clock):
    web.body = idp.metadata("rsa")
    used = site(**fetched(web, fingerprints=[idp.keys().fingerprint, idp.keys("other").fingerprint]))
    for _ in range(3):
        used.start()
    assert web.asked == 1
    web.body = idp.metadata("rsa", "other")
    clock.at += timedelta(minutes=1)
    assert used.finish(idp.signed(idp.unsigned(), by="other")).subject == "u-1"
    assert web.asked == 2


def test_while_metadata_isnt_answered_what_was_read_last_serves(site, idp, web, clock):
    web.body = idp.metadata("rsa")
    used = site(**fetched(web, fingerprints=[idp.keys().fingerprint]))
    used.start()
    web.status = 503
    clock.at += timedelta(hours=2)
    for _ in range(3):
        used.start()
    assert web.asked == 2
    with pytest.raises(ServerError, match="503"):
        used.check()
    with pytest.raises(ServerError, match="503"):
        site(**fetched(web)).start()


def test_nobody_waits_long_for_metadata_that_is_known(site, idp, web, clock, monkeypatch):
    """And nobody waits behind somebody who does."""
    monkeypatch.setattr("passback_saml.provider._PATIENCE", 0.05)
    web.body = idp.metadata("rsa")
    used = site(**fetched(web, fingerprints=[idp.keys().fingerprint]))
    used.start()
    clock.at += timedelta(hours=2)
    web.wait = threading.Event()

    async def crowd(connection):
        asked = [connection.start_sign_in(SignInStart(place=idp.PLACE, state="s")) for _ in range(5)]
        return await asyncio.gather(*asked)

    try:
        assert len(used.ask(crowd)) == 5
    finally:
        web.wait.set()
    assert web.asked <= 2


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"body": "<html/>"}, "no SAML 2.0 metadata"),
        ({"body": ""}, "can't be used"),
        ({"body": "<!DOCTYPE x><x/>"}, "DTD"),
        ({"body": "x" * (3 * 2**20)}, "longer than 2048 KiB"),
        ({"status": 302, "headers": {"Location": "https://evil.example/"}}, "redirects"),
        ({"status": 404}, "nothing at this address"),
    ],
)
def test_what_is_no_metadata_is_told(site, web, answer, message):
    vars(web).update(answer)
    with pytest.raises(ServerError, match=message):
        site(**fetched(web)).check()


def test_a_provider_that_isnt_reached_is_told(site):
    with pytest.raises(CannotConnect):
        site(metadata_url="http://127.0.0.1:9/", sso_url=None, certificates=None).start()


def test_metadata_of_another_provider_is_refused(site, idp, web):
    web.body = idp.metadata("rsa", entity="https://another.example")
    with pytest.raises(ServerError, match="says nothing of idp_entity_id"):
        site(**fetched(web)).check()


def test_among_many_the_provider_is_found_by_its_name(site, idp):
    both = idp.metadata("rsa").partition("-->")[2] + idp.metadata("other", entity="urn:b").partition("-->")[2]
    every = "md:EntitiesDescriptor"
    text = f'<{every} xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">{both}</{every}>'
    given = {"metadata": text, "sso_url": None, "certificates": None}
    assert site(**given).finish(idp.good()).subject == "u-1"
    with pytest.raises(ValidationError, match="has 2 descriptions of any"):
        SamlOptions(metadata=text)


@pytest.mark.parametrize("on", ["entity", "role"])
def test_metadata_that_has_expired_isnt_used(site, idp, clock, on):
    until = idp.moment(60)
    more = {"until": until} if on == "entity" else {"role": f'validUntil="{until}"'}
    used = site(metadata=idp.metadata("rsa", **more), sso_url=None, certificates=None)
    assert used.finish(idp.good()).subject == "u-1"
    clock.at += timedelta(minutes=61)
    with pytest.raises(ServerError, match="metadata has expired"):
        used.start()


def test_a_provider_without_redirect_cant_be_sent_to(site, idp):
    text = idp.metadata("rsa").replace("bindings:HTTP-Redirect", "bindings:SOAP")
    used = site(metadata=text, sso_url=None, certificates=None)
    for ask in (used.start, used.check):
        with pytest.raises(ServerError, match="HTTP-Redirect"):
            ask()
    assert used.finish(idp.good()).subject == "u-1"


@pytest.mark.parametrize(
    "sso", ["javascript:alert(1)", "https://u:p@idp.example.com/", "/sso", "", "https://x y/"]
)
def test_a_sign_in_address_that_is_none_is_refused(idp, sso):
    with pytest.raises(ValidationError, match="no address that a browser can be sent to"):
        SamlOptions(metadata=idp.metadata("rsa", sso=sso))


def test_metadata_that_came_encrypted_sends_nobody_to_what_isnt(idp):
    plain = idp.metadata("rsa", sso="http://idp.example.com/sso").encode()
    with pytest.raises(NoMetadata, match="isn't encrypted"):
        read_metadata(plain, idp.IDP, encrypted=True)
    assert read_metadata(plain, idp.IDP).sso_url == "http://idp.example.com/sso"
    assert read_metadata(idp.metadata("rsa").encode(), idp.IDP, encrypted=True).sso_url


def test_encryption_keys_never_sign(site, idp):
    text = idp.metadata("rsa").replace('use="signing"', 'use="encryption"')
    with pytest.raises(SignInRefused, match="no certificate is accepted"):
        site(metadata=text, sso_url=None, certificates=None).finish(idp.good())
    text = idp.metadata("rsa").replace('use="signing"', "")
    assert site(metadata=text, sso_url=None, certificates=None).finish(idp.good()).subject == "u-1"


def test_a_check_asks_anew_and_says_what_to_enter(site, idp, web):
    web.body = idp.metadata("rsa")
    used = site(**fetched(web))
    with pytest.raises(ServerError, match="enter it in fingerprints") as caught:
        used.check()
    assert idp.keys().fingerprint.upper() in str(caught.value).replace(":", "")
    used = site(**fetched(web, fingerprints=[idp.keys().fingerprint]))
    used.check()
    used.check()
    assert web.asked == 3


def test_a_check_refuses_when_no_certificate_is_valid(site, idp):
    site().check()
    with pytest.raises(ServerError, match="has expired"):
        site(certificates=[idp.keys("expired").pem]).check()
    site(certificates=[idp.keys("expired").pem], expired_certificates="accept").check()
