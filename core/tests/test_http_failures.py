"""What goes wrong on the wire is told apart: not reached is another fault than reached and refused."""

import asyncio
import socket
import struct

import pytest
from conversing import Server, asking

from passback import HTTP, AddressPolicy, CannotConnect, ServerError, Timeouts

LOOPBACK = AddressPolicy(allow_http=True, allow=("127.0.0.0/8", "::1/128"))
IMPATIENT = Timeouts(connect=0.3, read=0.3, total=0.6)


async def hang(_):
    await asyncio.Event().wait()


async def reset(writer):
    # With no time to linger, closing sends RST.
    linger = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()


async def leave(writer):
    writer.close()


async def cut(writer):
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf of")
    writer.close()


async def cut_chunks(writer):
    writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n40\r\nhalf of")
    writer.close()


async def drip(writer):
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
    while True:
        writer.write(b".")
        await writer.drain()
        await asyncio.sleep(0.05)


async def flood(writer):
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    for _ in range(17):
        writer.write(bytes(2**20))
        await writer.drain()
    writer.close()


async def reads_on(reader, _):
    await reader.read()


async def reads_a_little(reader, _):
    await reader.read(1 << 16)


async def greets(reader, writer):
    await reader.read(1 << 16)
    writer.write(b"220 mail.example ESMTP ready\r\n")


def request(server, method="GET", timeouts=None, **arguments):
    """Start `server`, ask it once, and return the answer."""

    async def ask():
        async with server:
            http = HTTP(LOOPBACK, timeouts)
            try:
                return await http.request(method, f"{server.url}/results", **arguments)
            finally:
                await http.aclose()

    return asyncio.run(ask())


def test_an_answer_is_read_whole_whatever_its_status(misbehaving, answer):
    response = request(misbehaving(answer(418, b'{"tea": "pot"}', X_Kind="Teapot")))
    assert (response.status, response.json(), response.asked) == (418, {"tea": "pot"}, "GET /results")
    assert response.headers["x-kind"] == "Teapot"


def test_where_the_status_alone_is_asked_for_the_connection_serves_the_next_all_the_same(misbehaving, answer):
    async def ask():
        async with misbehaving(answer(200, b"x" * 1000), answer(201)) as server:
            http = HTTP(LOOPBACK)
            first, second = [await http.request("GET", server.url, status_only=True) for _ in range(2)]
            await http.aclose()
        assert (first.status, first.body, second.status, server.connections) == (200, b"", 201, 1)

    asyncio.run(ask())


@pytest.mark.parametrize("behaviour", [reset, leave, cut, cut_chunks])
def test_a_connection_that_is_cut_is_told_as_not_reached(misbehaving, behaviour):
    with pytest.raises(CannotConnect, match="it cut the connection"):
        request(misbehaving(behaviour), "POST", content=b"{}")


@pytest.mark.parametrize("behaviour", [hang, drip])
def test_no_answer_in_time_is_told_as_not_reached_however_it_is_drawn_out(misbehaving, behaviour):
    with pytest.raises(CannotConnect, match="no answer in time"):
        request(misbehaving(behaviour), timeouts=IMPATIENT)


def test_a_port_where_nobody_listens_is_told_as_refused():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/x"
        with pytest.raises(CannotConnect, match="connection refused"):
            asyncio.run(HTTP(LOOPBACK).request("GET", url))


@pytest.mark.parametrize("host", ["nowhere.invalid", "a..b", "x" * 64 + ".invalid"])
def test_a_name_that_does_not_exist_is_told_as_such(host):
    with pytest.raises(CannotConnect, match="no such host as") as raised:
        asyncio.run(HTTP(LOOPBACK).request("GET", f"https://{host}/x"))
    assert "[Errno" not in str(raised.value)
    assert "codec" not in str(raised.value)


@pytest.mark.parametrize(
    ("converse", "told"),
    [
        (reads_on, "no answer in time"),
        (reads_a_little, r"not reached \(it ended the TLS handshake\)"),
        # OpenSSL's own words, which differ from one release to the next.
        (greets, r"not reached \([\w ]+\)$"),
    ],
)
def test_https_to_what_speaks_no_tls_is_told_as_not_reached_and_why(converse, told):
    async def ask():
        server = Server(converse)
        async with asking(server, IMPATIENT) as http:
            await http.request("GET", server.url.replace("http:", "https:"))

    with pytest.raises(CannotConnect, match=told):
        asyncio.run(ask())


@pytest.mark.parametrize("port", [70000, 99999, -1])
def test_a_port_that_can_not_be_is_told_as_a_wrong_address(port):
    with pytest.raises(ServerError, match="check its spelling"):
        asyncio.run(HTTP(LOOPBACK).request("GET", f"http://127.0.0.1:{port}/x"))


@pytest.mark.parametrize(
    "url", ["", "/x", "lms.example/x", "ftp://lms.example/x", "https://", "file:///etc/x"]
)
def test_what_is_no_web_address_is_a_server_error_that_says_so(url):
    with pytest.raises(ServerError, match=r"https://|check its spelling"):
        asyncio.run(HTTP(LOOPBACK).request("GET", url))


def after_a_first_answer(misbehaving, answer, second, **arguments):
    """Ask twice over one pool, the second time answered by `second` first."""
    server = misbehaving(answer(), second, answer(body=b'"again"'))

    async def ask():
        async with server:
            http = HTTP(LOOPBACK)
            try:
                await http.request("GET", server.url)
                return await http.request(url=f"{server.url}/results", content=b"{}", **arguments)
            finally:
                await http.aclose()

    return server, ask


@pytest.mark.parametrize("arguments", [{"method": "POST", "idempotent": True}, {"method": "PUT"}])
@pytest.mark.parametrize("behaviour", [leave, reset])
def test_what_may_be_sent_twice_is_sent_again_when_a_pooled_connection_turns_out_dead(
    misbehaving, answer, arguments, behaviour
):
    server, ask = after_a_first_answer(misbehaving, answer, behaviour, **arguments)
    assert asyncio.run(ask()).json() == "again"
    assert (len(server.requests), server.connections) == (3, 2)


@pytest.mark.parametrize(
    "arguments", [{"method": "POST"}, {"method": "POST", "idempotent": False}, {"method": "DELETE"}]
)
@pytest.mark.parametrize("behaviour", [leave, reset])
def test_what_may_do_harm_twice_is_sent_once(misbehaving, answer, arguments, behaviour):
    server, ask = after_a_first_answer(misbehaving, answer, behaviour, **arguments)
    with pytest.raises(CannotConnect, match="it cut the connection"):
        asyncio.run(ask())
    assert len(server.requests) == 2


def test_a_fresh_connection_that_is_cut_is_not_tried_again(misbehaving):
    server = misbehaving(leave)
    with pytest.raises(CannotConnect):
        request(server, "GET")
    assert len(server.requests) == 1


def test_a_connection_that_the_server_closed_while_idle_is_replaced_even_for_a_post(misbehaving, answer):
    async def answer_and_leave(writer):
        writer.write(answer())
        await writer.drain()
        writer.close()

    server = misbehaving(answer_and_leave, answer(body=b'"again"'))

    async def ask():
        async with server:
            http = HTTP(LOOPBACK)
            await http.request("GET", server.url)
            await asyncio.sleep(0.05)  # until its FIN is here
            try:
                return await http.request("POST", server.url, content=b"{}")
            finally:
                await http.aclose()

    assert asyncio.run(ask()).json() == "again"
    assert (len(server.requests), server.connections) == (2, 2)


def test_an_answer_without_end_is_not_read(misbehaving):
    with pytest.raises(ServerError, match="more than 16 MiB"):
        request(misbehaving(flood))


def test_a_request_keeps_the_query_that_its_address_has(misbehaving, answer):
    server = misbehaving(answer())

    async def ask():
        async with server:
            http = HTTP(LOOPBACK)
            await http.request("GET", f"{server.url}/x?tenant=7", query={"page": 2})
            await http.aclose()

    asyncio.run(ask())
    assert server.requests[0].startswith("GET /x?tenant=7&page=2 ")
