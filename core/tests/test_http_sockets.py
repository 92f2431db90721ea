"""Sockets that nobody uses are closed: ten thousand connections mustn't use up a process's files."""

import asyncio
import gc
import weakref
from contextlib import asynccontextmanager

import pytest
from conversing import LOOPBACK, Server, answers

from passback import HTTP
from passback.http import sockets


def served(work):
    async def run():
        async with Server(answers) as watched:
            await work(watched, watched.url)

    asyncio.run(run())


@asynccontextmanager
async def several(url, many):
    sessions = [HTTP(LOOPBACK) for _ in range(many)]
    for each in sessions:
        await each.request("GET", url)
    yield sessions
    for each in sessions:
        await each.aclose()


def test_of_those_who_keep_a_socket_whoever_used_it_longest_ago_gives_it_up(monkeypatch):
    async def check(watched, url):
        monkeypatch.setattr(sockets, "room_for_sockets", lambda: 6)
        async with several(url, 5) as sessions:
            await watched.left(3)
            assert watched.open == 3
            await sessions[-1].request("GET", url)
            assert watched.opened == 5
            await sessions[0].request("GET", url)
            assert watched.opened == 6

    served(check)


def test_a_socket_that_nobody_uses_for_a_while_is_closed_and_the_next_request_opens_another(monkeypatch):
    async def check(watched, url):
        monkeypatch.setattr(sockets, "_LONGEST", 0.1)
        async with several(url, 3) as sessions:
            await watched.left(0)
            assert (await sessions[0].request("GET", url)).status == 204
            assert watched.opened == 4

    served(check)


def test_a_socket_that_is_in_use_is_never_taken_away(monkeypatch):
    async def check(_, url):
        monkeypatch.setattr(sockets, "room_for_sockets", lambda: 2)
        one = HTTP(LOOPBACK)

        async def others():
            async with several(url, 5):
                pass

        answers = await asyncio.gather(*(one.request("GET", url) for _ in range(5)), others(), others())
        assert [each.status for each in answers[:5]] == [204] * 5
        await one.aclose()

    served(check)


def test_an_event_loop_that_is_over_is_not_kept():
    loops = []

    async def check(_, url):
        loops.append(weakref.ref(asyncio.get_running_loop()))
        async with several(url, 2):
            pass

    served(check)
    gc.collect()
    assert loops[0]() is None


@pytest.mark.skipif(not hasattr(sockets, "resource"), reason="Windows counts sockets apart from files")
def test_half_of_the_files_of_a_process_may_be_sockets(monkeypatch):
    limits = {"now": (1024, 4096)}
    monkeypatch.setattr(sockets.resource, "getrlimit", lambda _: limits["now"])
    monkeypatch.setattr(sockets.resource, "setrlimit", lambda _, wanted: limits.update(now=wanted))
    assert sockets.room_for_sockets() == 512
    sockets.allow_more_sockets()
    assert sockets.room_for_sockets() == 2048
    limits["now"] = (sockets.resource.RLIM_INFINITY, sockets.resource.RLIM_INFINITY)
    sockets.allow_more_sockets()
    assert sockets.room_for_sockets() == 1 << 15
