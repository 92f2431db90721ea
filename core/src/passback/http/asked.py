"""A request without its body: what can't be sent is told before anything is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from importlib.metadata import version
from typing import TypeAlias

import attrs
import httpx2

from passback.errors import ServerError
from passback.http.response import secrets_in

__all__ = ["Asked", "Origin", "Query"]

Query: TypeAlias = Mapping[str, str | int | bool]
# Scheme, host and port: what a socket leads to.
Origin: TypeAlias = tuple[str, str, int]

_PORTS = {"http": 80, "https": 443}
# What RFC 9110 §5.5 lets a field value be.
_SENDABLE = re.compile(r"([\x21-\x7e]([\x20-\x7e\t]*[\x21-\x7e])?)?")
# What says where an answer or a request ends; whoever could say it twice could hide one request in another.
_FRAMING = frozenset({"content-length", "host", "transfer-encoding", "upgrade"})


# Its repr would show what nobody is to see.
@attrs.frozen(kw_only=True, repr=False, eq=False)
class Asked:
    """A request without its body.

    Attributes:
        method: ``GET``, ``POST``, …
        address: Where it goes, without what may hold credentials; for people.
        short: Method and path; for people.
        origin: Which server it goes to.
        target: Path and query, as they go out.
        headers: As they go out, beside the body's length.
        secrets: What proves who asks, among them.
    """

    method: str
    address: str
    short: str
    origin: Origin
    target: bytes
    headers: Sequence[tuple[bytes, bytes]]
    secrets: frozenset[str]

    def __str__(self) -> str:
        return f"{self.method} {self.address}"

    @classmethod
    def of(cls, method: str, url: str, query: Query, headers: Mapping[str, str]) -> Asked:
        """Return the request to `url`, with `query` added.

        Raises:
            ServerError: It can't be sent; says why.
        """
        address = _with_query(_address(url), query) if query else _address(url)
        given = {"accept": "application/json", "user-agent": _user_agent(), **headers}
        shown = _shown(address)
        _require_sendable(given, f"{method} {shown}")
        return cls(
            method=method,
            address=shown,
            short=f"{method} {address.path}",
            origin=(address.scheme, address.raw_host.decode(), address.port or _PORTS[address.scheme]),
            target=address.raw_path,
            headers=[
                (b"Host", address.netloc),
                *((name.encode(), value.encode()) for name, value in given.items()),
            ],
            secrets=secrets_in(given),
        )


@cache
def _user_agent() -> str:
    return f"passback/{version('passback')}"


# Most connections ask the same few addresses again and again.
@lru_cache(maxsize=256)
def _address(url: str) -> httpx2.URL:
    try:
        address = httpx2.URL(url)
    except (httpx2.InvalidURL, UnicodeError, ValueError, TypeError):
        raise _no_url() from None
    if address.scheme not in ("http", "https") or not address.host:
        raise ServerError("the address must start with https://")
    if not 0 < (address.port or 443) < 1 << 16:
        raise ServerError("the address has a port that doesn't exist; check its spelling")
    return address


def _with_query(address: httpx2.URL, query: Query) -> httpx2.URL:
    try:
        return address.copy_merge_params(dict(query))
    except (httpx2.InvalidURL, UnicodeError, ValueError, TypeError):
        raise _no_url() from None


def _no_url() -> ServerError:
    return ServerError("the address is no URL that can be called; check its spelling")


def _shown(url: httpx2.URL) -> str:
    # Without query, fragment and user information: those may hold credentials.
    port = f":{url.port}" if url.port else ""
    host = f"[{url.host}]" if ":" in url.host else url.host
    return f"{url.scheme}://{host}{port}{url.path}"


def _require_sendable(headers: Mapping[str, str], asked: str) -> None:
    for name, value in headers.items():
        if name.lower() in _FRAMING:
            raise ServerError(f"{asked}: the header {name} is HTTP's own; leave it out")
        if not _SENDABLE.fullmatch(value):
            raise ServerError(
                f"{asked}: the header {name} can't be sent: its value has a line break, a space at its end "
                "or a character that headers don't allow; check key, secret or token"
            )
