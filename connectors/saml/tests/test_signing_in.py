"""What a provider says is taken as it says it; every way of signing that providers have is taken."""

from datetime import timedelta

import pytest
from signxml.algorithms import CanonicalizationMethod

from passback import SignInRefused


def test_a_signed_assertion_signs_in_whom_it_names(site, idp):
    said = site().finish(idp.good())
    assert (said.issuer, said.subject, said.subject_kind) == (idp.IDP, "u-1", "saml:persistent")
    assert said.attributes == {"email": ("ada@example.org",), "role": ("a", "b")}
    assert said.email_verified is None
    assert said.incomplete == frozenset()


@pytest.mark.parametrize("owners", [["_a1"], ["_r1"], ["_a1", "_r1"]])
@pytest.mark.parametrize("by", ["rsa", "ec"])
def test_the_assertion_the_response_or_both_may_be_signed(site, idp, owners, by):
    root = idp.unsigned()
    for owner in owners:
        root = idp.signed(root, owner, by)
    assert site(certificates=[idp.keys(by).pem]).finish(root).subject == "u-1"


@pytest.mark.parametrize(
    "method",
    [
        *("rsa-sha256", "rsa-sha384", "rsa-sha512"),
        *("sha256-rsa-MGF1", "sha384-rsa-MGF1", "sha512-rsa-MGF1"),
    ],
)
@pytest.mark.parametrize("digest", ["sha256", "sha512"])
def test_rsa_signs_by_sha256_and_more(site, idp, method, digest):
    assert site().finish(idp.signed(idp.unsigned(), method=method, digest=digest)).subject == "u-1"


@pytest.mark.parametrize("owner", ["_a1", "_r1"])
@pytest.mark.parametrize("canonical", list(CanonicalizationMethod))
def test_any_canonicalisation_of_the_standard_is_taken(site, idp, canonical, owner):
    root = idp.signed(idp.unsigned(), owner, canonical=canonical)
    assert site().finish(root).subject == "u-1"


def test_a_statement_is_good_once_and_until_its_last_moment(site, idp):
    """S33: the longest NotOnOrAfter, and the skew that we allow."""
    said = site().finish(idp.good())
    assert said.once == f"{idp.IDP} _a1"
    assert said.expires == idp.AT + timedelta(minutes=11)


def test_a_statement_that_is_good_for_ever_ends_with_the_calendar(site, idp):
    root = idp.unsigned()
    idp.at(root, ".//saml:Conditions").set("NotOnOrAfter", "9999-12-31T23:59:59.999Z")
    assert site().finish(idp.signed(root)).expires.year == 9999


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ("urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress", "saml:email"),
        ("urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified", "saml:unspecified"),
        ("urn:example:format", "saml:urn:example:format"),
        (" urn:oasis:names:tc:SAML:2.0:nameid-format:kerberos ", "saml:kerberos"),
        (None, "saml:unspecified"),
    ],
)
def test_a_subjects_kind_is_its_format(site, idp, given, kind):
    root = idp.unsigned()
    name_id = idp.at(root, ".//saml:NameID")
    del name_id.attrib["Format"]
    if given:
        name_id.set("Format", given)
    assert site().finish(idp.signed(root)).subject_kind == kind


@pytest.mark.parametrize(
    ("by", "to", "kind"),
    [
        ("https://idp.example.com/entity", "https://host.example/sso/acme/metadata", "saml:persistent"),
        ("", "", "saml:persistent"),
        ("urn:up", "", "saml:persistent!urn:up!https://host.example/sso/acme/metadata"),
        ("", "urn:group", "saml:persistent!https://idp.example.com/entity!urn:group"),
    ],
)
def test_a_persistent_name_of_another_party_is_another_persons(site, idp, by, to, kind):
    """SAML core §8.3.7: it means somebody only together with its qualifiers."""
    root = idp.unsigned()
    idp.at(root, ".//saml:NameID").attrib.update({"NameQualifier": by, "SPNameQualifier": to})
    assert site().finish(idp.signed(root)).subject_kind == kind


def test_an_attribute_may_be_the_subject(site, idp):
    root = idp.unsigned(attributes=[("employeeNumber", " 7"), ("EmployeeNumber", "8")])
    said = site(subject="attribute:employeeNumber").finish(idp.signed(root))
    assert (said.subject, said.subject_kind) == (" 7", "saml:attr:employeeNumber")


@pytest.mark.parametrize(
    "attributes",
    [[], [("n", "1", "2")], [("n", "1"), ("n", "2")], [("N", "1")], [("n", "")], [("n", " ")], [("n",)]],
)
def test_a_subject_that_isnt_one_value_is_none(site, idp, attributes):
    with pytest.raises(SignInRefused, match="'n', which is the subject"):
        site(subject="attribute:n").finish(idp.good(attributes=attributes))


@pytest.mark.parametrize("name_id", ["", " ", "\n"])
def test_an_empty_name_is_nobodys(site, idp, name_id):
    with pytest.raises(SignInRefused, match="no NameID"):
        site().finish(idp.good(name_id=name_id))


def test_a_transient_name_is_nobodys_unless_an_attribute_is_the_subject(site, idp):
    """S36."""
    root = idp.unsigned()
    for version in ("1.1", "2.0"):
        idp.at(root, ".//saml:NameID").set(
            "Format", f"urn:oasis:names:tc:SAML:{version}:nameid-format:transient"
        )
        with pytest.raises(SignInRefused, match="transient"):
            site().finish(idp.signed(root))
    assert site(subject="attribute:email").finish(idp.signed(root)).subject == "ada@example.org"


def test_attributes_are_what_was_sent_by_their_exact_names(site, idp):
    root = idp.unsigned(attributes=[("firstName", "Ada"), ("firstname", " x "), ("a", "&lt;b>"), ("none",)])
    statement = idp.at(root, ".//saml:AttributeStatement")
    nil = "http://www.w3.org/2001/XMLSchema-instance"
    for text in (
        idp.attribute("urn:oid:2.5.4.42", "true", more='FriendlyName="givenName"'),
        idp.attribute("nested", "<b>x</b>", "y"),
        f'<saml:Attribute Name="nil"><saml:AttributeValue xmlns:i="{nil}" i:nil="true"/></saml:Attribute>',
        idp.attribute("firstName", "Lovelace"),
    ):
        statement.append(idp.element(text))
    assert site().finish(idp.signed(root)).attributes == {
        "firstName": ("Ada", "Lovelace"),
        "firstname": (" x ",),
        "a": ("<b>",),
        "none": (),
        "urn:oid:2.5.4.42": ("true",),
        "nested": ("y",),
        "nil": (),
    }


@pytest.mark.parametrize(
    "ended", ["2026-11-02T08:31:00.1234567890Z", "2026-11-02T09:31:00+01:00", "2026-11-02T08:31:00"]
)
def test_times_are_taken_as_providers_write_them(site, idp, ended):
    root = idp.unsigned()
    idp.at(root, ".//saml:SubjectConfirmationData").set("NotOnOrAfter", ended)
    assert site().finish(idp.signed(root)).subject == "u-1"


def test_clocks_may_be_a_minute_apart_and_no_more(site, idp, clock):
    """S24 and S25: the SubjectConfirmationData ends after 5 minutes."""
    clock.at = idp.AT + timedelta(minutes=5, seconds=59)
    assert site().finish(idp.good()).subject == "u-1"
    clock.at += timedelta(seconds=1)
    with pytest.raises(SignInRefused, match="SubjectConfirmationData's NotOnOrAfter"):
        site().finish(idp.good())
    root = idp.unsigned()
    idp.at(root, ".//saml:Conditions").set("NotBefore", idp.moment(1))
    clock.at = idp.AT
    assert site().finish(idp.signed(root)).subject == "u-1"
    clock.at -= timedelta(seconds=1)
    with pytest.raises(SignInRefused, match="Conditions's NotBefore"):
        site().finish(idp.signed(root))


def test_what_the_provider_sends_unasked_is_taken_only_if_that_is_wanted(site, idp):
    """S29: login CSRF."""
    root = idp.unsigned()
    for element in (root, idp.at(root, ".//saml:SubjectConfirmationData")):
        del element.attrib["InResponseTo"]
    root = idp.signed(root)
    assert site(unsolicited=True).finish(root, kept=None).subject == "u-1"
    with pytest.raises(SignInRefused, match="IdP-initiated"):
        site().finish(root, kept=None)
    for options in ({}, {"unsolicited": True}):
        with pytest.raises(SignInRefused, match="InResponseTo"):
            site(**options).finish(root)
    with pytest.raises(SignInRefused, match="InResponseTo"):
        site(unsolicited=True).finish(idp.good(), kept=None)


def test_a_browser_whose_request_is_lost_begins_anew(site, idp):
    with pytest.raises(SignInRefused, match="begin anew"):
        site().finish(idp.good(), kept="")


@pytest.mark.parametrize(
    ("wanted", "good", "bad"),
    [
        ("assertion", [["_a1"], ["_a1", "_r1"]], [["_r1"]]),
        ("response", [["_r1"], ["_a1", "_r1"]], [["_a1"]]),
        ("both", [["_a1", "_r1"]], [["_a1"], ["_r1"]]),
    ],
)
def test_what_must_be_signed_can_be_said(site, idp, wanted, good, bad):
    def made(owners):
        root = idp.unsigned()
        for owner in owners:
            root = idp.signed(root, owner)
        return root

    for owners in good:
        assert site(signed=wanted).finish(made(owners)).subject == "u-1"
    for owners in bad:
        with pytest.raises(SignInRefused, match="isn't signed"):
            site(signed=wanted).finish(made(owners))


def test_our_entity_id_may_be_another_than_our_metadatas_address(site, idp):
    root = idp.unsigned()
    idp.at(root, ".//saml:Audience").text = "urn:us"
    assert site(entity_id="urn:us").finish(idp.signed(root)).subject == "u-1"
    with pytest.raises(SignInRefused, match="Audience"):
        site().finish(idp.signed(root))
