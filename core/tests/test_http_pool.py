"""Sockets are few, kept for a while, and nobody's who gave up: whatever is cancelled, closed or half said."""

import asyncio
import gc
import socket
from contextlib import suppress

import pytest
from conversing import EMPTY, LOOPBACK, QUICK, Server, answers, asking

from passback import HTTP, CannotConnect, ServerError, Timeouts
from passback.http import reaching, stream, transport

LARGE = bytes(16 << 20)


async def reads_nothing(reader, _):
    await reader.readuntil(b"\r\n\r\n")
    await asyncio.sleep(1)


@pytest.fixture(params=[False, True], ids=["plain", "TLS"])
def certificate(request, authority):
    """What a server is to show, each in turn."""
    return authority.issue_cert("127.0.0.1") if request.param else None


def test_who_asks_many_hosts_has_few_sockets(monkeypatch):
    def getaddrinfo(_host, port, **_):
        return [(2, 1, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)

    async def check():
        server = Server(answers)
        async with asking(server) as http:
            for number in range(50):
                await http.request("GET", f"http://lms-{number}.example:{server.port}/")
            await server.left(20)
            await http.request("GET", f"http://lms-49.example:{server.port}/")
            assert server.opened == 50, "whom it asked last it still knows"

    asyncio.run(check())


def test_what_a_burst_opened_is_closed_though_others_are_in_use(monkeypatch):
    monkeypatch.setattr(transport, "_KEPT_SECONDS", 0.2)

    async def check():
        server = Server(answers)
        async with asking(server) as http:
            await asyncio.gather(*(http.request("GET", server.url) for _ in range(20)))
            assert server.open > 1
            for _ in range(8):
                await asyncio.sleep(0.05)
                await http.request("GET", server.url)
            await server.left(1)

    asyncio.run(check())


def test_a_socket_that_the_server_closed_is_closed_here_with_the_next_request():
    async def once(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(0.1)
        writer.write(EMPTY)
        await asyncio.sleep(0.1)

    async def check():
        server = Server(once)
        async with asking(server) as http:
            elsewhere = server.url.replace("127.0.0.1", "localhost")
            await asyncio.gather(*(http.request("GET", elsewhere) for _ in range(10)))
            await asyncio.sleep(0.2)
            await http.request("GET", server.url)
            assert len(http._transport._kept) <= 1

    asyncio.run(check())


@pytest.mark.parametrize("times", [1, 2])
def test_who_is_cancelled_leaves_no_socket_and_no_place_taken(monkeypatch, certificate, times):
    streams = []

    async def opened(*where):
        streams.append(await stream.opened(*where))
        return streams[-1]

    monkeypatch.setattr(reaching, "opened", opened)

    async def check():
        server = Server(reads_nothing, certificate)
        async with asking(server) as http:
            for _ in range(25):
                task = asyncio.create_task(http.request("POST", server.url, content=LARGE))
                await asyncio.sleep(0.02)
                for _ in range(times):
                    task.cancel()
                    await asyncio.sleep(0)
                await asyncio.gather(task, return_exceptions=True)
            assert len(streams) > 20
            await asyncio.sleep(0)
            assert all(each._ended for each in streams)

    asyncio.run(check())


def test_closing_that_is_cancelled_closes_all_the_same():
    async def check():
        server = Server(answers)
        async with asking(server) as http:
            await asyncio.gather(*(http.request("GET", server.url) for _ in range(10)))
            closing = asyncio.create_task(http.aclose())
            await asyncio.sleep(0)
            closing.cancel()
            await asyncio.gather(closing, return_exceptions=True)
            await server.left(0)

    asyncio.run(check())


def test_an_answer_that_comes_first_ends_the_sending_and_its_socket(certificate):
    async def refuse(reader, writer):
        if b"PUT" not in await reader.readuntil(b"\r\n\r\n"):
            writer.write(EMPTY)
            return
        writer.write(b"HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\n")
        # Until what was on its way has come, which isn't all.
        with suppress(TimeoutError):
            while True:
                async with asyncio.timeout(0.3):
                    assert await reader.read(1 << 20)
        writer.write(b"{}")
        await asyncio.sleep(0.3)

    async def check():
        server = Server(refuse, certificate)
        async with asking(server) as http:
            first = await http.request("PUT", server.url, content=LARGE)
            second = await http.request("POST", server.url)
            assert (first.status, second.status, server.opened) == (413, 204, 2)

    asyncio.run(check())


@pytest.mark.parametrize(
    "signs",
    [
        [b"HTTP/1.1 100 Continue\r\n\r\n"],
        [b"HTTP/1.1 103 Early Hints\r\n", b"link: </x>\r\n\r\n"],
        [b"HTTP/1.1 102 Processing\r\n\r\n"] * 3,
    ],
    ids=["at_once", "in_pieces", "again"],
)
@pytest.mark.parametrize("taken", [True, False])
def test_a_sign_of_life_ends_no_sending_but_the_answer_behind_it_does(certificate, signs, taken):
    async def encourage(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        for sign in signs:
            writer.write(sign)
            await asyncio.sleep(0.05)
        if taken:
            await reader.readexactly(len(LARGE))
        writer.write(EMPTY if taken else b"HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n")
        await asyncio.sleep(0.3)

    async def check():
        server = Server(encourage, certificate)
        async with asking(server) as http:
            status = (await http.request("PUT", server.url, content=LARGE)).status
            assert status == (204 if taken else 413)

    asyncio.run(check())


def test_who_takes_a_body_slowly_has_time_as_long_as_something_goes_on(certificate):
    async def slowly(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        left = 2 * len(LARGE)
        while left:
            left -= len(await reader.read(1 << 16))
            await asyncio.sleep(0.005)
        writer.write(EMPTY)

    async def check():
        server = Server(slowly, certificate)
        async with asking(server, Timeouts(connect=2, read=1.5, total=30)) as http:
            assert (await http.request("POST", server.url, content=2 * LARGE)).status == 204

    asyncio.run(check())


def test_who_takes_nothing_of_a_body_is_given_up(certificate):
    async def check():
        server = Server(reads_nothing, certificate)
        async with asking(server, Timeouts(connect=2, read=0.1, total=5)) as http:
            with pytest.raises(CannotConnect, match="no answer in time"):
                await http.request("POST", server.url, content=LARGE)

    asyncio.run(check())


def test_who_waited_in_vain_is_forgotten_without_a_garbage_collector():
    """What a failure still held would be the whole body, of each request that a hanging system was sent."""

    async def check():
        server = Server(reads_nothing)
        async with asking(server, Timeouts(connect=2, read=0.05, total=5)) as http:
            for _ in range(3):
                with suppress(CannotConnect):
                    await http.request("POST", server.url, content=b"{}")

    gc.collect()
    gc.disable()
    try:
        asyncio.run(check())
        assert not [each for each in gc.get_objects() if isinstance(each, stream.Stream)]
    finally:
        gc.enable()


def test_a_repetition_goes_over_a_socket_that_nobody_has_used():
    dying = False

    async def dies(reader, writer):
        while await reader.readuntil(b"\r\n\r\n"):
            if dying and server.opened <= 5:
                return
            await asyncio.sleep(0.05)
            writer.write(EMPTY)

    server = Server(dies)

    async def check():
        nonlocal dying
        async with asking(server) as http:
            await asyncio.gather(*(http.request("GET", server.url) for _ in range(5)))
            dying = True
            assert (await http.request("GET", server.url)).status == 204

    asyncio.run(check())


def test_what_is_said_before_tls_is_no_answer():
    async def inject(_, writer):
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
        await asyncio.sleep(0.1)

    async def check():
        server = Server(inject)
        async with asking(server) as http:
            with pytest.raises(CannotConnect, match="not reached"):
                await http.request("GET", server.url.replace("http:", "https:"))

    asyncio.run(check())


@pytest.mark.parametrize("name", ["Host", "content-length", "Transfer-Encoding", "upgrade"])
def test_what_says_where_a_request_ends_is_nobodys_to_say(name):
    with pytest.raises(ServerError, match=f"the header {name} is HTTP's own"):
        asyncio.run(HTTP(LOOPBACK).request("POST", "http://127.0.0.1:1/", headers={name: "1"}, content=b"x"))


def test_another_event_loop_gets_sockets_of_its_own():
    http = HTTP(LOOPBACK, QUICK)

    async def check():
        async with Server(answers) as server:
            status = (await http.request("GET", server.url)).status
            await http.aclose()
            return status

    assert [asyncio.run(check()) for _ in range(2)] == [204, 204]
