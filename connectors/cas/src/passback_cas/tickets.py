"""Service tickets: what may be one, and what it was given out for (CAS Protocol 3.0 §3.1, §3.7)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from urllib.parse import urlencode

from passback import SignInRefused

__all__ = ["fingerprint", "service", "ticket"]

# §3.7 has letters, digits and hyphens; Apereo's own server adds _ and its host's name. Proxy tickets (PT-)
# are none, and nothing here can begin another parameter of the validation request (CVE-2014-4172).
_TICKET = re.compile(r"ST-[A-Za-z0-9._-]{1,253}")


def service(callback: str, state: str) -> str:
    """Return what a ticket is asked for and validated with: our configured address and the state.

    Never an address that a request names: its ``Host`` header is anybody's to write (CVE-2022-39369).
    """
    return f"{callback}{'&' if '?' in callback else '?'}{urlencode({'state': state})}"


def ticket(query: Sequence[tuple[str, str]]) -> str:
    """Return the one service ticket in `query`.

    Raises:
        SignInRefused: There is none, there are several, or it's no service ticket.
    """
    found = [value for name, value in query if name == "ticket"]
    if not found:
        raise SignInRefused("the CAS server sent the browser back without a ticket")
    if len(found) > 1:
        raise SignInRefused("there is more than one ticket; exactly one is expected")
    if not _TICKET.fullmatch(found[0]):
        raise SignInRefused("the ticket is no service ticket (ST-…); proxy tickets aren't accepted")
    return found[0]


def fingerprint(issuer: str, given: str) -> str:
    """Return what a used ticket is remembered by; the ticket can't be told from it."""
    return hashlib.sha256(f"{issuer}\n{given}".encode()).hexdigest()
