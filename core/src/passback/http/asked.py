"""A request without its body: what can't be sent is told before anything is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.metadata import version
from typing import TypeAlias

import attrs
import h11
import httpx2

from passback.errors import ServerError
from passback.http.response import secrets_in

__all__ = ["Asked", "Origin", "Query"]

Query: TypeAlias = Mapping[str, str | int | bool]
# Scheme, host and port: what a socket leads to.
Origin: TypeAlias = tuple[str, str, int]

# What has a body, if only an empty one; and what is answered without one, whatever length that says.
_WITH_BODY = frozenset({b"POST", b"PUT", b"PATCH"})
_BODILESS = frozenset({"HEAD", "CONNECT"})
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
        address: Where it goes, without what may hold credentials; for people.
        short: Method and path; for people.
        origin: Which server it goes to.
        request: What goes out, but for the body and its length.
        head: The same, as it's written.
        plain: Whether nothing in it changes how its answer is read.
        secrets: What proves who asks, among its headers.
    """

    address: str
    short: str
    origin: Origin
    request: h11.Request
    head: bytes
    plain: bool
    secrets: frozenset[str]

    def __str__(self) -> str:
        return f"{self.request.method.decode()} {self.address}"

    def written(self, content: bytes | None) -> bytes:
        """Return what goes out, with `content` as its body; None for none."""
        if content is None and self.request.method not in _WITH_BODY:
            return b"%b\r\n" % self.head
        content = content or b""
        return b"%bContent-Length: %d\r\n\r\n%b" % (self.head, len(content), content)

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
        short = f"{method} {address.path}"
        lines = [
            (b"Host", address.netloc),
            *((name.encode(), value.encode()) for name, value in given.items()),
        ]
        try:
            request = h11.Request(method=method.encode(), target=address.raw_path, headers=lines)
        except h11.LocalProtocolError:
            raise ServerError(f"{short}: the request can't be put on the wire") from None
        head = h11.Connection(h11.CLIENT).send(request) or b""
        return cls(
            address=shown,
            short=short,
            origin=(address.scheme, address.raw_host.decode(), address.port or _PORTS[address.scheme]),
            request=request,
            head=head.removesuffix(b"\r\n"),
            plain=method not in _BODILESS and "connection" not in map(str.lower, given),
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
