"""A connector is one of many in a process: what is the host's, and what is another's, isn't its own."""

from __future__ import annotations

import asyncio
import gc
import locale
import logging
import os
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from passback.connection import Connection
from passback.http import HTTP
from passback.http.names import THREAD
from passback.testing.breaking import Broken
from passback.testing.operations import OPERATIONS, attempt, submit
from passback.testing.rule import rule
from passback.testing.scene import LOOPBACK, PATIENT, Scene, Take, validated
from passback.testing.secrets import tokens

__all__: list[str] = []

_ESSENTIAL = {"PATH", "HOME", "SYSTEMROOT", "PYTEST_CURRENT_TEST"}
_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def _process() -> Iterator[tuple[str, object]]:
    """Yield what belongs to the whole process, as it is now."""
    yield "os.environ", dict(os.environ)
    yield "the working directory", Path.cwd()
    yield "the locale", locale.setlocale(locale.LC_ALL)
    root = logging.getLogger()
    yield "the root logger", (root.level, tuple(map(id, root.handlers)), logging.root.manager.disable)
    yield "the signal handlers", [signal.getsignal(each) for each in _SIGNALS]
    yield "socket.setdefaulttimeout", socket.getdefaulttimeout()
    yield "sys.excepthook", sys.excepthook
    yield "sys.path", list(sys.path)
    yield "the recursion limit", sys.getrecursionlimit()
    yield "gc.disable", gc.isenabled()
    loop = asyncio.get_running_loop()
    yield "the event loop", (loop.get_exception_handler(), loop.get_task_factory())


@contextmanager
def _restored() -> Iterator[None]:
    """Give the process back what it had, whatever somebody does to it meanwhile."""
    environ, folder, place = dict(os.environ), Path.cwd(), locale.setlocale(locale.LC_ALL)
    root = logging.getLogger()
    level, off, handlers = root.level, root.manager.disable, list(root.handlers)
    timeout, limit = socket.getdefaulttimeout(), sys.getrecursionlimit()
    hook, path = sys.excepthook, list(sys.path)
    signals = [(each, signal.getsignal(each)) for each in _SIGNALS]
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(environ)
        os.chdir(folder)
        locale.setlocale(locale.LC_ALL, place)
        root.setLevel(level)
        root.handlers[:] = handlers
        logging.disable(off)
        socket.setdefaulttimeout(timeout)
        sys.setrecursionlimit(limit)
        sys.excepthook, sys.path[:] = hook, path
        gc.enable()
        for each, handler in signals:
            if handler is not None and signal.getsignal(each) != handler:
                signal.signal(each, handler)


def _make_unusual() -> None:
    """Give the process settings that nobody has, so that whoever sets one is seen, also the second time."""
    for name in os.environ.keys() - _ESSENTIAL:
        del os.environ[name]
    os.chdir(tempfile.gettempdir())
    locale.setlocale(locale.LC_ALL, "C")
    gc.enable()
    logging.getLogger().setLevel(logging.WARNING + 3)
    logging.disable(3)
    sys.setrecursionlimit(sys.getrecursionlimit() + 3)
    socket.setdefaulttimeout(333.0)


def _threads() -> set[str]:
    usual = ("asyncio_", "AnyIO", THREAD)
    return {f"{each.name} {each.ident}" for each in threading.enumerate() if not each.name.startswith(usual)}


@rule("life.leaves_the_host_alone")
async def _leaves_the_host_alone(scene: Scene) -> None:
    """Environment, logging, locale, signals and threads stay as they were; else the host app breaks.

    Take what you need from options; give libraries their settings as arguments, and end threads in aclose.
    """
    with _restored():
        async with scene.take() as take:
            await _left_alone(scene, take)


async def _left_alone(scene: Scene, take: Take) -> None:
    take.options()
    threads = _threads()
    _make_unusual()
    before = dict(_process())
    connection = take.connection = take.unopened()
    for operation in OPERATIONS:
        if operation.needs <= scene.able:
            await attempt(operation.play(take))
    await connection.aclose()
    for name, value in _process():
        if value != before[name]:
            raise Broken(f"it changed what belongs to the host: {name}")
    if more := _threads() - threads:
        raise Broken(f"after aclose, a thread of its own still runs: {min(more).rpartition(' ')[0]}")


@rule("life.strangers")
async def _strangers(scene: Scene) -> None:
    """Two customers' connections in one process share nothing; else results or tokens go to the other's.

    Keep what belongs to a connection on self, set in __init__; not in the module, nor on the class.
    """
    async with scene.take() as take:
        await _everything(scene, take)
        mine, own = tokens(take.record), take.connection
        other = take.connection = _to_elsewhere(scene, take)
        try:
            await _everything(scene, take)
            take.connection = own
            take.options()  # a sandbox may have been told where it is
            carried = {each.header("authorization").partition(" ")[2] for each in take.record.elsewhere}
            if mine & carried:
                raise Broken("another customer's system was sent the token that this one's gave")
            sent = len(take.record.elsewhere)
            outcome = await attempt(take.connection.check())
            if outcome.error is not None:
                raise Broken(f"since there is a second connection, the first one's check comes to {outcome}")
            if "submit_results" in scene.able:
                await attempt(submit(take, take.deliveries(2)))
            if take.record.elsewhere[sent:]:
                raise Broken("since there is a second connection, the first one asks the other's system")
        finally:
            await other.aclose()


async def _everything(scene: Scene, take: Take) -> None:
    for operation in reversed(OPERATIONS[:3]):
        if operation.needs <= scene.able:
            await attempt(operation.play(take))


def _to_elsewhere(scene: Scene, take: Take) -> Connection:
    given = dict(take.suite.options(take.sandbox, scene.stand.elsewhere))
    options = validated(scene.suite, given)
    http = HTTP(LOOPBACK, PATIENT, take.clock)
    return Connection("another", scene.suite.connector, options, http, take.clock)
