"""The host's own mail server, as it is configured."""

from __future__ import annotations

from typing import Literal

import attrs

__all__ = ["MailServer"]

_PORTS = {"starttls": 587, "tls": 465, "none": 25}


@attrs.frozen(kw_only=True)
class MailServer:
    """The mail server that takes what is sent.

    Attributes:
        host: Its name.
        port: Its port; None for the usual one.
        security: ``starttls``, ``tls`` from the first byte, or ``none``.
        username: Who we are there; None where it asks nobody.
        password: Our password there.
        sender: The address that mails are from.
        timeout: How long to wait for each of its answers, in seconds.
    """

    host: str
    sender: str
    port: int | None = None
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str | None = None
    password: str | None = attrs.field(default=None, repr=False)
    timeout: float = 30.0

    @property
    def port_used(self) -> int:
        """Its port, or the usual one."""
        return self.port or _PORTS[self.security]

    @property
    def shown(self) -> str:
        """Its address, for a person."""
        return f"{self.host}:{self.port_used}"
