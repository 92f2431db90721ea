"""Looks up the addresses of names, each in a thread of its own.

A name server that is away holds a look-up for half a minute, and nothing ends that. asyncio has a handful of
threads for all of them, so a few dead names would keep every other connection of the process from opening
a socket. These are daemons, too: none holds up the end of the process.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from concurrent.futures import Future
from contextlib import suppress
from threading import Thread

__all__ = ["THREAD", "addresses_of"]

# What the threads are called.
THREAD = "passback-name"


async def addresses_of(host: str, port: int) -> list[str]:
    """Return the addresses of `host`, in the order in which the system would have them tried.

    Raises:
        OSError: It has none, or nobody knows.
        ValueError: It's no name.
    """
    with suppress(ValueError):
        return [str(ipaddress.ip_address(host))]
    found: Future[list[str]] = Future()
    # Whoever loses patience leaves it to itself.
    found.set_running_or_notify_cancel()
    Thread(target=_look_up, args=(host, port, found), name=THREAD, daemon=True).start()
    return await asyncio.wrap_future(found)


def _look_up(host: str, port: int, found: Future[list[str]]) -> None:
    try:
        entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except BaseException as error:  # noqa: BLE001 - it's raised again, where it's awaited
        found.set_exception(error)
    else:
        found.set_result(list(dict.fromkeys(str(entry[4][0]) for entry in entries)))
