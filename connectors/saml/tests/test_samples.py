"""What an administrator is told of a response that they copied: everything, and no value."""

import base64
from datetime import timedelta
from urllib.parse import quote

import pytest
from lxml import etree


def problems(reading):
    return [f"{each.what}: {each.said}" for each in reading.observations if each.verdict == "problem"]


def said(reading):
    return "\n".join(f"{each.what}: {each.said}" for each in reading.observations)


def shown(idp, kind):
    pairs = idp.keys(kind).fingerprint.upper()
    return pairs if ":" in pairs else ":".join(pairs[at : at + 2] for at in range(0, 64, 2))


def forms(raw):
    text = base64.b64encode(raw)
    return {
        "xml": raw,
        "base64": text,
        "wrapped": b"\n".join(text[at : at + 76] for at in range(0, len(text), 76)),
        "percent": quote(text).encode(),
        "form": b"RelayState=x&SAMLResponse=" + quote(text, safe="").encode(),
        "bom": b"\xef\xbb\xbf \n" + raw,
    }


@pytest.mark.parametrize("form", ["xml", "base64", "wrapped", "percent", "form", "bom"])
def test_a_sample_is_read_as_people_copy_it(site, idp, form):
    reading = site().sample(forms(etree.tostring(idp.good()))[form])
    assert problems(reading) == []
    assert (reading.assertion.subject, reading.assertion.subject_kind) == ("u-1", "saml:persistent")
    assert reading.assertion.attributes["email"] == ("ada@example.org",)
    assert "signature: by a key that is accepted" in said(reading)


def test_everything_that_would_be_refused_is_said_at_once(site, idp):
    root = idp.unsigned()
    idp.at(root, "saml:Issuer").text = "https://other.example"
    idp.at(root, ".//saml:Audience").text = "urn:secret-value"
    idp.at(root, ".//saml:AuthnStatement").getparent().remove(idp.at(root, ".//saml:AuthnStatement"))
    reading = site(entity_id="urn:us", signed="response").sample(
        idp.signed(root, by="other"), idp.AT + timedelta(days=1)
    )
    text = "\n".join(problems(reading))
    for each in (
        "the response isn't signed",
        "the response's Issuer",
        "SubjectConfirmationData's NotOnOrAfter",
        "Conditions's NotOnOrAfter",
        "another Audience",
        "no AuthnStatement",
    ):
        assert each in text
    assert "secret-value" not in said(reading)
    assert reading.assertion.subject == "u-1"


def test_a_signature_by_another_key_is_said(site, idp):
    reading = site().sample(idp.signed(idp.unsigned(), by="other"))
    (problem,) = problems(reading)
    assert "signature: its signature isn't by a key that is accepted for this provider; " in problem
    assert f"certificate in the response: SHA-256 {shown(idp, 'other')}" in said(reading)
    assert "isn't accepted" in said(reading)
    reading = site().sample(idp.signed(idp.unsigned(), by="rsa", method="rsa-sha512", digest="sha384"))
    assert problems(reading) == []


def test_a_copy_that_was_formatted_is_told_apart_from_one_by_another_key(site, idp):
    reading = site().sample(etree.tostring(idp.good()).replace(b"><", b">\n<"))
    assert any("a copy that was formatted or edited since fails, too" in each for each in problems(reading))
    (brought,) = [each for each in reading.observations if each.what == "certificate in the response"]
    assert brought.said.endswith(", is accepted")


def test_a_certificate_that_cant_be_read_is_passed_over(site, idp):
    root = idp.signed(idp.unsigned(), by="other")
    idp.at(root, ".//ds:X509Certificate").text = "secret-value"
    assert "certificate in the response" not in said(site().sample(root))


def test_nothing_is_fetched_for_a_sample(site, idp, web):
    web.body = idp.metadata("rsa")
    used = site(metadata_url=web.url, sso_url=None, certificates=None, fingerprints=[idp.keys().fingerprint])
    reading = used.sample(idp.good())
    assert web.asked == 0
    assert "signature: not checked" in said(reading)
    used.check()
    assert "signature: by a key that is accepted" in said(used.sample(idp.good()))


def test_what_cant_be_compared_is_said(site, idp):
    assert "not compared: Destination, Recipient, Audience, InResponseTo" in said(site().sample(idp.good()))
    reading = site(entity_id=idp.METADATA).sample(idp.good())
    assert "not compared: Destination, Recipient, InResponseTo" in said(reading)
    assert "not compared: InResponseTo" in said(site().sample(idp.good(), place=idp.PLACE))


@pytest.mark.parametrize(
    ("where", "attribute", "says"),
    [
        (".", "Destination", "the response's Destination is another address than ours"),
        (".//saml:SubjectConfirmationData", "Recipient", "Recipient is another address than ours"),
    ],
)
def test_a_response_that_was_sent_elsewhere_is_told_so_and_where_it_belongs(
    site, idp, where, attribute, says
):
    root = idp.unsigned()
    idp.at(root, where).set(attribute, "https://secret-value.example/acs")
    reading = site().sample(idp.signed(root), place=idp.PLACE)
    (problem,) = problems(reading)
    assert says in problem
    assert f"Destination and Recipient must be {idp.CALLBACK}; the Audience must be {idp.METADATA}; " in said(
        reading
    )
    assert "secret-value" not in said(reading)
    assert problems(site().sample(idp.good(), place=idp.PLACE)) == []


def test_an_audience_is_our_metadatas_address_unless_we_have_a_name(site, idp):
    reading = site(entity_id="urn:us").sample(idp.good(), place=idp.PLACE)
    assert "assertion: the assertion is for another Audience than our entity id" in problems(reading)


def test_a_name_that_looks_like_an_address_is_warned_about(site, idp):
    (warning,) = [
        each
        for each in site().sample(idp.good(name_id="ada@example.org")).observations
        if each.verdict != "ok"
    ]
    assert (warning.what, warning.verdict) == ("NameID", "warning")
    assert "ada" not in warning.said


def test_a_friendly_name_is_no_name_and_what_to_enter_is_said(site, idp):
    root = idp.unsigned()
    text = idp.attribute("urn:oid:2.16.840.1.113730.3.1.3", "7", more='FriendlyName="employeeNumber"')
    idp.at(root, ".//saml:AttributeStatement").append(idp.element(text))
    reading = site(subject="attribute:employeeNumber").sample(idp.signed(root))
    assert reading.assertion is None
    assert any(
        "set subject to attribute:urn:oid:2.16.840.1.113730.3.1.3" in each for each in problems(reading)
    )
    reading = site().sample(idp.signed(root))
    assert "attribute urn:oid:2.16.840.1.113730.3.1.3: the provider also calls it employeeNumber" in said(
        reading
    )


def test_names_are_shown_so_that_no_terminal_obeys_them(site, idp):
    more = 'FriendlyName="a&#x9b;31m&#10;b"'
    root = idp.unsigned()
    idp.at(root, ".//saml:AttributeStatement").append(idp.element(idp.attribute("n" * 300, "7", more=more)))
    text = said(site().sample(root))
    assert f"attribute {'n' * 200}: the provider also calls it a?31m?b (" in text


@pytest.mark.parametrize("raw", [b"", b"secret-value", b"<a>", b"<a/>", b"SAMLResponse=", b"\xff", b"%ff%00"])
def test_what_is_no_response_is_said(site, raw):
    reading = site().sample(raw)
    assert reading.assertion is None
    assert problems(reading)
    assert "secret-value" not in said(reading)


@pytest.mark.parametrize("raw", [b"", b"secret-value", b"\xff\xfe<\0", b"%ff%00"])
def test_what_is_no_copy_of_a_response_is_told_what_would_be_one(site, raw):
    (problem,) = problems(site().sample(raw))
    assert problem.startswith(
        "response: expected XML in UTF-8, the base64 of that, or a form with SAMLResponse"
    )


def test_an_encrypted_sample_is_told_so(site, idp):
    root = idp.unsigned()
    root.remove(idp.at(root, "saml:Assertion"))
    etree.SubElement(root, f"{{{idp.NS['saml']}}}EncryptedAssertion")
    assert any("encrypted" in each for each in problems(site().sample(root)))


def test_a_refusal_by_the_provider_is_told(site, idp):
    root = idp.unsigned()
    root.remove(idp.at(root, "saml:Assertion"))
    idp.at(root, ".//samlp:StatusCode").set("Value", "urn:oasis:names:tc:SAML:2.0:status:Requester")
    assert any("signed nobody in: Requester" in each for each in problems(site().sample(root)))
