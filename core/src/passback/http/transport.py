"""What carries requests: aiohttp where it's installed, else httpx2's own transport.

Both open sockets only to permitted addresses, and both report every kind of failure as what it was, which
decides between "can't connect" and "server error" (docs/explanation/libraries.md).
"""

from __future__ import annotations

import ssl
from functools import cache
from importlib.metadata import PackageNotFoundError, version

import httpx2
from packaging.version import Version

from passback.http.address import AddressPolicy
from passback.http.over_httpx2 import OverHttpx2
from passback.http.wire import Transport

__all__ = ["open_transport"]

# The first whose clients had middlewares and that is tried here.
_AIOHTTP = Version("3.13")
_SOCKETS = 20
_KEPT_SECONDS = 30.0


def open_transport(policy: AddressPolicy) -> Transport:
    """Return what carries the requests of one connection to addresses that `policy` permits."""
    if _has_aiohttp():
        # Importing it takes longer than everything else here.
        from passback.http.over_aiohttp import OverAiohttp  # noqa: PLC0415

        return OverAiohttp(policy, _tls(), _SOCKETS, _KEPT_SECONDS)
    return OverHttpx2(policy, _tls(), _SOCKETS, _KEPT_SECONDS)


@cache
def _has_aiohttp() -> bool:
    try:
        return Version(version("aiohttp")) >= _AIOHTTP
    except PackageNotFoundError:
        return False


@cache
def _tls() -> ssl.SSLContext:
    # Loading the certificate store costs tens of milliseconds, and every connection needs the same one.
    return httpx2.create_ssl_context()
