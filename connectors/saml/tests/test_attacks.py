"""Every attack of the list (sso.md §1.3, S1 to S39) is refused, and for its own reason.

The message that is matched is that of the defence which is meant to refuse it: without that defence the test
goes red, though another one may still stand behind it.
"""

import base64
import contextlib
import copy
import hashlib
from datetime import timedelta

import pytest
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod
from signxml.signer import XMLSigner

from passback import SignInRefused
from passback_saml.certificates import read_certificates
from passback_saml.parsing import parse
from passback_saml.signatures import signed_parts

DS = "{http://www.w3.org/2000/09/xmldsig#}"
EVIL = "attacker"


class AnySigner(XMLSigner):
    """Signs by anything, SHA-1 included."""

    def check_deprecated_methods(self):
        pass


def refused(site, message, reason):
    """Hand `message` in, and see it refused for `reason`, with nothing of it in what is said."""
    with pytest.raises(SignInRefused, match=reason) as caught:
        site.finish(message)
    said = str(caught.value)
    assert not any(word in said for word in (EVIL, "u-1", "ada@", "_a1", "_r1"))
    assert caught.value.__cause__ is None


def evil(idp, root, identifier="_evil"):
    """Return the assertion of `root` as an attacker would have it."""
    forged = copy.deepcopy(idp.at(root, "saml:Assertion"))
    for signature in forged.findall(f"{DS}Signature"):
        forged.remove(signature)
    forged.set("ID", identifier)
    idp.at(forged, ".//saml:NameID").text = EVIL
    return forged


# ---- signatures


def test_s1_nothing_signed(site, idp):
    refused(site(), idp.unsigned(), "nothing in it is signed")


def test_s2_a_name_changed_after_signing(site, idp):
    for owner in ("_a1", "_r1"):
        root = idp.signed(idp.unsigned(), owner)
        idp.at(root, ".//saml:NameID").text = EVIL
        refused(site(), root, "changed after it was signed")


def test_s2_one_of_two_signatures_is_bad(site, idp):
    root = idp.signed(idp.signed(idp.unsigned()), "_r1", "other")
    refused(site(), root, "by a key that is accepted")
    root = idp.signed(idp.signed(idp.unsigned(), "_a1", "other"), "_r1")
    refused(site(), root, "by a key that is accepted")


def test_s3_the_attackers_key_with_the_attackers_certificate(site, idp):
    """GHSA-5p3x-r448-pc62."""
    refused(site(), idp.signed(idp.unsigned(name_id=EVIL), by="other"), "by a key that is accepted")


def test_s4_the_attackers_key_with_the_providers_certificate(site, idp):
    ours = idp.keys().certificate
    root = idp.signed(idp.unsigned(name_id=EVIL), by="other", cert=[ours])
    refused(site(), root, "by a key that is accepted")


def test_s5_a_bare_key_in_the_message(site, idp):
    """CVE-2021-21239."""
    root = idp.signed(idp.unsigned(name_id=EVIL), by="other", cert=None)
    assert root.find(f".//{DS}KeyValue") is not None
    refused(site(), root, "by a key that is accepted")


@pytest.mark.parametrize("secret", ["pem", "der", "spki"])
def test_s6_a_hmac_keyed_with_what_everybody_knows(site, idp, secret):
    """CVE-2018-7644, CVE-2021-21239."""
    keys = idp.keys()
    known = {
        "pem": keys.pem.encode(),
        "der": base64.b64decode(keys.base64),
        "spki": keys.fingerprint.encode(),
    }
    signer = XMLSigner(
        signature_algorithm="hmac-sha256", c14n_algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"
    )
    root = idp.unsigned(name_id=EVIL)
    idp.at(root, "saml:Assertion").insert(1, etree.Element(f"{DS}Signature", Id="placeholder"))
    root = signer.sign(root, key=known[secret], reference_uri="#_a1", id_attribute="ID")
    refused(site(), root, "signed by HMAC with SHA-256, which isn't accepted")


@pytest.mark.parametrize(
    ("method", "digest", "reason"),
    [
        (SignatureMethod.RSA_SHA1, DigestAlgorithm.SHA256, "signed by RSA with SHA-1"),
        (SignatureMethod.RSA_SHA256, DigestAlgorithm.SHA1, "digested by SHA-1"),
        (SignatureMethod.RSA_SHA224, DigestAlgorithm.SHA256, "signed by RSA_SHA224"),
        (SignatureMethod.RSA_SHA256, DigestAlgorithm.SHA224, "digested by SHA224"),
        (SignatureMethod.SHA1_RSA_MGF1, DigestAlgorithm.SHA256, "signed by SHA1_RSA_MGF1"),
    ],
)
def test_s21_a_weak_algorithm(site, idp, method, digest, reason):
    signer = AnySigner(
        signature_algorithm=method,
        digest_algorithm=digest,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    root, keys = idp.unsigned(), idp.keys()
    idp.at(root, "saml:Assertion").insert(1, etree.Element(f"{DS}Signature", Id="placeholder"))
    root = signer.sign(
        root, key=keys.private, cert=[keys.certificate], reference_uri="#_a1", id_attribute="ID"
    )
    refused(site(), root, reason)


def test_a_key_of_another_kind_is_refused(site, idp):
    refused(site(certificates=[idp.keys("ec").pem]), idp.good(), "by a key that is accepted")


@pytest.mark.parametrize("size", [0, 1, 64, 256])
def test_a_signature_of_zeroes(site, idp, size):
    """CVE-2022-21449: r and s that are nothing are good for any text, if nobody looks."""
    root = idp.signed(idp.unsigned(name_id=EVIL), by="ec")
    root.find(f".//{DS}SignatureValue").text = base64.b64encode(bytes(size)).decode()
    refused(site(certificates=[idp.keys("ec").pem]), root, "by a key that is accepted")


# ---- wrapping: two readers find two elements


def xsw1(idp):
    """The signed response inside the signature of a forged one."""
    root = idp.signed(idp.unsigned(), "_r1")
    forged = copy.deepcopy(root)
    signature = forged.find(f"{DS}Signature")
    root.remove(root.find(f"{DS}Signature"))
    forged.set("ID", "_evil")
    forged.replace(idp.at(forged, "saml:Assertion"), evil(idp, root))
    etree.SubElement(signature, f"{DS}Object").append(root)
    return forged


def xsw2(idp):
    """The signed response beside its signature in a forged one."""
    root = idp.signed(idp.unsigned(), "_r1")
    forged = copy.deepcopy(root)
    signature = forged.find(f"{DS}Signature")
    root.remove(root.find(f"{DS}Signature"))
    forged.set("ID", "_evil")
    forged.replace(idp.at(forged, "saml:Assertion"), evil(idp, root))
    signature.addprevious(root)
    return forged


def xsw3(idp):
    """A forged assertion before the signed one."""
    root = idp.good()
    idp.at(root, "saml:Assertion").addprevious(evil(idp, root))
    return root


def xsw3_after(idp):
    """A forged assertion after the signed one."""
    root = idp.good()
    root.append(evil(idp, root))
    return root


def xsw4(idp):
    """The signed assertion inside a forged one."""
    root = idp.good()
    forged = evil(idp, root)
    signed = idp.at(root, "saml:Assertion")
    root.replace(signed, forged)
    forged.append(signed)
    return root


def xsw5(idp):
    """A forged assertion with the signature, and what it signed after it."""
    root = idp.good()
    signed = idp.at(root, "saml:Assertion")
    forged = evil(idp, root)
    forged.insert(1, signed.find(f"{DS}Signature"))
    root.replace(signed, forged)
    root.append(signed)
    return root


def xsw6(idp):
    """The signed assertion inside the signature of a forged one."""
    root = idp.good()
    signed = idp.at(root, "saml:Assertion")
    forged = evil(idp, root)
    signature = signed.find(f"{DS}Signature")
    forged.insert(1, signature)
    root.replace(signed, forged)
    signature.append(signed)
    return root


def xsw7(idp):
    """A forged assertion in the response's extensions."""
    root = idp.good()
    extensions = etree.Element(f"{{{idp.NS['samlp']}}}Extensions")
    extensions.append(evil(idp, root, "_a1"))
    idp.at(root, "saml:Assertion").addprevious(extensions)
    return root


def xsw8(idp):
    """The signed assertion in an object of the signature of a forged one."""
    root = idp.good()
    signed = idp.at(root, "saml:Assertion")
    forged = evil(idp, root)
    signature = signed.find(f"{DS}Signature")
    forged.insert(1, signature)
    root.replace(signed, forged)
    etree.SubElement(signature, f"{DS}Object").append(signed)
    return root


@pytest.mark.parametrize("attack", [xsw1, xsw2])
def test_s7_and_s8_a_response_in_the_response(site, idp, attack):
    """XSW 1 and 2 (Somorovsky 2012; CVE-2020-5390)."""
    refused(site(), attack(idp), "a response in the response")


@pytest.mark.parametrize("attack", [xsw3, xsw3_after, xsw4, xsw5, xsw6, xsw7, xsw8])
def test_s9_to_s14_a_second_assertion(site, idp, attack):
    """XSW 3 to 8 (CVE-2021-21238, CVE-2024-45409, CVE-2025-47949, CVE-2024-8698)."""
    refused(site(), attack(idp), "expected one assertion, found 2")


@pytest.mark.parametrize("attack", [xsw1, xsw2, xsw3, xsw3_after, xsw4, xsw5, xsw6, xsw7, xsw8])
def test_without_the_checks_of_structure_only_what_was_signed_is_read(idp, attack):
    """The second line: what a signature covers must be the very element that it stands in."""
    raw = etree.tostring(attack(idp))
    accepted = read_certificates(idp.keys().pem)
    with pytest.raises(SignInRefused, match=r"something else|no (signed )?assertion|key that is accepted"):
        signed_parts(raw, parse(raw), accepted)
    good = etree.tostring(idp.good())
    assert idp.at(signed_parts(good, parse(good), accepted).assertion, ".//saml:NameID").text == "u-1"


def test_s9_the_only_assertion_in_another_place(site, idp):
    root = idp.good()
    signed = idp.at(root, "saml:Assertion")
    extensions = etree.SubElement(root, f"{{{idp.NS['samlp']}}}Extensions")
    extensions.append(signed)
    refused(site(), root, "isn't where an assertion stands")


def test_s15_two_elements_with_one_id(site, idp):
    """CVE-2021-21238; also by other names that some software takes for an ID."""
    for name in ("ID", "Id", "id", "{http://www.w3.org/XML/1998/namespace}id"):
        root = idp.good()
        idp.at(root, "samlp:Status").set(name, "_a1")
        refused(site(), root, "the same ID")


@pytest.mark.parametrize("identifier", ["", "1", "a b", "x" * 300, None])
def test_s15_an_id_that_is_none(site, idp, identifier):
    root = idp.good()
    if identifier is None:
        del root.attrib["ID"]
    else:
        root.set("ID", identifier)
    refused(site(), root, "no ID that can be one")


def test_a_signature_where_none_belongs(site, idp):
    root = idp.good()
    idp.at(root, "samlp:Status").append(idp.at(root, "saml:Assertion").find(f"{DS}Signature"))
    refused(site(), root, "a signature where none belongs")


def test_two_signatures_in_one_place(site, idp):
    root = idp.good()
    assertion = idp.at(root, "saml:Assertion")
    assertion.append(copy.deepcopy(assertion.find(f"{DS}Signature")))
    refused(site(), root, "two signatures in one place")


# ---- what a signature is made of


def signature_of(idp, root):
    return idp.at(root, "saml:Assertion/ds:Signature")


def test_s16_two_signed_infos(site, idp):
    """CVE-2025-29774."""
    for at in (0, 1, 3):
        root = idp.good()
        signature = signature_of(idp, root)
        signature.insert(at, copy.deepcopy(signature[0]))
        refused(site(), root, "parts that it mustn't have")


def test_s16_an_object_in_the_signature(site, idp):
    root = idp.good()
    etree.SubElement(signature_of(idp, root), f"{DS}Object")
    refused(site(), root, "parts that it mustn't have")


def test_s17_a_comment_inside_the_digest(site, idp):
    """CVE-2025-29775."""
    root = idp.good()
    value = root.find(f".//{DS}DigestValue")
    good = value.text
    value.text = base64.b64encode(hashlib.sha256(b"forged").digest()).decode()
    value.append(etree.Comment(good))
    refused(site(), root, "comments")


def test_s17_an_element_inside_the_digest_or_the_value(site, idp):
    for name, reason in (("DigestValue", "digest has parts"), ("SignatureValue", "value has parts")):
        root = idp.good()
        etree.SubElement(root.find(f".//{DS}{name}"), "x")
        refused(site(), root, reason)


def test_parameters_of_the_method(site, idp):
    """A truncated HMAC, or a padding of the attacker's choosing."""
    root = idp.good()
    etree.SubElement(root.find(f".//{DS}SignatureMethod"), f"{DS}HMACOutputLength").text = "1"
    refused(site(), root, "method has parameters")


def test_two_references(site, idp):
    root = idp.unsigned()
    root = idp.signed(root, reference_uri=["#_a1", "#_r1"])
    refused(site(), root, "exactly one reference")


@pytest.mark.parametrize("uri", ["", "#_r1", "#xpointer(/)", "https://evil.example/x", "#"])
def test_a_reference_to_something_else(site, idp, uri):
    root = idp.good()
    root.find(f".//{DS}Reference").set("URI", uri)
    refused(site(), root, "isn't about the element that it stands in")


def test_a_reference_to_nothing(site, idp):
    root = idp.good()
    del root.find(f".//{DS}Reference").attrib["URI"]
    refused(site(), root, "isn't about the element that it stands in")


@pytest.mark.parametrize(
    "algorithm",
    [
        "http://www.w3.org/TR/1999/REC-xslt-19991116",
        "http://www.w3.org/TR/1999/REC-xpath-19991116",
        "http://www.w3.org/2002/06/xmldsig-filter2",
        "http://www.w3.org/2000/09/xmldsig#base64",
        "",
    ],
)
def test_s18_a_transform_that_computes(site, idp, algorithm):
    """CVE-2022-34169."""
    root = idp.good()
    transforms = root.find(f".//{DS}Transforms")
    transforms[1].set("Algorithm", algorithm)
    refused(site(), root, "transform or canonicalisation that isn't accepted")
    transforms[0].set("Algorithm", algorithm)
    refused(site(), root, "first transform isn't that of an enveloped signature")


def test_s18_more_transforms_than_saml_has(site, idp):
    root = idp.good()
    transforms = root.find(f".//{DS}Transforms")
    transforms.append(copy.deepcopy(transforms[1]))
    refused(site(), root, "more transforms than SAML allows")


def test_s18_a_stylesheet_in_a_good_transform(site, idp):
    root = idp.good()
    for step in root.iter(f"{DS}Transform"):
        etree.SubElement(step, "{http://www.w3.org/1999/XSL/Transform}stylesheet")
    refused(site(), root, "first transform isn't that of an enveloped signature")
    del root.find(f".//{DS}Transforms")[0][:]
    refused(site(), root, "canonicalisation has parts")


def test_s18_something_else_among_the_transforms(site, idp):
    root = idp.good()
    etree.SubElement(root.find(f".//{DS}Transforms"), "x")
    refused(site(), root, "parts that it mustn't have")
    root = idp.good()
    etree.SubElement(root.find(f".//{DS}Reference"), "x")
    refused(site(), root, "parts that it mustn't have")


def voided(idp):
    """Return a response whose assertion can't be canonicalised, with a good signature over nothing."""
    root = idp.good()
    info = root.find(f".//{DS}SignedInfo")
    root.find(f".//{DS}DigestValue").text = base64.b64encode(hashlib.sha256(b"").digest()).decode()
    text = etree.tostring(info, method="c14n", exclusive=True)
    value = idp.keys().private.sign(text, *idp.pkcs1())
    root.find(f".//{DS}SignatureValue").text = base64.b64encode(value).decode()
    idp.at(root, ".//saml:NameID").text = EVIL
    broken = etree.tostring(root).replace(b"<saml:NameID ", b'<saml:NameID xmlns:n="1" ')
    with pytest.raises(etree.C14NError):
        etree.tostring(etree.fromstring(broken), method="c14n", exclusive=True)
    return broken


def test_s19_canonicalisation_that_fails_signs_nothing(site, idp):
    """CVE-2025-66568: it must not come to the digest of an empty text."""
    refused(site(), voided(idp), "by a key that is accepted")


# ---- parsing


@pytest.mark.parametrize(
    "dtd",
    [
        '<!DOCTYPE x [<!ENTITY e "attacker">]>',
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE x SYSTEM "https://evil.example/x.dtd">',
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY e "&a;&a;&a;&a;&a;&a;&a;&a;">]>',
        '<!DOCTYPE x [<!ATTLIST saml:NameID Format CDATA "x">]>',
    ],
)
def test_s22_a_dtd(site, idp, dtd):
    raw = etree.tostring(idp.good())
    refused(site(), dtd.encode() + raw, "DTD")
    refused(site(), dtd.encode() + raw.replace(b">u-1<", b">&e;<"), "DTD")


def test_s22_an_entity_that_nobody_declared(site, idp):
    refused(site(), etree.tostring(idp.good()).replace(b">u-1<", b">u-1&e;<"), "well-formed")


@pytest.mark.parametrize("cut", ["u-1<!-- x -->.evil", "<!-- x -->u-1", "u-1<?x y?>.evil", "u-1<?x?>"])
def test_s23_a_comment_that_cuts_a_name(site, idp, cut):
    """CVE-2017-11427, VU#475445."""
    raw = etree.tostring(idp.good())
    refused(site(), raw.replace(b">u-1<", f">{cut}<".encode()), "comments or processing instructions")


@pytest.mark.parametrize("around", ["<!-- x -->{}", "{}<!-- x -->", "<?x y?>{}"])
def test_s23_a_comment_around_the_response(site, idp, around):
    raw = etree.tostring(idp.good()).decode()
    refused(site(), around.format(raw).encode(), "comments or processing instructions")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-7", "cp037"])
def test_s20_another_encoding(site, idp, encoding):
    """Two parsers may read it as two documents."""
    raw = etree.tostring(idp.good()).decode()
    declared = f'<?xml version="1.0" encoding="{encoding}"?>{raw}'
    refused(site(), declared.encode(encoding), "UTF-8|well-formed")
    refused(site(), declared.encode(), "isn't in UTF-8")


@pytest.mark.parametrize(
    "raw", [b"", b" ", b"{}", b"<", b"<a>", b"\x00", b"\xff\xfe<\x00a\x00", b"<a/>" * 2, b"<a>\x00</a>"]
)
def test_s34_what_is_no_xml(site, raw):
    refused(site(), raw, "can't be read")


@pytest.mark.parametrize("raw", [b"<a/>", b'<Response xmlns="urn:oasis:names:tc:SAML:1.0:protocol"/>'])
def test_s34_what_is_no_response(site, raw):
    refused(site(), raw, "no SAML 2.0 response")


def test_s37_more_than_512_kib(site, idp):
    refused(site(), idp.good(attributes=[("a", "x" * 512 * 1024)]), "longer than 512 KiB")
    assert site().finish(idp.good(attributes=[("a", "x" * 500 * 1024)])).subject == "u-1"


def test_s37_depth_ends(site, idp):
    raw = etree.tostring(idp.good()).decode()
    refused(site(), raw.replace("u-1", "<a>" * 5000 + "</a>" * 5000).encode(), "well-formed")


def test_s37_what_takes_long_to_canonicalise(site, idp):
    """Within 512 KiB there is room for minutes of it, and it comes before any key is tried."""
    raw = etree.tostring(idp.good()).decode()
    names = " ".join(f'xmlns:n{n}="u:{n}"' for n in range(40))
    attributes = " ".join(f'a{n}="x"' for n in range(40))
    for costly in (
        raw.replace("u-1", "<a/>" * 60_000),
        raw.replace("u-1", "<a>" * 40 + "</a>" * 40),
        raw.replace("<samlp:Response ", f"<samlp:Response {names} "),
        raw.replace("<ds:SignedInfo", f"<ds:SignedInfo {attributes}"),
    ):
        refused(site(), costly.encode(), "more elements, attributes or namespaces")
    named = 'xmlns:a="u:a" xmlns:b="u:b" xmlns:c="u:c"'
    many = idp.unsigned(attributes=[("groups", *["g"] * 3000)])
    for value in many.iter(f"{{{idp.NS['saml']}}}AttributeValue"):
        value.append(idp.element(f"<x {named}/>"))
    assert site().finish(idp.signed(many)).subject == "u-1"


@pytest.mark.parametrize("name", ["EncryptedAssertion", "EncryptedID", "EncryptedAttribute"])
def test_s35_encryption_is_refused_by_name(site, idp, name):
    root = idp.unsigned()
    etree.SubElement(root, f"{{{idp.NS['saml']}}}{name}")
    refused(site(), root, "encrypted, which isn't supported")
    if name == "EncryptedAssertion":
        root.remove(idp.at(root, "saml:Assertion"))
        refused(site(), root, "encrypted, which isn't supported")


def test_nothing_that_a_message_names_is_fetched(site, idp, web):
    raw = etree.tostring(idp.good()).decode()
    schema = f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="u:x {web.url}"'
    include = f'<x:include xmlns:x="http://www.w3.org/2001/XInclude" href="{web.url}"/>'
    key = f'<ns0:RetrievalMethod URI="{web.url}"/>'
    for bad in (
        raw.replace("<ds:Signature", f"<ds:Signature {schema}", 1),
        raw.replace("<ds:SignedInfo", f"<ds:SignedInfo {schema}", 1),
        raw.replace("u-1", include),
        raw.replace("<ns0:X509Data>", f"{key}<ns0:X509Data>"),
        f'<?xml-stylesheet href="{web.url}"?>{raw}',
    ):
        assert bad != raw
        with contextlib.suppress(SignInRefused):
            site().finish(bad.encode())
    assert web.asked == 0


# ---- the profile


def changed(idp, path, changes):
    """Return a good response in which attributes of one element are others, or gone where they're None."""
    root = idp.unsigned()
    element = root if path is None else idp.at(root, path)
    for name, value in changes.items():
        if value is None:
            del element.attrib[name]
        else:
            element.set(name, value)
    return idp.signed(root)


DATA = ".//saml:SubjectConfirmationData"
CONDITIONS = ".//saml:Conditions"
PAST, FUTURE = "2026-11-02T08:28:59Z", "2026-11-02T08:31:01Z"


@pytest.mark.parametrize(
    ("path", "changes", "reason"),
    [
        (CONDITIONS, {"NotOnOrAfter": PAST}, "Conditions's NotOnOrAfter"),
        (CONDITIONS, {"NotOnOrAfter": "2026-11-02T08:29:00Z"}, "Conditions's NotOnOrAfter"),
        (CONDITIONS, {"NotOnOrAfter": "soon"}, "Conditions's NotOnOrAfter"),
        (CONDITIONS, {"NotOnOrAfter": ""}, "Conditions's NotOnOrAfter"),
        (CONDITIONS, {"NotBefore": FUTURE}, "Conditions's NotBefore"),
        (CONDITIONS, {"NotBefore": "2026-13-02T08:28:59Z"}, "Conditions's NotBefore"),
        (DATA, {"NotOnOrAfter": PAST}, "SubjectConfirmationData's NotOnOrAfter"),
        (DATA, {"NotOnOrAfter": None}, "has no NotOnOrAfter"),
        (DATA, {"NotBefore": FUTURE}, "SubjectConfirmationData's NotBefore"),
        (DATA, {"Recipient": "https://evil.example/acs"}, "Recipient"),
        (DATA, {"Recipient": "https://host.example/sso/acme/callback/"}, "Recipient"),
        (DATA, {"Recipient": "https://HOST.example/sso/acme/callback"}, "Recipient"),
        (DATA, {"Recipient": None}, "Recipient"),
        (DATA, {"InResponseTo": "_another"}, "SubjectConfirmationData doesn't answer the request"),
        (DATA, {"InResponseTo": None}, "SubjectConfirmationData doesn't answer the request"),
        (None, {"InResponseTo": "_another"}, "response doesn't answer the request"),
        (None, {"InResponseTo": None}, "response doesn't answer the request"),
        (None, {"Destination": "https://evil.example/acs"}, "Destination"),
        (None, {"Destination": ""}, "Destination"),
        (None, {"Version": "1.1"}, "response isn't of SAML version 2.0"),
        (None, {"Version": None}, "response isn't of SAML version 2.0"),
        (None, {"IssueInstant": None}, "response's IssueInstant"),
        ("saml:Assertion", {"Version": "1.1"}, "assertion isn't of SAML version 2.0"),
        ("saml:Assertion", {"IssueInstant": FUTURE}, "assertion's IssueInstant"),
        ("saml:Assertion", {"IssueInstant": None}, "assertion's IssueInstant"),
        (".//saml:SubjectConfirmation", {"Method": "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"}, "bearer"),
        (
            ".//saml:SubjectConfirmation",
            {"Method": "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"},
            "bearer",
        ),
        (".//saml:SubjectConfirmation", {"Method": None}, "bearer"),
        (".//saml:AuthnStatement", {"SessionNotOnOrAfter": PAST}, "session at the provider is over"),
        (".//saml:AuthnStatement", {"SessionNotOnOrAfter": "x"}, "session at the provider is over"),
        ("saml:Issuer", {"Format": "urn:x"}, "response's Issuer"),
        ("saml:Assertion/saml:Issuer", {"Format": "urn:x"}, "assertion's Issuer"),
    ],
)
def test_s24_to_s32_what_the_profile_asks_for(site, idp, path, changes, reason):
    if "Method" in changes and changes["Method"] is None:
        changes = {"Method": ""}
    refused(site(), changed(idp, path, changes), reason)


@pytest.mark.parametrize(
    ("path", "text", "reason"),
    [
        (".//saml:Audience", "https://another.example", "another Audience"),
        (".//saml:Audience", "", "another Audience"),
        ("saml:Issuer", "https://evil.example", "response's Issuer"),
        ("saml:Assertion/saml:Issuer", "https://evil.example", "assertion's Issuer"),
        ("saml:Assertion/saml:Issuer", "https://idp.example.com/entity/", "assertion's Issuer"),
    ],
)
def test_s26_and_s30_for_another_or_by_another(site, idp, path, text, reason):
    root = idp.unsigned()
    idp.at(root, path).text = text
    refused(site(), idp.signed(root), reason)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("saml:Assertion/saml:Issuer", "assertion's Issuer"),
        (".//saml:Subject", "no Subject"),
        (".//saml:SubjectConfirmation", "no SubjectConfirmation"),
        (".//saml:SubjectConfirmationData", "no SubjectConfirmationData"),
        (".//saml:Conditions", "no Conditions"),
        (".//saml:AudienceRestriction", "no AudienceRestriction"),
        (".//saml:Audience", "another Audience"),
        (".//saml:AuthnStatement", "no AuthnStatement"),
        (".//saml:NameID", "no NameID"),
        ("samlp:Status", "no status"),
    ],
)
def test_s26_and_s27_what_must_be_there(site, idp, path, reason):
    root = idp.unsigned()
    element = idp.at(root, path)
    element.getparent().remove(element)
    if path != "samlp:Status":
        # The signature is put after the first of an assertion's children.
        root = idp.signed(root)
    refused(site(), root, reason)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("saml:Issuer", "response's Issuer"),
        ("samlp:Status", "no status, or several"),
        (".//samlp:StatusCode", "no status, or several"),
        ("saml:Assertion/saml:Issuer", "assertion's Issuer"),
        (".//saml:Subject", "no Subject, or several"),
        (".//saml:NameID", "no NameID that could be a subject, or several"),
        (".//saml:SubjectConfirmation", "no SubjectConfirmation, or several"),
        (".//saml:SubjectConfirmationData", "no SubjectConfirmationData, or several"),
        (".//saml:Conditions", "no Conditions, or several"),
    ],
)
def test_what_may_be_there_only_once(site, idp, path, reason):
    """Of two, one software reads the first and another one the last."""
    root = idp.unsigned()
    element = idp.at(root, path)
    element.addnext(copy.deepcopy(element))
    refused(site(), idp.signed(root), reason)


def test_s26_every_restriction_counts(site, idp):
    root = idp.unsigned()
    restriction = idp.at(root, ".//saml:AudienceRestriction")
    other = copy.deepcopy(restriction)
    idp.at(other, "saml:Audience").text = "https://another.example"
    restriction.addnext(other)
    refused(site(), idp.signed(root), "another Audience")


def test_s26_one_audience_of_several_is_enough(site, idp):
    root = idp.unsigned()
    audience = idp.at(root, ".//saml:Audience")
    audience.addprevious(idp.element("<saml:Audience>https://another.example</saml:Audience>"))
    assert site().finish(idp.signed(root)).subject == "u-1"


def test_a_condition_that_nobody_knows(site, idp):
    root = idp.unsigned()
    for name in ("OneTimeUse", "ProxyRestriction"):
        etree.SubElement(idp.at(root, CONDITIONS), f"{{{idp.NS['saml']}}}{name}")
    assert site().finish(idp.signed(root)).subject == "u-1"
    etree.SubElement(idp.at(root, CONDITIONS), f"{{{idp.NS['saml']}}}Condition")
    refused(site(), idp.signed(root), "condition that isn't known")


@pytest.mark.parametrize(
    ("codes", "said"),
    [
        (["Responder", "AuthnFailed"], "Responder, AuthnFailed"),
        (["Requester"], "Requester"),
        (["attacker <script>"], "a status that isn't the standard's"),
    ],
)
def test_s31_the_provider_said_no(site, idp, codes, said):
    """Only the standard's own names are shown."""
    root = idp.unsigned()
    root.remove(idp.at(root, "saml:Assertion"))
    at = idp.at(root, "samlp:Status")
    at.append(idp.element("<samlp:StatusMessage>attacker</samlp:StatusMessage>"))
    for code in codes:
        at = at.find(f"{{{idp.NS['samlp']}}}StatusCode") if at.tag.endswith("Status") else at
        if code != codes[0]:
            at = etree.SubElement(at, at.tag)
        at.set("Value", f"urn:oasis:names:tc:SAML:2.0:status:{code}")
    refused(site(), root, f"signed nobody in: {said}$")


def test_s31_a_status_counts_though_an_assertion_came(site, idp):
    root = idp.unsigned()
    idp.at(root, ".//samlp:StatusCode").set("Value", "urn:oasis:names:tc:SAML:2.0:status:Responder")
    refused(site(), idp.signed(root), "signed nobody in: Responder")


def test_s33_the_same_again_is_the_same_thing(site, idp):
    """The core refuses what it has seen: so whatever an attacker can change must not change its name."""
    one, two = idp.good(), idp.good()
    two.set("ID", "_another")
    for element in two.iter(f"{DS}X509Certificate"):
        element.text = f"\n{element.text}\n"
    assert site().finish(one).once == site().finish(two).once


def test_a_response_that_is_signed_is_read_only_as_it_was_signed(site, idp):
    root = idp.signed(idp.unsigned(), "_r1")
    root.set("Destination", "https://evil.example/acs")
    refused(site(), root, "changed after it was signed")


# ---- what a browser brings


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"method": "GET"}, "by POST"),
        ({"method": "PUT"}, "by POST"),
        ({"query": (("SAMLResponse", "x"),)}, "in the address"),
        ({"query": (("SAMLart", "x"),)}, "in the address"),
        ({"headers": {}}, "no form"),
        ({"headers": {"content-type": "multipart/form-data; boundary=x"}}, "no form"),
        ({"headers": {"content-type": "text/xml"}}, "no form"),
        ({"body": b""}, "found 0"),
        ({"body": b"SAMLResponse=eA%3D%3D&SAMLResponse=eA%3D%3D"}, "found 2"),
        ({"body": b"SAMLResponse=attacker!"}, "isn't base64"),
        ({"body": b"SAMLResponse=YQ"}, "isn't base64"),
        ({"body": b"SAMLart=x"}, "artifact"),
        ({"body": b"SAMLRequest=x"}, "single logout"),
        ({"body": "SAMLResponse=ä".encode()}, "no form that can be read"),
        ({"body": b"&".join([b"a=b"] * 50)}, "no form that can be read"),
        ({"body": b"SAMLResponse=" + b"A" * 2 * 1024 * 1024}, "posted is longer than"),
    ],
)
def test_s34_what_is_no_form_with_a_response(site, idp, more, reason):
    refused(site(), idp.posted(idp.good(), **more), reason)


def test_s39_where_the_browser_goes_on_is_none_of_the_responses_business(site, idp):
    """RelayState is the core's; nothing of it is in what a sign-in gives."""
    body = idp.posted(idp.good()).body.replace(b"RelayState=s", b"RelayState=https%3A%2F%2Fevil.example")
    said = site().finish(idp.posted(idp.good(), body=body))
    assert "evil" not in repr(said)


# ---- keys


def test_s38_while_keys_are_replaced_both_sign(site, idp):
    both = site(certificates=[idp.keys().pem + idp.keys("other").pem])
    for by in ("rsa", "other"):
        assert both.finish(idp.signed(idp.unsigned(), by=by)).subject == "u-1"
    refused(site(certificates=[idp.keys("other").pem]), idp.good(), "by a key that is accepted")


@pytest.mark.parametrize("kind", ["expired", "future"])
def test_s38_a_certificate_that_isnt_valid_today(site, idp, kind, caplog):
    root = idp.signed(idp.unsigned(), by=kind)
    keys = [idp.keys(kind).pem]
    refused(site(certificates=keys), root, "has expired, or isn't valid yet")
    accepting = site(certificates=keys, expired_certificates="accept")
    assert accepting.finish(root).subject == "u-1"
    assert "expired_certificates" in caplog.text


def test_s38_of_several_only_the_valid_ones_sign(site, idp, clock):
    late = idp.certified(idp.keys("other").private, idp.AT - timedelta(days=9), idp.AT - timedelta(days=1))
    both = site(certificates=[idp.keys().pem, late.pem])
    refused(both, idp.signed(idp.unsigned(), by=late), "by a key that is accepted")
    clock.at = idp.AT - timedelta(days=2)
    with pytest.raises(SignInRefused, match="in the future"):
        both.finish(idp.signed(idp.unsigned(), by=late))


def test_nothing_of_a_message_is_logged(site, idp, caplog):
    """The library would write all that is signed when somebody debugs."""
    caplog.set_level("DEBUG")
    site().finish(idp.good())
    site(expired_certificates="accept").finish(idp.good())
    assert "ada@example.org" not in caplog.text
    assert "u-1" not in caplog.text
