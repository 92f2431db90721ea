"""E-mail addresses, and names of servers, as mail servers and DNS have them."""

from __future__ import annotations

import idna

__all__ = ["in_dns", "spelled"]


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
