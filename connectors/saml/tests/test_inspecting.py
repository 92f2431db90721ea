"""What an administrator sees of a provider before anybody signs in."""

import attrs
import pytest


def verdicts(seen, verdict):
    return [each.what for each in seen if each.verdict == verdict]


def one(seen, what):
    (found,) = [each for each in seen if each.what == what]
    return found


def described(idp, *used, formats=(), **more):
    names = "".join(f"<md:NameIDFormat>{each}</md:NameIDFormat>" for each in formats)
    return {"metadata": idp.metadata(*used, before=names, **more), "sso_url": None, "certificates": None}


def test_what_both_sides_have_to_know_is_shown(site, idp, web):
    seen = site(sso_url=web.url).inspect()
    assert one(seen, "our entity id").said == idp.METADATA
    assert one(seen, "our address for responses (ACS, HTTP-POST)").said == idp.CALLBACK
    assert one(seen, "provider").said == idp.IDP
    assert one(seen, "sign-in address").said == web.url
    certificate = one(seen, "signing certificate")
    assert idp.keys().fingerprint.upper() in certificate.said.replace(":", "")
    assert "RSA 2048, valid from 2025-11-02 to 2027-11-02" in certificate.said
    assert all(each.verdict == "ok" for each in seen)


def test_who_answers_without_https_is_warned_that_browsers_bring_no_cookie(site, idp):
    plain = attrs.evolve(idp.PLACE, callback=idp.CALLBACK.replace("https:", "http:"))
    assert verdicts(site().inspect(plain), "warning") == ["our address for responses"]


def test_a_provider_that_isnt_reached_from_here_is_nothing_to_worry_about(site):
    seen = site(sso_url="http://127.0.0.1:9/").inspect()
    assert all(each.verdict == "ok" for each in seen)
    assert "clock" not in [each.what for each in seen]


@pytest.mark.parametrize(
    ("kind", "options", "warnings", "problems"),
    [
        ("ending", {}, ["signing certificate"], []),
        ("expired", {}, ["signing certificate"], ["signing certificates"]),
        ("expired", {"expired_certificates": "accept"}, ["signing certificate"], []),
        ("future", {}, ["signing certificate"], ["signing certificates"]),
    ],
)
def test_certificates_are_warned_about_in_time(site, idp, kind, options, warnings, problems):
    seen = site(**described(idp, kind), **options).inspect()
    assert (verdicts(seen, "warning"), verdicts(seen, "problem")) == (warnings, problems)


def test_how_many_days_a_certificate_has_left_is_said(site, idp):
    assert "ends in 12 days" in one(site(**described(idp, "ending")).inspect(), "signing certificate").said


def test_a_key_that_is_published_and_not_accepted_is_shown_to_be_entered(site, idp, web):
    web.body = idp.metadata("rsa", "other")
    options = {"metadata_url": web.url, "sso_url": None, "certificates": None}
    seen = site(**options, fingerprints=[idp.keys().fingerprint, "ab" * 32]).inspect()
    assert verdicts(seen, "warning") == ["another certificate", "pinned certificate"]
    said = one(seen, "another certificate").said
    assert idp.keys("other").fingerprint.upper() in said.replace(":", "")
    assert verdicts(site(**options).inspect(), "problem") == ["signing certificates"]


@pytest.mark.parametrize(
    ("date", "verdict"),
    [
        ("Mon, 02 Nov 2026 08:30:30 GMT", "ok"),
        ("Mon, 02 Nov 2026 08:30:31 GMT", "warning"),
        ("Mon, 02 Nov 2026 08:28:00 GMT", "warning"),
        ("Mon, 02 Nov 2026 08:27:59 GMT", "problem"),
        ("yesterday", "ok"),
    ],
)
def test_a_clock_that_is_wrong_is_seen(site, idp, web, date, verdict):
    web.body, web.headers = idp.metadata("rsa"), {"Date": date}
    options = {"metadata_url": web.url, "sso_url": None, "certificates": None}
    seen = site(**options, fingerprints=[idp.keys().fingerprint]).inspect()
    assert one(seen, "clock").verdict == verdict


@pytest.mark.parametrize(
    ("formats", "verdict"),
    [
        (["urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"], "warning"),
        (["urn:oasis:names:tc:SAML:2.0:nameid-format:transient"], "problem"),
        (["urn:oasis:names:tc:SAML:2.0:nameid-format:persistent", "urn:x"], "ok"),
    ],
)
def test_names_that_dont_last_are_warned_about(site, idp, formats, verdict):
    seen = site(**described(idp, "rsa", formats=formats)).inspect()
    assert one(seen, "NameID formats").verdict == verdict
    seen = site(**described(idp, "rsa", formats=formats), subject="attribute:n").inspect()
    assert "NameID formats" not in [each.what for each in seen]


def test_what_isnt_done_here_is_a_problem(site, idp):
    seen = site(**described(idp, "rsa", role='WantAuthnRequestsSigned="true"')).inspect()
    assert verdicts(seen, "problem") == ["our requests"]
    text = idp.metadata("rsa").replace("HTTP-Redirect", "SOAP")
    seen = site(metadata=text, sso_url=None, certificates=None).inspect()
    assert verdicts(seen, "problem") == ["sign-in address"]


def test_a_certificate_that_cant_be_read_is_counted(site, idp):
    text = idp.metadata("rsa", "other").replace(idp.keys("other").base64, "AAAA")
    seen = site(metadata=text, sso_url=None, certificates=None).inspect()
    assert verdicts(seen, "warning") == ["certificates"]


def test_unasked_responses_are_warned_about(site, web):
    assert verdicts(site(sso_url=web.url, unsolicited=True).inspect(), "warning") == ["responses"]


def test_until_when_metadata_may_be_used_is_said(site, idp):
    seen = site(**described(idp, "rsa", until="2027-01-01T00:00:00Z")).inspect()
    assert one(seen, "metadata").said == "may be used until 2027-01-01"
