"""What a request is on the wire, and what of all that servers answer is an answer."""

import asyncio
from contextlib import suppress

import pytest
import trustme
from conversing import Server, asking
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from passback import CannotConnect, ServerError

LARGE = b"x" * (3 << 20)


def asked(server, method="GET", path="/results", times=1, **arguments):
    """Start `server`, ask it, and return the last answer."""

    async def ask():
        async with asking(server) as http:
            for _ in range(times):
                response = await http.request(method, f"{server.url}{path}", **arguments)
            return response

    return asyncio.run(ask())


def head(server):
    """Return the headers of the last request."""
    lines = server.requests[-1].rstrip().split("\r\n")[1:]
    return sorted(tuple(part.lower() for part in line.split(": ", 1)) for line in lines)


def test_nothing_goes_out_but_what_was_asked_for(misbehaving, answer):
    server = misbehaving(answer())
    asked(server, headers={"X-Key": "k", "accept": "*/*", "user-agent": "u"})
    wanted = [("accept", "*/*"), ("host", f"127.0.0.1:{server.port}"), ("user-agent", "u"), ("x-key", "k")]
    assert [each for each in head(server) if each[0] != "connection"] == wanted


def test_each_request_says_what_it_was_asked_to_however_alike_the_one_before_was(misbehaving, answer):
    server, headers = misbehaving(answer()), {"x-key": "first"}

    async def ask():
        async with asking(server) as http:
            for query in (None, None, {"all": 1}, {"all": True}):
                await http.request("GET", f"{server.url}/results", query=query, headers=headers)
                headers["x-key"] += "+"

    asyncio.run(ask())
    told = [(each.split(" HTTP")[0], each.partition("x-key: ")[2].split()[0]) for each in server.requests]
    assert told == [
        ("GET /results", "first"),
        ("GET /results", "first+"),
        ("GET /results?all=1", "first++"),
        ("GET /results?all=true", "first+++"),
    ]


@pytest.mark.parametrize(
    ("method", "content", "length"),
    [("GET", None, None), ("DELETE", None, None), ("POST", b"{}", "2"), ("PUT", LARGE, str(len(LARGE)))],
)
def test_a_body_goes_out_with_its_length(misbehaving, answer, method, content, length):
    server = misbehaving(answer(body=b'"took it"'))
    assert asked(server, method, content=content).json() == "took it"
    sent = dict(head(server))
    assert sent.get("content-length", "0") == (length or "0")
    assert "transfer-encoding" not in sent


@pytest.mark.parametrize("path", ["/a%2Fb", "/%7Ex", "/a%20b?c=%2B&d=%3D", "/a;b=c", "/?a=b%26c", "/ü"])
def test_what_is_percent_encoded_goes_out_as_it_stands(misbehaving, answer, path):
    server = misbehaving(answer())
    asked(server, path=path)
    assert server.requests[0].split(" ")[1] == path.replace("ü", "%C3%BC")


def test_user_information_in_an_address_is_sent_to_nobody(misbehaving, answer):
    server = misbehaving(answer())

    async def ask():
        async with asking(server) as http:
            await http.request("GET", server.url.replace("//", "//ada:s3cret@"))

    asyncio.run(ask())
    assert "authorization" not in dict(head(server))


@pytest.mark.parametrize(
    ("head", "body", "wanted"),
    [
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked", b"3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n", b"abcd"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked", b"1\r\na\r\n0\r\nx-after: 1\r\n\r\n", b"a"),
        (b"HTTP/1.1 204 No Content", b"", b""),
        (b"HTTP/1.1 304 Not Modified\r\ncontent-length: 7", b"", b""),
        (b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1", b"a", b"a"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1", b"a", b"a"),
    ],
)
def test_an_answer_ends_where_http_says(misbehaving, head, body, wanted):
    server = misbehaving(head + b"\r\n\r\n" + body)
    assert asked(server, times=2).body == wanted
    assert server.connections == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 204 No Content\r\ncontent-length: 2\r\n\r\n{}",
        b"HTTP/1.1 204 No Content\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\nlonger than it says",
        b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\nHTTP/1.1 500 Another\r\ncontent-length: 0\r\n\r\n",
    ],
)
def test_what_comes_after_an_answer_is_nobodys_answer(misbehaving, answer):
    server = misbehaving(answer)
    assert asked(server, times=3).status in (200, 204)
    assert server.connections == 3


def test_what_comes_while_nothing_was_asked_is_nobodys_answer(misbehaving, answer):
    async def twice(writer):
        writer.write(answer(body=b'"first"'))
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.write(answer(body=b'"unasked"'))

    async def ask():
        server = misbehaving(twice, answer(body=b'"second"'))
        async with asking(server) as http:
            await http.request("GET", server.url)
            await asyncio.sleep(0.1)
            return (await http.request("POST", server.url, content=b"{}")).json()

    assert asyncio.run(ask()) == "second"


def test_whoever_sends_without_end_while_nothing_was_asked_is_not_listened_to():
    sent = 0

    async def flood(reader, writer):
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        while True:
            writer.write(bytes(1 << 16))
            await writer.drain()
            sent += 1 << 16

    async def ask():
        server = Server(flood)
        async with asking(server) as http:
            await http.request("GET", server.url)
            await asyncio.sleep(0.3)
            taken = sent
            await asyncio.sleep(0.3)
            return sent - taken

    assert asyncio.run(ask()) == 0


@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
def test_an_answer_without_a_length_ends_with_its_connection(misbehaving, version):
    async def answer_and_leave(writer):
        writer.write(b"HTTP/" + version + b" 200 OK\r\n\r\nall of it")
        writer.close()

    server = misbehaving(answer_and_leave)
    assert asked(server, times=2).body == b"all of it"
    assert server.connections == 2


def test_a_head_is_answered_without_a_body(misbehaving):
    server = misbehaving(b"HTTP/1.1 200 OK\r\ncontent-length: 400\r\n\r\n")
    assert asked(server, "HEAD", times=2).headers["content-length"] == "400"
    assert server.connections == 1


def test_headers_of_one_name_are_read_as_one_and_in_any_encoding(misbehaving):
    lines = [b"Link: </1>", b"LINK: </2>", "X-Utf: \u00fc".encode(), "X-Latin: \u00fc".encode("latin-1")]
    server = misbehaving(b"HTTP/1.1 200 OK\r\n" + b"\r\n".join(lines) + b"\r\ncontent-length: 0\r\n\r\n")
    headers = asked(server).headers
    assert headers["link"] == "</1>, </2>"
    assert headers["x-utf"]
    assert headers["x-latin"] == "\u00fc"


def test_a_long_header_is_read(misbehaving, answer):
    server = misbehaving(answer(x_long="y" * 40_000))
    assert len(asked(server).headers["x-long"]) == 40_000


def head_of(*lines, status="HTTP/1.1 200 OK"):
    return "\r\n".join([status, *lines, "", ""]).encode("latin-1")


LENGTH = "content-length: 2"
CHUNKED = "transfer-encoding: chunked"
FORGIVEN = {
    "a reason is missing": head_of(LENGTH, status="HTTP/1.1 200") + b"{}",
    "lines end as in Unix": head_of(LENGTH).replace(b"\r", b"") + b"{}",
    "the length is said twice": head_of(LENGTH, LENGTH) + b"{}",
    "the length is said twice at once": head_of("content-length: 2, 2") + b"{}",
    "the length is said beside chunks": head_of(LENGTH, CHUNKED) + b"2\r\n{}\r\n0\r\n\r\n",
    "the length is too short": head_of(LENGTH) + b"{} and more",
    "a header goes on in the next line": head_of("x: a", " b", LENGTH) + b"{}",
    "a header is empty": head_of("x:", LENGTH) + b"{}",
    "a header holds a control character": head_of("x: a\x01b", LENGTH) + b"{}",
    "there are many headers": head_of(*(f"x-{number}: y" for number in range(300)), LENGTH) + b"{}",
    "the size of a chunk has zeros and spaces": head_of(CHUNKED) + b"002 \r\n{}\r\n0\r\n\r\n",
    "another protocol is offered": head_of("upgrade: h2c", "connection: upgrade", LENGTH) + b"{}",
}
NONSENSE = {
    "a mail server": b"220 mail.example ESMTP ready\r\n",
    "a page without a head": b"<html>welcome</html>",
    "one letter": b"*",
    "TLS": b"\x15\x03\x01\x00\x02\x02\x50" * 3 + b"\r\n",
    "another HTTP": head_of(LENGTH, status="HTTP/1 200 OK") + b"{}",
    "another protocol": head_of("upgrade: x", "connection: upgrade", status="HTTP/1.1 101 Switching"),
    "an empty line first": b"\r\n" + head_of(LENGTH) + b"{}",
    "a status that is none": head_of(LENGTH, status="HTTP/1.1 abc OK"),
    "a status that is too long": head_of(LENGTH, status="HTTP/1.1 2000 OK"),
    "a status that is too small": head_of(LENGTH, status="HTTP/1.1 099 OK"),
    "a length that is none": head_of("content-length: many"),
    "a length below zero": head_of("content-length: -5"),
    "two lengths": head_of(LENGTH, "content-length: 3") + b"{}",
    "a header without a colon": head_of("no colon", LENGTH),
    "a header with a space in its name": head_of("content-length : 2") + b"{}",
    "a header that goes on before it began": head_of(" x: y", LENGTH) + b"{}",
    "a coding that nobody asked for": head_of("transfer-encoding: gzip, chunked"),
    "a chunk without a size": head_of(CHUNKED) + b"zz\r\n",
    "headers without end": head_of(*["a: b"] * 40_000)[:-2],
}


@pytest.mark.parametrize("answer", FORGIVEN.values(), ids=FORGIVEN)
def test_an_answer_that_can_be_understood_is_read(misbehaving, answer):
    response = asked(misbehaving(answer))
    assert (response.status, response.body) == (200, b"{}")


@pytest.mark.parametrize("nonsense", NONSENSE.values(), ids=NONSENSE)
@pytest.mark.parametrize("leaves", [True, False])
def test_what_is_no_answer_is_told_as_such_and_not_as_an_outage(misbehaving, nonsense, leaves):
    async def say(writer):
        writer.write(nonsense)
        if leaves:
            writer.close()

    with pytest.raises(ServerError, match="no HTTP or breaks its rules"):
        asked(misbehaving(say))


def test_what_speaks_first_and_no_http_is_told_as_such():
    async def greet(reader, writer):
        writer.write(b"220 mail.example ESMTP ready\r\n")
        await reader.read()

    async def ask():
        server = Server(greet)
        async with asking(server) as http:
            with pytest.raises(ServerError, match=r"something that is no HTTP .* check address and port"):
                await http.request("POST", server.url, content=LARGE)

    asyncio.run(ask())


def test_an_answer_that_comes_byte_by_byte_is_read(misbehaving):
    async def drip(writer):
        for each in FORGIVEN["the length is said twice"]:
            writer.write(bytes([each]))
            await writer.drain()
            await asyncio.sleep(0)

    assert asked(misbehaving(drip)).body == b"{}"


MANY = 30_000


@pytest.mark.parametrize(
    "answer",
    [
        head_of(CHUNKED) + b"1\r\na\r\n" * MANY + b"0\r\n\r\n",
        head_of(status="HTTP/1.1 102 Wait") * MANY + head_of(LENGTH) + b"{}",
    ],
    ids=["chunks", "heads"],
)
def test_an_answer_in_very_many_parts_costs_nobody_else_their_turn(misbehaving, answer):
    async def ask():
        server = misbehaving(answer)
        async with asking(server) as http:
            asking_it = asyncio.create_task(http.request("GET", server.url))
            turns = 0
            while not asking_it.done():
                await asyncio.sleep(0)
                turns += 1
            return asking_it.result().status, turns

    status, turns = asyncio.run(ask())
    assert status == 200
    assert turns > MANY / 100


# What answers are made of, in every disorder.
pieces = st.sampled_from(
    [
        *(b"HTTP/1.1 200 OK\r\n", b"HTTP/1.0 500 \r\n", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/2 200\r\n"),
        *(b"content-length: 5\r\n", b"Content-Length: 3\r\n", b"transfer-encoding: chunked\r\n"),
        *(b"content-encoding: gzip\r\n", b"connection: close\r\n", b"connection: upgrade\r\n", b"a: b\r\n"),
        *(b" folded\r\n", b"a\0: b\r\n", b": b\r\n", b"\xff: \xff\r\n", b"location: ://\r\n"),
        *(b"set-cookie: ;;=\r\n", b"www-authenticate: Digest\r\n", b"\r\n", b"\n", b"\r", b"\0", b"\x1f\x8b"),
        *(b"hello", b"5\r\nhello\r\n", b"0\r\n\r\n", b"ffffffffffffffffff\r\n", b"-1\r\n", b"5;x=y\r\n"),
    ]
)


@given(pieces=st.lists(pieces, max_size=8), whole=st.booleans())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_whatever_a_server_says_is_an_answer_or_a_failure_of_the_connection(misbehaving, pieces, whole):
    async def say(writer):
        writer.write((b"HTTP/1.1 200 OK\r\n" if whole else b"") + b"".join(pieces))
        writer.close()

    with suppress(ServerError, CannotConnect):
        response = asked(misbehaving(say))
        assert 100 <= response.status <= 999
        assert all(name == name.lower() for name in response.headers)


def test_an_answer_that_comes_before_the_body_was_sent_is_read():
    async def refuse(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        # Whoever closes with something unread resets: a server that is kind reads on.
        while await reader.read(1 << 16):
            pass

    async def ask():
        server = Server(refuse)
        async with asking(server) as http:
            return (await http.request("POST", server.url, content=LARGE)).status

    assert asyncio.run(ask()) == 413


def test_more_requests_than_sockets_wait_for_one_another(misbehaving, answer):
    async def ask():
        server = misbehaving(answer())
        async with asking(server) as http:
            answers = await asyncio.gather(*(http.request("GET", server.url) for _ in range(100)))
            return {each.status for each in answers}, server.connections

    statuses, connections = asyncio.run(ask())
    assert statuses == {200}
    assert connections <= 20


def test_who_is_cancelled_leaves_no_answer_behind_for_the_next(misbehaving, answer):
    async def slowly(writer):
        await asyncio.sleep(0.2)
        writer.write(answer(body=b'"first"'))

    server = misbehaving(slowly, answer(body=b'"second"'))

    async def ask():
        async with asking(server) as http:
            first = asyncio.create_task(http.request("GET", server.url))
            await asyncio.sleep(0.1)
            first.cancel()
            await asyncio.gather(first, return_exceptions=True)
            await asyncio.sleep(0.2)
            return (await http.request("GET", server.url)).json()

    assert asyncio.run(ask()) == "second"


def over_tls(certificate, host):
    """Ask a server that shows `certificate` over TLS by the name of `host`."""

    async def serve(reader, writer):
        while await reader.readuntil(b"\r\n\r\n"):
            await reader.readexactly(len(LARGE))
            writer.write(b'HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n"safe"')

    async def ask():
        server = Server(serve, certificate)
        async with asking(server) as http:
            url = server.url.replace("127.0.0.1", host)
            return [(await http.request("POST", url, content=LARGE)).json() for _ in range(2)]

    return asyncio.run(ask())


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_certificate_that_an_authority_vouches_for_is_taken(authority, host):
    assert over_tls(authority.issue_cert(host), host) == ["safe", "safe"]


def test_a_certificate_of_another_name_is_told_as_not_reached(authority):
    told = r"not reached \(certificate verify failed: .*certificate is not valid for 'localhost'\.\)$"
    with pytest.raises(CannotConnect, match=told):
        over_tls(authority.issue_cert("lms.example"), "localhost")


@pytest.mark.usefixtures("authority")
def test_a_certificate_of_a_strange_authority_is_told_as_not_reached():
    with pytest.raises(CannotConnect, match=r"not reached \(certificate verify failed: [^()]+\)$"):
        over_tls(trustme.CA().issue_cert("localhost"), "localhost")
