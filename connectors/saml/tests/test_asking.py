"""What we send: the request, and our own metadata."""

import base64
import re
import zlib
from urllib.parse import parse_qs, urlsplit

import pytest
from lxml import etree


def request_in(url):
    query = parse_qs(urlsplit(url).query, strict_parsing=True)
    (packed,) = query["SAMLRequest"]
    return etree.fromstring(zlib.decompress(base64.b64decode(packed, validate=True), wbits=-15)), query


def test_a_request_says_who_asks_for_whom_and_where_the_answer_goes(site, idp):
    departure = site().start(state="st&te")
    root, query = request_in(departure.url)
    assert query["RelayState"] == ["st&te"]
    assert departure.url.startswith("https://idp.example.com/sso?")
    assert departure.fields == ()
    assert departure.kept == {"request": root.get("ID")}
    assert root.tag == f"{{{idp.NS['samlp']}}}AuthnRequest"
    assert dict(root.attrib) == {
        "ID": root.get("ID"),
        "Version": "2.0",
        "IssueInstant": "2026-11-02T08:30:00Z",
        "Destination": "https://idp.example.com/sso",
        "ProtocolBinding": "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST",
        "AssertionConsumerServiceURL": idp.CALLBACK,
    }
    assert idp.at(root, "saml:Issuer").text == idp.METADATA
    assert dict(idp.at(root, "samlp:NameIDPolicy").attrib) == {"AllowCreate": "true"}


def test_no_two_requests_have_one_id_and_none_begins_with_a_digit(site):
    used = site()
    ids = {used.start().kept["request"] for _ in range(20)}
    assert len(ids) == 20
    assert all(re.fullmatch("_[0-9a-f]{40}", each) for each in ids)


def test_an_address_with_a_query_keeps_it(site):
    url = site(sso_url="https://idp.example.com/sso?tenant=7").start().url
    root, query = request_in(url)
    assert query["tenant"] == ["7"]
    assert root.get("Destination") == "https://idp.example.com/sso?tenant=7"


def test_our_name_may_be_another_than_our_metadatas_address(site, idp):
    used = site(entity_id="urn:us & them")
    root, _ = request_in(used.start().url)
    assert idp.at(root, "saml:Issuer").text == "urn:us & them"
    published = etree.fromstring(used.connection.publish_metadata(idp.PLACE).body)
    assert published.get("entityID") == "urn:us & them"


@pytest.mark.parametrize(
    ("options", "wants", "formats"),
    [
        ({}, "true", ["persistent", "unspecified"]),
        ({"signed": "response"}, "false", ["persistent", "unspecified"]),
        ({"subject": "attribute:n"}, "true", ["persistent", "unspecified", "transient"]),
    ],
)
def test_our_metadata_says_who_we_are(site, idp, options, wants, formats):
    published = site(**options).connection.publish_metadata(idp.PLACE)
    assert published.media_type == "application/samlmetadata+xml"
    root = etree.fromstring(published.body)
    md = {"md": "urn:oasis:names:tc:SAML:2.0:metadata"}
    assert root.get("entityID") == idp.METADATA
    (role,) = root
    assert role.get("protocolSupportEnumeration") == idp.NS["samlp"]
    assert (role.get("AuthnRequestsSigned"), role.get("WantAssertionsSigned")) == ("false", wants)
    assert [each.text.rpartition(":")[2] for each in role.findall("md:NameIDFormat", md)] == formats
    (consumer,) = role.findall("md:AssertionConsumerService", md)
    assert dict(consumer.attrib) == {
        "Binding": "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST",
        "Location": idp.CALLBACK,
        "index": "0",
        "isDefault": "true",
    }


def test_nobody_is_signed_out_at_the_provider(site):
    assert "start_sign_out" not in site().connection.capabilities


def test_neither_state_nor_request_is_shown(site):
    departure = site().start(state="secret-state")
    assert "secret-state" not in repr(departure)
    assert departure.kept["request"] not in repr(departure)
