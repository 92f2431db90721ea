"""Who is told, and how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from passback.alerts.channel import Channel
from passback.contract import Observer

__all__ = ["Watched"]


@attrs.frozen(kw_only=True)
class Watched:
    """Who is told, and how.

    Attributes:
        contacts: The configured connections, each with its contact; empty where that can't be read.
        channels: The ways on which people are told.
        observers: The host's own code that is told.
    """

    contacts: Mapping[str, str]
    channels: Sequence[Channel] = ()
    observers: Sequence[Observer] = ()

    def recipients(self, connection: str) -> Mapping[str, str]:
        """Return who is told of `connection` on each channel."""
        contact = self.contacts.get(connection, "")
        told = {each.name: each.recipient(contact) for each in self.channels}
        return {name: recipient for name, recipient in told.items() if recipient}
