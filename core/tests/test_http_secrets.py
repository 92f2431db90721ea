"""Nothing secret leaves a request but to the server: not in errors, logs, reprs or what a check shows."""

import asyncio
import base64
import html
import itertools
import json
import logging
import re
import struct
import timeit
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scripted import START

from passback import HTTP, AddressPolicy, PassbackError, Response, ServerError, Timeouts
from passback.http import forms_of, without

OPEN = AddressPolicy(allow_http=True, allow=("127.0.0.0/8",))
QUICK = Timeouts(connect=0.3, read=0.3, total=0.5)
SECRET = "s3cret"


async def leave(writer):
    writer.close()


async def hang(_):
    await asyncio.Event().wait()


async def nonsense(writer):
    writer.write(b"220 mail.example ESMTP ready\r\n\r\n")
    writer.close()


def outcome_of(
    misbehaving, behaviour, url="http://ada:s3cret@127.0.0.1:PORT/x?token=s3cret#s3cret", **headers
):
    """Ask once with secrets wherever they can be, return all that a person could come to see."""

    async def ask():
        async with misbehaving(behaviour) as server:
            http = HTTP(OPEN, QUICK)
            sent = {"authorization": f"Bearer {SECRET}"} | headers
            with HTTP.recording() as tried:
                try:
                    seen = await http.request("GET", url.replace("PORT", str(server.port)), headers=sent)
                    seen.require(204)
                except PassbackError as error:
                    seen = error
                finally:
                    await http.aclose()
            return f"{seen} {seen!r} {tried!r}"

    return asyncio.run(ask())


@pytest.mark.parametrize("behaviour", [leave, hang, nonsense])
def test_no_failure_shows_user_information_query_fragment_or_header(misbehaving, caplog, behaviour):
    caplog.set_level(logging.DEBUG)
    shown = outcome_of(misbehaving, behaviour)
    assert "/x" in shown
    assert SECRET not in shown
    assert SECRET not in caplog.text


@pytest.mark.parametrize("status", [200, 401, 404, 429, 500])
def test_no_answer_shows_them_either(misbehaving, answer, caplog, status):
    caplog.set_level(logging.DEBUG)
    shown = outcome_of(misbehaving, answer(status, set_cookie="session=s3cret"))
    assert SECRET not in shown
    ours = [record for record in caplog.records if SECRET in record.getMessage()]
    assert not [record for record in ours if "session=" not in record.getMessage()]


@pytest.mark.parametrize(
    "url",
    [
        "http://ada:s3cret@127.0.0.1:99999/x?token=s3cret",
        "https://ada:s3cret@nowhere.invalid/x?token=s3cret",
        "https://ada:s3cret@10.0.0.1/x?token=s3cret",
        "https://ada:s3cret@127.0.0.1:1/x?token=s3cret",
        "ftp://ada:s3cret@lms.example/x?token=s3cret",
        "https://ada:s3cret@ lms.example/x?token=s3cret",
        "https://ada:s3cret@lms.example/x?token=s3cret\n",
    ],
)
def test_an_address_that_can_not_be_used_is_not_repeated_with_its_secrets(misbehaving, url):
    assert SECRET not in outcome_of(misbehaving, hang, url)


@pytest.mark.parametrize("token", ["s3cret\n", "s3cret\r\nx-evil: 1", "s3cret\0", "s3cret€", " s3cret"])
def test_a_credential_that_can_be_no_header_is_not_repeated(misbehaving, answer, token):
    """A key read from a variable often ends with a line break."""
    shown = outcome_of(misbehaving, answer(), authorization=token)
    assert SECRET not in shown
    assert "/x" in shown


def test_a_check_shows_what_was_tried_in_order(misbehaving, answer):
    async def ask():
        async with misbehaving(answer(401), answer(), leave) as server:
            http = HTTP(OPEN)
            with HTTP.recording() as tried:
                await http.request("GET", f"{server.url}/a?token=s3cret")
                await http.request("POST", f"{server.url}/b")
                with pytest.raises(PassbackError) as failed:
                    await http.request("POST", f"{server.url}/c", query={"token": SECRET})
            await http.aclose()
            return server.url, tried, str(failed.value)

    url, tried, error = asyncio.run(ask())
    assert [(each.asked, each.outcome) for each in tried[:2]] == [
        (f"GET {url}/a", "401"),
        (f"POST {url}/b", "200"),
    ]
    assert tried[2].asked == f"POST {url}/c"
    assert "it cut the connection" in tried[2].outcome
    assert error.endswith(tried[2].outcome)
    assert all(each.milliseconds >= 0 for each in tried)


def test_two_checks_at_once_see_their_own_requests_only(misbehaving, answer):
    async def ask():
        async with misbehaving(answer()) as server:
            http = HTTP(OPEN)

            async def check(path):
                with HTTP.recording() as tried:
                    await http.request("GET", f"{server.url}{path}")
                    await asyncio.sleep(0)
                return [each.asked for each in tried]

            seen = await asyncio.gather(check("/a"), check("/b"))
            await http.aclose()
            return server.url, seen

    url, seen = asyncio.run(ask())
    assert seen == [[f"GET {url}/a"], [f"GET {url}/b"]]


def quoting(body, secret):
    return Response(
        status=500, headers={}, body=body, asked="GET /x", received=START, secrets=frozenset({secret})
    )


HARD = 'us:p/q+"SEC\\RET==é&<x>'


@pytest.mark.parametrize(
    "quoted",
    [
        HARD,
        json.dumps(HARD),
        json.dumps(HARD, ensure_ascii=False).replace("/", "\\/"),
        "".join(f"\\u{ord(char):04x}" for char in HARD),
        quote(HARD, safe=""),
        re.sub(r"%..", lambda found: found[0].lower(), quote(HARD, safe="")),
        quote_plus(HARD),
        quote(quote(HARD, safe=""), safe=""),
        html.escape(HARD),
        HARD.encode().hex(),
        base64.b64encode(HARD.encode()).decode(),
        base64.urlsafe_b64encode(HARD.encode()).decode().rstrip("="),
        base64.b64encode(f"Bearer {HARD}".encode()).decode(),
        base64.b64encode(f"x{HARD} and more".encode()).decode(),
    ],
)
@pytest.mark.parametrize("before", ["", "x" * 4090])
def test_a_secret_is_hidden_in_whatever_form_a_system_quotes_it(quoted, before):
    body = f"<pre>{before}you sent {quoted} here</pre>".encode()
    seen = quoting(body, HARD)
    told = seen.excerpt()
    assert quoted[2:14] not in told
    assert quoted[-14:-4] not in told
    if not before:
        assert told.startswith("you sent")


def byte_by_byte(kept, write="%{:02X}"):
    """Return what encodes all but letters, digits and what is `kept`."""

    def encode(text):
        return "".join(
            char
            if char in kept or (char.isascii() and char.isalnum())
            else "".join(write.format(byte) for byte in char.encode())
            for char in text
        )

    return encode


ENCODERS = {
    "JavaScript, a part": byte_by_byte("-_.!~*'()"),
    "JavaScript, an address": byte_by_byte("-_.!~*'();/?:@&=+$,#"),
    "Java": lambda text: byte_by_byte("-_.* ")(text).replace(" ", "+"),
    "PHP": lambda text: byte_by_byte("-_. ")(text).replace(" ", "+"),
    "Python": quote,
    "lower": byte_by_byte("", "%{:02x}"),
    "twice": lambda text: quote(byte_by_byte("-_.!~*'()")(text)),
    "all": lambda text: "".join(f"%{byte:02X}" for byte in text.encode()),
}


@pytest.mark.parametrize("encoder", ENCODERS)
@given(secret=st.text(st.sampled_from("aZ09-_.~!*'()+/=%:@&$,;?# \"<üß€😀"), min_size=5, max_size=40))
@example(secret="S3cret+/a!b'(c)*~ü=")
@example(secret="%2525")
def test_a_secret_is_hidden_whatever_of_it_an_encoder_encodes(encoder, secret):
    shown = without(f"«{ENCODERS[encoder](secret)}»", forms_of([secret]))
    assert shown == "«•••»"


# What `json.dumps` and PHP twice, Gson, .NET, and templates make of a character.
SPELLINGS = (
    lambda char: char,
    quote,
    lambda char: "".join(f"%{byte:02x}" for byte in char.encode()),
    lambda char: quote(quote(char)),
    lambda char: json.dumps(char)[1:-1].replace("/", "\\/"),
    lambda char: json.dumps(json.dumps(char)[1:-1].replace("/", "\\/"))[1:-1].replace("/", "\\/"),
    lambda char: "".join(
        f"\\u{unit:04X}" for unit in struct.unpack(f">{len(utf16(char)) // 2}H", utf16(char))
    ),
    lambda char: f"&#x{ord(char):02X};",
    lambda char: f"&#{ord(char):04};",
    html.escape,
    lambda char: html.escape(f"&#{ord(char)};"),
    lambda char: json.dumps(html.escape(char))[1:-1].replace("&", "\\u0026"),
)


def utf16(text):
    return text.encode("utf-16-be")


@given(data=st.data(), secret=st.text(st.sampled_from("Zx25u-_.+/=%:@&$,;?# \"<>'üß€😀"), max_size=20))
@example(data=None, secret="%252/u&amp;25%25")
def test_a_secret_is_hidden_in_whatever_mixture_of_spellings_it_is_quoted(data, secret):
    secret = f"{secret}+/Key="
    each = st.sampled_from(SPELLINGS)
    ways = [data.draw(each) for _ in secret] if data else itertools.cycle(SPELLINGS)
    quoted = "".join(way(char) for way, char in zip(ways, secret, strict=False))
    assert without(f"«{quoted}»", forms_of([secret])) == "«•••»"


@pytest.mark.parametrize(
    "quoted",
    [
        r"Zq7s3cr/et+Key9x/77ab\u003d\u003d",
        r"Zq7s3cr/et\u002BKey9x/77ab==",
        r"Zq7s3cr\u002fet+Key9x\u002F77ab==",
        r"Zq7s3cr\/et+Key9x\\\/77ab==",
        "Zq7s3cr&#x2F;et&#43;Key9x&#47;77ab&#61;&equals;",
        "Zq7s3cr%2Fet\\u002BKey9x&#x2f;77ab%3d%253D",
    ],
)
def test_a_reason_shows_no_secret_of_which_some_characters_are_spelled_otherwise(quoted):
    seen = quoting(f'{{"error": "key {quoted} is bad"}}'.encode(), "Zq7s3cr/et+Key9x/77ab==")
    assert seen.excerpt() == '{"error": "key ••• is bad"}'


@pytest.mark.parametrize(
    "spelled", ["%41", "%25", "\\", "\\/", "\\u0041", "&", "&#", "&#0", "&#65;", "&amp;", "&a", "0"]
)
def test_an_answer_full_of_spellings_takes_time_as_it_is_long(spelled):
    def seconds(length):
        text = f"%&#{spelled * (length // len(spelled))}"
        return min(timeit.repeat(lambda: without(text, ["secret-key"]), number=1, repeat=3))

    assert seconds(400_000) < 40 * max(seconds(40_000), 0.001)


def test_what_is_encoded_and_no_secret_is_shown_as_it_stands():
    text = "%E2%82%AC 100%25 + 5% %zz % «%C3» \ud800 are no secret+%20x"
    assert without(text, forms_of(["secret-"])) == text
    assert without(f"{text} secret%2D", forms_of(["secret-"])).startswith("%E2%82%AC 100%25 + 5% %zz % «%C3»")


@pytest.mark.parametrize(
    "body", [b"tok-SE<wbr>CRET-1 is wrong", "tok-SECRET-1 is wrong".encode("utf-16"), b"tok-\x00SECRET-1"]
)
def test_an_answer_that_quotes_a_secret_in_pieces_is_not_quoted(body):
    seen = quoting(body, "tok-SECRET-1")
    assert seen.excerpt() == "something that quotes the credentials"


def test_the_start_of_a_secret_that_is_cut_is_not_quoted():
    body = b"<!--" + b"-" * 4075 + b"-->you tok-SECRET-1 here"
    seen = quoting(body, "tok-SECRET-1")
    assert "tok" not in seen.excerpt()


def test_whatever_is_made_of_an_answer_shows_no_secret_where_none_was_left_before():
    seen = quoting(b"", "tok-SECRET-1")
    said = {"error": ["bad tok-SECRET-1", {"tok-SECRET-1": "a tok%2DSECRET%2D1"}], "codes": [1, None, True]}
    assert seen.without_secrets(said) == {"error": ["bad •••", {"•••": "a •••"}], "codes": [1, None, True]}
    assert said["error"][0] == "bad tok-SECRET-1", "it's another document"


def test_what_has_no_secret_is_left_as_it_is_however_deep():
    deep = []
    for _ in range(5000):
        deep = [deep, "tok"]
    assert quoting(b"", "tok-SECRET-1").without_secrets(deep) is deep


def test_more_than_can_be_looked_through_is_not_read():
    with pytest.raises(ServerError, match="more than 4 MiB"):
        quoting(b" " * (5 << 20), "tok-SECRET-1").without_secrets({})
