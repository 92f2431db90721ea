"""What an administrator may enter, and what they are told where it can't be."""

import pytest
from pydantic import ValidationError

from passback_saml import SamlOptions


def given(idp, **more):
    plain = {
        "idp_entity_id": idp.IDP,
        "sso_url": "https://idp.example.com/sso",
        "certificates": [idp.keys().pem],
    }
    return {name: value for name, value in (plain | more).items() if value is not None}


def test_a_name_an_address_and_a_certificate_are_enough(idp):
    options = SamlOptions.model_validate(given(idp))
    assert (options.signed, options.subject, options.expired_certificates) == ("any", "nameid", "refuse")
    assert not options.unsolicited


def test_certificates_are_taken_as_people_paste_them(idp):
    keys = idp.keys()
    for text in (
        keys.pem,
        keys.base64,
        f"\n {keys.base64[:64]}\n{keys.base64[64:]}\n",
        keys.pem * 2,
        "x" + keys.pem,
    ):
        SamlOptions.model_validate(given(idp, certificates=[text]))


def test_fingerprints_are_taken_as_people_paste_them(idp):
    pin = idp.keys().fingerprint
    colons = ":".join(pin[at : at + 2] for at in range(0, 64, 2)).upper()
    for text in (pin, colons, f" {pin} "):
        made = SamlOptions.model_validate(
            given(idp, metadata_url="https://idp.example.com/m", sso_url=None, fingerprints=[text])
        )
        assert made.fingerprints == (pin,)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"sso_url": None}, "expected one of metadata_url, metadata, sso_url, got none"),
        ({"metadata_url": "https://idp.example.com/m"}, "got metadata_url and sso_url"),
        ({"idp_entity_id": None}, "idp_entity_id: missing; sso_url needs it"),
        ({"certificates": None}, "certificates: missing"),
        ({"fingerprints": ["ab" * 32]}, "fingerprints: they choose among"),
        ({"fingerprints": ["ab" * 20]}, "expected a SHA-256 fingerprint"),
        ({"fingerprints": ["ab" * 32] * 9}, "at most 8 fingerprints"),
        ({"certificates": ["hello"]}, "expected a certificate"),
        ({"certificates": [""]}, "expected a certificate"),
        ({"sso_url": "idp.example.com"}, "expected an address"),
        ({"sso_url": "javascript:alert(1)"}, "expected an address"),
        ({"sso_url": "https://us:top-secret@idp.example.com/"}, "leave user name"),
        ({"sso_url": "https://idp.example.com/#x"}, "without #"),
        ({"sso_url": "https://idp.example.com\\@evil.example/"}, "leave user name"),
        ({"sso_url": "https://[top-secret"}, "expected an address"),
        ({"sso_url": None, "metadata": "top-secret"}, "metadata: it isn't well-formed XML"),
        ({"sso_url": None, "metadata": "<a/>"}, "metadata: it is no SAML 2.0 metadata"),
        ({"signed": "none"}, "assertion"),
        ({"subject": "email"}, "pattern"),
        ({"subject": "attribute:"}, "pattern"),
        ({"expired_certificates": "maybe"}, "refuse"),
        ({"entity_id": ""}, "at least 1 character"),
        ({"colour": "red"}, "Extra inputs"),
    ],
)
def test_what_cant_be_is_refused_with_what_was_expected(idp, more, message):
    with pytest.raises(ValidationError, match=message) as caught:
        SamlOptions.model_validate(given(idp, **more))
    assert "top-secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "message"), [("short", "at least 2048 bits"), ("odd", "curve isn't accepted")]
)
def test_a_key_that_is_too_weak_is_refused(idp, kind, message):
    with pytest.raises(ValidationError, match=message):
        SamlOptions.model_validate(given(idp, certificates=[idp.keys(kind).pem]))


def test_there_are_at_most_eight_certificates(idp):
    with pytest.raises(ValidationError, match="at most 8 certificates, got 9"):
        SamlOptions.model_validate(given(idp, certificates=[idp.keys().pem * 9]))


def test_every_option_is_described():
    assert all(field.description for field in SamlOptions.model_fields.values())
