"""What an answer means for the connection, and until when it asks us to wait."""

import json
import re
from datetime import UTC, datetime, timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from passback import BatchTooLarge, RateLimited, Response, ServerError, Unsupported, basic_auth

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
WEEK = timedelta(days=7)
EPOCH = int(NOON.timestamp())


def response(status=200, body=b"", **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status=status, headers=named, body=body, asked="POST /results", received=NOON)


@pytest.mark.parametrize(
    ("status", "headers", "raised", "said"),
    [
        (401, {}, ServerError, "doesn't accept the credentials"),
        (403, {}, ServerError, "not allowed to do this"),
        (404, {}, ServerError, "nothing at this address"),
        (405, {}, ServerError, "doesn't take such requests"),
        (410, {}, ServerError, "gone for good"),
        (500, {}, ServerError, "without a word why"),
        (503, {}, ServerError, "without a word why"),
        (503, {"retry_after": "soon"}, ServerError, "without a word why"),
        (301, {"location": "https://elsewhere.example/"}, ServerError, "it redirects"),
        (200, {}, ServerError, "without a word why"),
        (429, {}, RateLimited, "asks to slow down"),
        (429, {"retry_after": "7"}, RateLimited, "asks to slow down"),
        (503, {"retry_after": "7"}, RateLimited, "asks to come later"),
        (501, {}, Unsupported, "can't do this"),
        (413, {}, BatchTooLarge, "too large"),
    ],
)
def test_a_status_that_was_not_hoped_for_says_what_it_means_and_what_was_asked(status, headers, raised, said):
    with pytest.raises(raised) as got:
        response(status, **headers).require(204)
    assert type(got.value) is raised
    assert str(got.value).startswith(f"POST /results answered {status}: ")
    assert said in str(got.value)
    if raised is ServerError:
        assert got.value.status == status


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_question_that_is_too_large_says_nothing_of_a_batch(method):
    asked = attrs.evolve(response(413), asked=f"{method} /users")
    with pytest.raises(ServerError, match=f"{method} /users answered 413: that is too large") as got:
        asked.require(200)
    assert got.value.status == 413


@pytest.mark.parametrize("until", [NOON.replace(tzinfo=None), NOON.timestamp()])
def test_a_pause_until_nobody_knows_when_is_the_mistake_of_whoever_raises_it(until):
    """Compared with the clock later, it would stop the delivery instead of the connector."""
    with pytest.raises(TypeError, match="until must be a datetime with a time zone"):
        RateLimited("slow down", until=until)


@pytest.mark.parametrize("status", [200, 204, 404, 429, 503])
def test_a_status_that_was_hoped_for_is_fine_whatever_it_is(status):
    response(status, retry_after="7").require(200, 204, 404, 429, 503)


@pytest.mark.parametrize(
    ("value", "until"),
    [
        ("7", NOON + timedelta(seconds=7)),
        (" 7 ", NOON + timedelta(seconds=7)),
        ("0", NOON),
        ("Sat, 21 Nov 2026 12:01:00 GMT", NOON + timedelta(minutes=1)),
        ("Sat, 21 Nov 2026 12:01:00", NOON + timedelta(minutes=1)),
        ("Saturday, 21-Nov-26 12:01:00 GMT", NOON + timedelta(minutes=1)),
        ("Sat Nov 21 12:01:00 2026", NOON + timedelta(minutes=1)),
        ("Sat, 21 Nov 2026 13:01:00 +0100", NOON + timedelta(minutes=1)),
        ("Sat, 21 Nov 1998 12:00:00 GMT", NOON),
        ("99999999", NOON + WEEK),
        ("9" * 400, NOON + WEEK),
        (str(7 * 86_400 - 1), NOON + WEEK - timedelta(seconds=1)),
        (str(31 * 86_400), NOON + WEEK),
        (str(EPOCH + 90), NOON + timedelta(seconds=90)),
        (str(EPOCH), NOON),
        (str(EPOCH - 86_400), NOON),
        (str(EPOCH + 40 * 86_400), NOON + WEEK),
        (str(1000 * EPOCH + 90_000), NOON + timedelta(seconds=90)),
        (str(1000 * EPOCH + 40 * 86_400_000), NOON + WEEK),
        (str(10**6 * EPOCH), NOON + WEEK),
        ("120.5", NOON + timedelta(seconds=120)),
        ("120, 240", NOON + timedelta(seconds=120)),
        ("Fri, 31 Dec 9999 23:59:59 GMT", NOON + WEEK),
        ("Fri, 31 Dec 9999 23:59:59 -1200", NOON + WEEK),
        ("-7", None),
        ("1e3", None),
        ("2 minutes", None),
        ("\N{ARABIC-INDIC DIGIT SEVEN}", None),
        ("soon", None),
        ("", None),
        ("Wed, 21 Oct 99999999999999 07:28:00 GMT", None),
        ("Thu, 01 Jan 2026 00:01:00 +99999999999999", None),
    ],
)
def test_retry_after_is_a_time_between_now_and_a_week_from_now_or_nothing(value, until):
    assert response(retry_after=value).retry_at() == until


def test_without_retry_after_there_is_no_time():
    assert response().retry_at() is None


@given(st.text(max_size=40) | st.from_regex(r"[A-Z][a-z]{2}, \d+ (Jan|Oct) \d+ \d+:\d+:\d+ [+-]?\d*"))
def test_no_retry_after_can_do_harm(value):
    until = response(retry_after=value).retry_at()
    assert until is None or NOON <= until <= NOON + WEEK


def test_a_mark_before_json_is_no_part_of_it():
    assert response(200, '\ufeff["Ada"]'.encode()).json() == ["Ada"]


PAGE = "<html>Sign in</html>"


@pytest.mark.parametrize("kind", ["", "application/json", "text/plain"])
@pytest.mark.parametrize(
    "body",
    [PAGE.encode(), b"\r\n " + PAGE.encode(), PAGE.encode("utf-8-sig"), PAGE.encode("utf-16"), b"\0<p>"],
)
def test_a_page_is_known_by_how_it_begins_whatever_type_it_says_and_mark_it_has(kind, body):
    assert response(200, body, content_type=kind).is_page


@pytest.mark.parametrize("kind", ["text/html", "Text/HTML; charset=utf-8", "application/xhtml+xml"])
def test_a_page_is_known_by_its_type_in_whatever_letters(kind):
    assert response(200, b"Sign in", content_type=kind).is_page


@pytest.mark.parametrize("body", [b"", b"OK", b'{"a": "<p>"}', b"\xef\xbb\xbf[]"])
def test_what_is_no_page_is_taken_for_none(body):
    assert not response(200, body, content_type="application/json").is_page


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<html>Please sign in</html>", "text/html; charset=utf-8"),
        (b"", "application/json"),
        (b'{"cut', "application/json"),
        (b"\xff\xfe", "application/json"),
        (b"[" * 100_000, "application/json"),
    ],
)
def test_an_answer_that_is_no_json_says_what_came_instead(body, kind):
    with pytest.raises(ServerError, match=re.escape(kind.partition(";")[0])) as refused:
        response(200, body, content_type=kind).json()
    assert refused.value.status == 200
    assert "sign in" not in str(refused.value)


@pytest.mark.parametrize(
    "body",
    [
        b"[" + b"[]," * 5_500_000 + b"[]]",
        b"[" + b'{"":0},' * 2_300_000 + b"{}]",
        b"[" + (b"[" * 90 + b"]" * 90 + b",") * 90_000 + b"0]",
    ],
    ids=["lists", "objects", "nested"],
)
def test_json_of_millions_of_parts_is_not_read(body):
    """It would stop everything else for seconds, and take half a gigabyte; compressed it has a few KiB."""
    with pytest.raises(ServerError, match="1,000,000 parts; that was not read"):
        response(200, body).json()


def test_a_page_of_very_many_users_is_read():
    users = [
        {"id": str(number), "email": f"user-{number}@example.com", "groups": ["a", "b"]}
        | {f"field{column}": "some text, of a kind" for column in range(20)}
        for number in range(10_000)
    ]
    assert response(200, json.dumps(users).encode()).json() == users


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<html><style>p {}</style><h1>No</h1>\n\n<p>access</p><script>x()</script>", "No access"),
        (b"a\x1b[31mred\x00\xe2\x80\xae", "a [31mred"),
        (b"\xff", "\N{REPLACEMENT CHARACTER}"),
        (b"", ""),
        (b"x" * 5000, "x" * 299 + "…"),
    ],
)
def test_a_message_holds_one_short_line_of_what_was_said_and_nothing_a_terminal_obeys(body, said):
    assert response(500, body).excerpt() == said


def test_a_body_and_headers_are_not_shown():
    shown = repr(response(200, b"s3cret", set_cookie="s3cret"))
    assert "s3cret" not in shown


def test_basic_auth_is_utf_8():
    assert basic_auth("ada", "pä:ss") == "Basic YWRhOnDDpDpzcw=="
