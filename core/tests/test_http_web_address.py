"""An address that people type is brought into one form, or refused with what was expected and no secret."""

import re
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AfterValidator, ValidationError

from passback import Options, WebAddress, is_web_address

PASSWORD = "s3cr3t-pass"
BASE = WebAddress(example="https://lms.example.com/api", credentials="they are key and secret")
ORIGIN = WebAddress(kind="origin", example="https://acme.example")
PAGE = WebAddress(kind="page", example="https://login.example.com/start")
ISSUER = WebAddress(exact=True, example="https://login.example.com")
KINDS = [BASE, ORIGIN, PAGE, ISSUER, WebAddress(kind="page", exact=True), WebAddress()]


class Typed(Options):
    url: Annotated[str, AfterValidator(BASE)]


def test_an_option_is_kept_in_one_form_and_refused_with_an_example():
    assert Typed(url=" HTTPS://lms.example.com/api/ ").url == "https://lms.example.com/api"
    with pytest.raises(ValidationError, match=r"url\n.*such as https://lms\.example\.com/api"):
        Typed(url="lms.example.com")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("https://a.example", "https://a.example"),
        ("https://a.example/", "https://a.example"),
        ("https://a.example/x//", "https://a.example/x"),
        ("https://a.example//x/y", "https://a.example//x/y"),
        ("\thttps://a.example/x\n", "https://a.example/x"),
        ("HTTP://a.example:8080/X", "http://a.example:8080/X"),
        ("https://a.example:/x", "https://a.example/x"),
        ("https://[2001:db8::1]:8443/x/", "https://[2001:db8::1]:8443/x"),
        ("https://a.example/a%20b@c", "https://a.example/a%20b@c"),
    ],
)
def test_a_base_has_no_blanks_around_it_and_no_slash_at_its_end(typed, kept):
    assert BASE(typed) == kept
    assert BASE(kept) == kept


@pytest.mark.parametrize("typed", ["https://a.example/?x=1", "https://a.example/x/", "https://a.example?"])
def test_a_page_keeps_its_query_and_its_slash(typed):
    assert PAGE(f" {typed} ") == typed


def test_an_origin_has_nothing_behind_its_host_but_a_slash():
    assert ORIGIN("https://acme.example:8443/") == "https://acme.example:8443"
    with pytest.raises(ValueError, match=r"such as https://acme\.example, with nothing behind the host"):
        ORIGIN("https://acme.example/lms")


@pytest.mark.parametrize("typed", ["https://login.example.com/", "HTTPS://login.example.com:/a//"])
def test_what_is_exact_stays_as_it_was_typed(typed):
    assert ISSUER(typed) == typed
    for blank in (" ", "\t", "\n", "\0"):
        for padded in (f"{blank}{typed}", f"{typed}{blank}"):
            with pytest.raises(ValueError, match="without blanks"):
                ISSUER(padded)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "typed",
    [
        "",
        "  ",
        "https://",
        "https:///x",
        "https://:443",
        "a.example/x",
        "a.example:443/x",
        "//a.example/x",
        "/x",
        "https:a.example",
        "ftp://a.example",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://[2001:db8::1",
        "https://[no-address]/x",
        "https://a b.example",
        "https://a.example/a b",
        "https://a.example/a\tb",
        "https://a.example/a\nb",
        "https://a.example/\x7f",
        "https://a.example\\.evil.example",
        "https://a.example/\\evil.example",
        "https://\N{CYRILLIC SMALL LETTER A}.example",
        "https://a.example/\N{LATIN SMALL LETTER U WITH DIAERESIS}",
        "https://a.example\N{FRACTION SLASH}x.evil.example",
        "https://a.example/" + "x" * 2031,
    ],
)
def test_what_is_no_address_is_answered_with_an_example(kind, typed):
    with pytest.raises(ValueError, match=f"expected an address such as {re.escape(kind.example)}"):
        kind(typed)


def test_the_longest_address_is_taken():
    assert BASE("https://a.example/" + "x" * 2030)


@pytest.mark.parametrize("port", ["99999", "80a", "-1", "8 0"])
def test_a_port_that_is_none_is_named(port):
    with pytest.raises(ValueError, match="port is no number up to 65535"):
        BASE(f"https://a.example:{port}/x")


@pytest.mark.parametrize("end", ["?", "?x=1", "/x?x=1", "#", "#x", "/x#x", "?#"])
@pytest.mark.parametrize("kind", [BASE, ORIGIN, ISSUER])
def test_only_a_page_has_a_query(kind, end):
    with pytest.raises(ValueError, match=r"without \? and #, such as https://"):
        kind(f"https://a.example{end}")


@pytest.mark.parametrize("end", ["#", "/x#x", "?x=1#x"])
def test_a_page_has_no_fragment(end):
    with pytest.raises(ValueError, match="without #, such as https://"):
        PAGE(f"https://a.example{end}")


@pytest.mark.parametrize("user", [f"key:{PASSWORD}", f":{PASSWORD}", PASSWORD, "", "\\"])
@pytest.mark.parametrize("host", ["a.example", "a.example:99999", "[2001:db8::1]"])
def test_user_name_and_password_are_refused_with_the_place_where_they_belong(user, host):
    with pytest.raises(ValueError, match="leave user name and password out of the address") as refused:
        BASE(f"https://{user}@{host}/x")
    assert str(refused.value).endswith("; they are key and secret")
    with pytest.raises(ValueError, match=r"out of the address$"):
        PAGE(f"https://{user}@{host}/x")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "typed",
    [
        f"https://key:{PASSWORD}@a.example",
        f"https://key:{PASSWORD}@[2001:db8::1/x",
        f"https://key:{PASSWORD}\u2100@a.example/x",
        f"https://key:{PASSWORD}@a\u2100.example/x",
        f"https://key:{PASSWORD}#@a.example",
        f"https://key:{PASSWORD}/@a.example",
        f"ftp://key:{PASSWORD}@a.example/x",
        f"key:{PASSWORD}@a.example",
        f"https://a.example?token={PASSWORD}#",
        f"https:///x?token={PASSWORD}",
    ],
)
def test_no_refusal_repeats_what_was_typed(kind, typed):
    with pytest.raises(ValueError, match="address") as refused:
        kind(typed)
    assert PASSWORD not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


@given(
    kind=st.sampled_from(KINDS),
    start=st.sampled_from(["", "https://", "https://a.example", "http://[::1]", "https://a.example/"]),
    end=st.text(max_size=20) | st.text(alphabet="ab.:/?#@[]%\\ \t", max_size=20),
)
def test_whatever_is_taken_stays_the_same_and_can_be_opened(kind, start, end):
    try:
        kept = kind(f"{start}{end}")
    except ValueError:
        return
    assert kind(kept) == kept
    assert is_web_address(kept, allow_http=True)


@pytest.mark.parametrize(
    "given_address",
    [
        "https://a.example",
        "https://a.example:8443/x?y=z#w",
        "HTTPS://a.example/",
        "https://a.example/" + "x" * 4078,
    ],
)
def test_a_browser_is_sent_to_an_encrypted_address(given_address):
    assert is_web_address(given_address)


@pytest.mark.parametrize(
    "given_address",
    [
        "",
        "/x",
        "//a.example/x",
        "a.example",
        "https:a.example",
        "https:///x",
        "ftp://a.example",
        "javascript:alert(1)",
        "https://a.example@evil.example/",
        "https://@evil.example/",
        "https://a.example\\@evil.example/",
        "https://evil.example\\.a.example/",
        "https://a.example/\r\nSet-Cookie: x",
        " https://a.example/",
        "https://a.example:99999/",
        "https://[a",
        "https://a.example/\N{LATIN SMALL LETTER U WITH DIAERESIS}",
        "https://a.example/" + "x" * 4079,
    ],
)
@pytest.mark.parametrize("allow_http", [True, False])
def test_no_browser_is_sent_to_what_could_lead_elsewhere(given_address, allow_http):
    assert not is_web_address(given_address, allow_http=allow_http)


def test_http_is_good_enough_only_where_it_is_said_to_be():
    assert not is_web_address("http://a.example/")
    assert is_web_address("http://a.example/", allow_http=True)
