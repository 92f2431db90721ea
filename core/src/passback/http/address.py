"""Which addresses a connection may reach.

Customers type URLs that our server then calls, so what is not on the public internet is refused unless
the host app allows it. The check stands where the socket is opened, after name resolution and on the very
address that is then connected to: a name that changes its mind between check and use gains nothing.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
import ssl
from collections.abc import Awaitable, Callable, Iterable
from contextvars import ContextVar
from typing import TypeAlias, TypeVar

import attrs
import httpcore2
import httpx2

from passback.http.names import addresses_of

__all__ = ["AddressPolicy", "GuardedBackend", "connect", "connected", "plainly"]

_Opened = TypeVar("_Opened")

_IP: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
_Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
_SocketOption: TypeAlias = (
    tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]
)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# Python's own tables leave these out, or learnt of them only lately.
_NOT_PUBLIC = tuple(
    ipaddress.IPv6Network(each)
    for each in ("::/96", "::ffff:0:0:0/96", "64:ff9b:1::/48", "2002::/16", "fec0::/10")
)

# Set when the request in hand opened a connection of its own rather than taking one from the pool.
connected: ContextVar[bool] = ContextVar("passback_connected", default=False)


def _networks(values: Iterable[str]) -> tuple[_Network, ...]:
    return tuple(ipaddress.ip_network(value) for value in values)


@attrs.frozen(kw_only=True)
class AddressPolicy:
    """What one connection may reach.

    Attributes:
        allow_http: Whether plain ``http://`` may be used.
        allow: Networks beyond the public internet that may be reached, as ``10.0.0.0/8``.
    """

    allow_http: bool = False
    allow: tuple[_Network, ...] = attrs.field(default=(), converter=_networks)

    def permits(self, address: str) -> bool:
        """Return whether `address`, a literal IP, may be connected to."""
        ip = ipaddress.ip_address(address.partition("%")[0])
        return any(ip in network for network in self.allow) or all(
            form.is_global and not form.is_multicast and not any(form in each for each in _NOT_PUBLIC)
            for form in _forms(ip)
        )


def _forms(ip: _IP) -> list[_IP]:
    # An IPv6 address can carry an IPv4 one that a gateway on the way would connect to.
    forms: list[_IP] = [ip]
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            return [ip.ipv4_mapped]
        if ip in _NAT64:
            forms.append(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF))
    return forms


async def connect(
    policy: AddressPolicy,
    host: str,
    port: int,
    seconds: float | None,
    to: Callable[[str], Awaitable[_Opened]],
) -> _Opened:
    """Return what `to` opens, to the first permitted address of `host` that answers within `seconds`.

    Raises:
        httpx2.ConnectError: None is permitted, or none answers; says why.
        httpx2.ConnectTimeout: Nothing happened in time.
    """
    connected.set(True)
    failure: httpx2.TransportError = httpx2.ConnectError(f"{host} has no address")
    for address in await _permitted(policy, host, port, seconds):
        try:
            async with asyncio.timeout(seconds):
                return await to(address)
        except TimeoutError:
            failure = httpx2.ConnectTimeout("")
        except ssl.SSLError as error:
            raise httpx2.ConnectError(str(error)) from error
        except (OSError, httpcore2.ConnectError) as error:
            failure = httpx2.ConnectError(plainly(error))
    raise failure


async def _permitted(policy: AddressPolicy, host: str, port: int, seconds: float | None) -> list[str]:
    addresses = await _resolve(host, port, seconds)
    permitted = [address for address in addresses if policy.permits(address)]
    if not permitted and addresses:
        which = "" if host == addresses[0] else f" is the address {addresses[0]}, which"
        raise httpx2.ConnectError(
            f"{host}{which} is not on the public internet; "
            "if that is meant, allow it for this connection (network.allow)"
        )
    return permitted


class GuardedBackend(httpcore2.AsyncNetworkBackend):
    """Opens sockets, but only to addresses that the policy permits."""

    def __init__(self, policy: AddressPolicy) -> None:
        self._policy = policy
        self._backend = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore2's own signature
        local_address: str | None = None,
        socket_options: Iterable[_SocketOption] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Connect to the first permitted address of `host` that answers."""

        async def to(address: str) -> httpcore2.AsyncNetworkStream:
            return await self._backend.connect_tcp(address, port, None, local_address, socket_options)

        return await connect(self._policy, host, port, timeout, to)

    async def sleep(self, seconds: float) -> None:
        """Wait, as httpcore2 asks."""
        await asyncio.sleep(seconds)


def plainly(error: BaseException) -> str:
    """Return what the operating system said, where a library says that all attempts failed."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno:
            return os.strerror(cause.errno).lower()
        if isinstance(cause, BaseExceptionGroup):
            cause = cause.exceptions[0]
        else:
            cause = cause.__cause__ or cause.__context__
    return str(error)


async def _resolve(host: str, port: int, seconds: float | None) -> list[str]:
    try:
        async with asyncio.timeout(seconds):
            return await addresses_of(host, port)
    except TimeoutError:
        raise httpx2.ConnectTimeout(f"looking up {host} took too long") from None
    except (OSError, ValueError) as error:
        raise httpx2.ConnectError(f"no such host as {host} ({error})") from None
