"""The endpoint as people paste it: many forms are one address, and what is none is explained."""

import pytest
from pydantic import ValidationError

from passback_xapi import XapiOptions
from passback_xapi.endpoint import is_iri, normalized

PASSWORD = "s3cr3t-pass"


def options(**given):
    return XapiOptions(**{"url": "https://lrs.example.com/xapi/", "key": "k", "secret": PASSWORD} | given)


@pytest.mark.parametrize(
    "pasted",
    [
        "https://lrs.example.com/data/xAPI",
        "https://lrs.example.com/data/xAPI/",
        "https://lrs.example.com/data/xAPI//",
        "https://lrs.example.com//data/xAPI",
        "https://lrs.example.com/data/xAPI/statements",
        "https://lrs.example.com/data/xAPI/statements/",
        "https://lrs.example.com/data/xAPI/Statements",
        "https://lrs.example.com/data/xAPI/about",
        "https://lrs.example.com/data/xAPI/about/",
        "https://lrs.example.com/data/xAPI/statements?limit=1",
        "https://lrs.example.com/data/xAPI?token=t",
        "https://lrs.example.com/data/xAPI/#getting-started",
        "  https://lrs.example.com/data/xAPI/ ",
        "\thttps://lrs.example.com/data/xAPI\n",
        "HTTPS://lrs.example.com/data/xAPI",
    ],
)
def test_every_form_that_people_paste_is_the_same_address(pasted):
    assert options(url=pasted).url == "https://lrs.example.com/data/xAPI/"


@pytest.mark.parametrize(
    ("pasted", "kept"),
    [
        ("https://lrs.example.com", "https://lrs.example.com/"),
        ("https://lrs.example.com/statements", "https://lrs.example.com/"),
        ("https://lrs.example.com:8443/xapi", "https://lrs.example.com:8443/xapi/"),
        ("http://127.0.0.1:8100/xAPI/statements", "http://127.0.0.1:8100/xAPI/"),
        ("https://[2001:db8::1]/xapi", "https://[2001:db8::1]/xapi/"),
        ("https://[2001:db8::1]:8443/xapi/about", "https://[2001:db8::1]:8443/xapi/"),
        ("https://lrs.example.com/my-statements", "https://lrs.example.com/my-statements/"),
        ("https://lrs.example.com/a%20b/xapi", "https://lrs.example.com/a%20b/xapi/"),
    ],
)
def test_host_port_and_path_stay_as_they_are(pasted, kept):
    assert normalized(pasted) == kept
    assert normalized(kept) == kept


@pytest.mark.parametrize(
    "pasted",
    [
        "",
        "  ",
        "https://",
        "https:///xapi",
        "lrs.example.com/xapi",
        "lrs.example.com:8443/xapi",
        "//lrs.example.com/xapi",
        "/xapi",
        "ftp://lrs.example.com/xapi",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https:lrs.example.com",
        "https://[2001:db8::1/xapi",
        "https://[no-address]/xapi",
    ],
)
def test_what_is_no_address_is_answered_with_an_example(pasted):
    with pytest.raises(ValidationError, match=r"url\n.*such as https://lrs\.example\.com/xapi/"):
        options(url=pasted)


@pytest.mark.parametrize("port", ["99999", "80a", "-1", "8 0"])
def test_a_port_that_is_no_number_is_named(port):
    with pytest.raises(ValidationError, match="port is no number up to 65535"):
        options(url=f"https://lrs.example.com:{port}/xapi")


@pytest.mark.parametrize(
    "authority",
    [
        f"key:{PASSWORD}@lrs.example.com",
        f":{PASSWORD}@lrs.example.com",
        f"{PASSWORD}@lrs.example.com",
        f"key:{PASSWORD}@lrs.example.com:99999",
        f"key:{PASSWORD}@[2001:db8::1]",
    ],
)
def test_credentials_in_the_address_are_refused_with_the_place_where_they_belong(authority):
    with pytest.raises(ValidationError, match="they are key and secret") as refusal:
        options(url=f"https://{authority}/xapi")
    assert PASSWORD not in str(refusal.value)


@pytest.mark.parametrize(
    "pasted",
    [
        f"https://key:{PASSWORD}@[2001:db8::1/xapi",
        # urlsplit refuses such a character, and quotes everything before the path.
        f"https://key:{PASSWORD}\u2100@lrs.example.com/xapi",
        f"https://key:{PASSWORD}@lrs\u2100.example.com/xapi",
        f"ftp://key:{PASSWORD}@lrs.example.com/xapi",
        f"key:{PASSWORD}@lrs.example.com",
        f"https:///xapi?token={PASSWORD}",
    ],
)
def test_no_refusal_of_an_address_repeats_a_secret_in_it(pasted):
    with pytest.raises(ValidationError) as refusal:
        options(url=pasted)
    assert PASSWORD not in str(refusal.value)
    assert PASSWORD not in repr(refusal.value.errors(include_input=False))


def test_no_refusal_of_another_option_repeats_the_secret():
    for wrong in ({"actor": "account"}, {"actor": "nobody"}, {"hint": "x"}, {"language": "e"}, {"url": "x"}):
        with pytest.raises(ValidationError) as refusal:
            options(**wrong)
        assert PASSWORD not in str(refusal.value)
    assert PASSWORD not in repr(options())


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("https://example.com/a", True),
        ("urn:isbn:1", True),
        ("mailto:a@example.com", True),
        ("https://exämple.com/ü", True),
        ("a.b+c-1:x", True),
        ("", False),
        ("course-1", False),
        ("course:", False),
        ("1a:b", False),
        ("https://a b", False),
        ("a:b\n", False),
        ("a:\x00", False),
        ("a:\x7f", False),
        ("a:<b>", False),
        ('a:"', False),
        ("a:{b}", False),
        ("a:b|c", False),
        ("a:b\\c", False),
        ("a:b^c", False),
        ("a:`", False),
    ],
)
def test_an_iri_has_a_scheme_and_no_character_that_rfc_3987_leaves_out(text, right):
    assert is_iri(text) is right


@pytest.mark.parametrize("field", ["home_page", "activity_base"])
def test_an_option_that_must_be_an_iri_says_so(field):
    with pytest.raises(ValidationError, match="expected an IRI such as"):
        options(**{field: "hr.example.com"})


def test_a_policy_that_needs_the_home_page_asks_for_it():
    with pytest.raises(ValidationError, match="home_page: missing"):
        options(actor="account")


@pytest.mark.parametrize("language", ["", "e", "en_US", "en-", "abcdefghi", "en-a", "en\n"])
def test_a_language_that_no_lrs_would_take_is_refused(language):
    """It stands in every statement, so each of them would be refused for it."""
    with pytest.raises(ValidationError, match="language"):
        options(language=language)


@pytest.mark.parametrize("language", ["en", "de-CH", "zh-Hant-TW", "es-419"])
def test_a_language_that_is_one_is_taken(language):
    assert options(language=language).language == language
