"""E-mail addresses, and names of servers, as mails, mail servers and DNS have them."""

from __future__ import annotations

import re
from email.errors import MessageError
from email.headerregistry import Address

import idna

__all__ = ["in_dns", "mailbox", "spelled"]

# RFC 6531 §3.3: an atom may have letters beyond ASCII.
_ATOMS = re.compile(r'[^\s()<>\[\]:;@\\,."]+(\.[^\s()<>\[\]:;@\\,."]+)*')


def in_dns(domain: str) -> str:
    """Return the name under which DNS has `domain`.

    Raises:
        ValueError: It can have none.
    """
    # Python's own codec is of 2003: for faß.de it gives fass.de, which may be somebody else's.
    return domain if domain.isascii() else idna.encode(domain, uts46=True).decode()


def spelled(address: str) -> str:
    """Return `address` with its domain as DNS has it; what stands before the @ has no other spelling.

    Raises:
        ValueError: Its domain can have no name in DNS.
    """
    local, at, domain = address.rpartition("@")
    return f"{local}{at}{in_dns(domain)}"


def mailbox(address: str, name: str = "") -> Address:
    """Return `address`, which is `spelled`, as it stands in a mail beside the `name` of who has it.

    Raises:
        ValueError: It can't stand in one.
    """
    local, _, domain = address.rpartition("@")
    if local.isascii():
        return _parsed(address, name)
    if not (local.isprintable() and _ATOMS.fullmatch(local)):
        raise ValueError("it can't stand in a mail")
    # The library reads ASCII alone before the @, and takes anything in parts.
    return Address(name, local, _parsed(f"x@{domain}").domain)


def _parsed(address: str, name: str = "") -> Address:
    try:
        return Address(name, addr_spec=address)
    except (MessageError, AttributeError, IndexError):
        # It stumbles over some that are none.
        raise ValueError("it can't stand in a mail") from None
