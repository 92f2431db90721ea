"""Of the addresses that a host has, some may be dead; whoever asks it has no patience for them to lose."""

import asyncio
import socket
import sys
import time
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path

import pytest
from conversing import LOOPBACK, Server, answers

from passback import HTTP, AddressPolicy, CannotConnect, Timeouts

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="elsewhere the loopback has one address, and nothing there is dead"
)

LIVING = "127.7.0.9"
DEAD = [f"127.7.0.{number}" for number in range(1, 8)]
PATIENT = Timeouts(connect=30, read=30, total=60)
BOTH = AddressPolicy(allow_http=True, allow=("127.0.0.0/8", "::1/128"))


@contextmanager
def dead(*where):
    """Let nobody answer there; yield the sockets that could."""
    with ExitStack() as stack:
        listening = []
        for address in where:
            listener = stack.enter_context(socket.create_server(address, backlog=0))
            # What comes when its queue is full is dropped.
            stack.enter_context(socket.create_connection(listener.getsockname()))
            listening.append(listener)
        yield listening


@asynccontextmanager
async def named(monkeypatch, *addresses, policy=LOOPBACK, timeouts=PATIENT):
    """Yield what asks, and let lms.example have `addresses`."""
    asked_before = socket.getaddrinfo

    def getaddrinfo(host, port, *rest, **more):
        if host == "lms.example":
            return [(2, 1, 6, "", (address, port)) for address in addresses]
        return asked_before(host, port, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    http = HTTP(policy, timeouts)
    try:
        yield http
    finally:
        await http.aclose()


async def asked(http, server, scheme="http"):
    """Ask over a socket that is new; return the status."""
    await http.aclose()
    async with asyncio.timeout(10):
        return (await http.request("GET", f"{scheme}://lms.example:{server.port}/")).status


@pytest.mark.parametrize("many", [1, 2, 7])
def test_dead_addresses_cost_nobody_their_patience(monkeypatch, many):
    async def check():
        async with (
            Server(answers, host=LIVING) as server,
            named(monkeypatch, *DEAD[:many], LIVING) as http,
        ):
            with dead(*((address, server.port) for address in DEAD[:many])):
                assert await asked(http, server) == 204

    asyncio.run(check())


def test_the_address_that_answered_is_tried_first_from_then_on(monkeypatch):
    async def check():
        async with (
            Server(answers, host=LIVING) as server,
            named(monkeypatch, DEAD[0], LIVING) as http,
        ):
            with dead((DEAD[0], server.port)) as [listener]:
                await asked(http, server)
                other = await asyncio.start_server(answers, sock=listener)
                await asked(http, server)
                other.close()
            assert server.opened == 2

    asyncio.run(check())


def test_what_answered_before_is_not_tried_where_the_name_leads_elsewhere_now(monkeypatch):
    async def check():
        async with (
            Server(answers, host=LIVING) as server,
            Server(answers, host=DEAD[0], port=server.port) as other,
            named(monkeypatch, LIVING, DEAD[1]) as http,
        ):
            await asked(http, server)
            async with named(monkeypatch, DEAD[0], DEAD[1]):
                await asked(http, server)
            assert (server.opened, other.opened) == (1, 1)

    asyncio.run(check())


def test_both_families_are_tried_in_turns(monkeypatch):
    async def check():
        async with (
            Server(answers, host="::1") as server,
            Server(answers, host=LIVING, port=server.port) as other,
            named(monkeypatch, DEAD[0], LIVING, "::1", policy=BOTH) as http,
        ):
            with dead((DEAD[0], server.port)):
                await asked(http, server)
            assert (server.opened, other.opened) == (1, 0)

    asyncio.run(check())


def test_of_very_many_addresses_few_are_tried_at_once(monkeypatch):
    async def check():
        async with (
            Server(answers, host=LIVING) as server,
            named(monkeypatch, *DEAD, LIVING) as http,
        ):
            with dead(*((address, server.port) for address in DEAD)):
                before = open_files()
                asking = asyncio.create_task(asked(http, server))
                most = 0
                while not asking.done():
                    most = max(most, open_files() - before)
                    await asyncio.sleep(0.01)
                assert asking.result() == 204
            assert most <= 4 + 2, "and the two ends of the one that came about"

    asyncio.run(check())


def open_files():
    return len(list(Path("/dev/fd").iterdir()))


@pytest.mark.parametrize("times", [0, 1, 2])
def test_who_gives_up_or_is_served_leaves_no_socket_to_a_dead_address(monkeypatch, times):
    async def check():
        async with (
            Server(answers, host=LIVING) as server,
            named(monkeypatch, *DEAD[:3], *([] if times else [LIVING])) as http,
        ):
            with dead(*((address, server.port) for address in DEAD[:3])):
                before = open_files()
                asking = asyncio.create_task(asked(http, server))
                if times:
                    await asyncio.sleep(0.6)
                    assert open_files() > before
                for _ in range(times):
                    asking.cancel()
                    await asyncio.sleep(0)
                await asyncio.gather(asking, return_exceptions=True)
                await http.aclose()
                await server.left(0)
                await asyncio.sleep(0.01)
                assert open_files() == before

    asyncio.run(check())


def test_two_that_answer_at_once_leave_one_socket(monkeypatch):
    async def check():
        async with Server(answers, host=LIVING) as server, named(monkeypatch, *DEAD[:2]) as http:
            with dead(*((address, server.port) for address in DEAD[:2])) as listening, ExitStack() as stack:
                before = open_files()
                asking = asyncio.create_task(asked(http, server))
                await asyncio.sleep(0.4)
                for each in listening:
                    stack.enter_context(each.accept()[0])
                # Both are tried again by the operating system after a second, and the loop sees both at once.
                time.sleep(1.6)  # noqa: ASYNC251 - that is the point
                await asyncio.sleep(0.05)
                assert open_files() == before + len(listening) + 1
                asking.cancel()
                await asyncio.gather(asking, return_exceptions=True)

    asyncio.run(check())


@pytest.mark.parametrize(
    ("addresses", "said"),
    [((DEAD[1], DEAD[0]), r"not reached \(connection refused\)"), (DEAD[:2], "no answer in time")],
)
def test_where_nobody_answers_what_the_first_says_is_told(monkeypatch, addresses, said):
    async def check():
        quick = Timeouts(connect=0.3, read=1, total=10)
        async with (
            Server(answers, host=LIVING) as server,
            named(monkeypatch, *addresses, timeouts=quick) as http,
        ):
            with dead((DEAD[0], server.port)), pytest.raises(CannotConnect, match=said):
                await asked(http, server)

    asyncio.run(check())


@asynccontextmanager
async def trusted_and_not(authority):
    """Yield a server that is trusted; another, which isn't, is at the same port of the first dead address."""
    async with (
        Server(answers, authority.issue_cert("lms.example"), host=LIVING) as server,
        Server(answers, authority.issue_cert("elsewhere.example"), host=DEAD[0], port=server.port),
    ):
        yield server


def test_where_tls_fails_at_one_address_the_others_are_tried(monkeypatch, authority):
    async def check():
        async with trusted_and_not(authority) as server, named(monkeypatch, DEAD[0], LIVING) as http:
            assert await asked(http, server, "https") == 204

    asyncio.run(check())


def test_who_answers_and_is_not_trusted_is_told_rather_than_who_does_not_answer(monkeypatch, authority):
    async def check():
        async with trusted_and_not(authority) as server, named(monkeypatch, DEAD[0], DEAD[1]) as http:
            with pytest.raises(CannotConnect, match=r"certificate is not valid for 'lms\.example'"):
                await asked(http, server, "https")

    asyncio.run(check())
