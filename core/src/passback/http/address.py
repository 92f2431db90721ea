"""Which addresses a connection may reach.

Customers type URLs that our server then calls, so what is not on the public internet is refused unless
the host app allows it. The check stands where the socket is opened, after name resolution and on the very
address that is then connected to: a name that changes its mind between check and use gains nothing.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Iterable
from typing import TypeAlias

import attrs

from passback.http.names import addresses_of
from passback.http.wire import Late, NotReached, words

__all__ = ["AddressPolicy", "addressed"]

_IP: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
_Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# Python's own tables leave these out, or learnt of them only lately.
_NOT_PUBLIC = tuple(
    ipaddress.IPv6Network(each)
    for each in ("::/96", "::ffff:0:0:0/96", "64:ff9b:1::/48", "2002::/16", "fec0::/10")
)


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


async def addressed(policy: AddressPolicy, host: str, port: int, seconds: float) -> list[str]:
    """Return the addresses of `host` that may be connected to, in the order in which to try them.

    Raises:
        NotReached: It has none, or none that is permitted.
        Late: Nobody knows within `seconds`.
    """
    try:
        async with asyncio.timeout(seconds):
            addresses = await addresses_of(host, port)
    except TimeoutError:
        raise Late(f"looking up {host} took too long") from None
    except OSError as error:
        raise NotReached(f"no such host as {host} ({words(error)})") from None
    except ValueError:
        raise NotReached(f"no such host as {host} (a part of that name is empty or too long)") from None
    permitted = [address for address in addresses if policy.permits(address)]
    if not permitted and addresses:
        which = "" if host == addresses[0] else f" is the address {addresses[0]}, which"
        raise NotReached(
            f"{host}{which} is not on the public internet; "
            "if that is meant, allow it for this connection (network.allow)"
        )
    return permitted
