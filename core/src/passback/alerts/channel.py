"""A way on which people are told."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Protocol

import attrs

from passback.contract import Alerted

__all__ = ["Broken", "Channel", "InDoubt", "Parcel"]


@attrs.frozen(kw_only=True)
class Parcel:
    """What is sent to somebody.

    Attributes:
        key: The same for each try to send it.
        recipient: To whom.
        alert: What it tells.
    """

    key: str
    recipient: str
    alert: Alerted


class InDoubt(str):
    """Why nobody knows whether it arrived: the whole of it was sent, and the answer was lost."""

    __slots__ = ()


class Channel(Protocol):
    """A way on which people are told."""

    name: str

    def recipient(self, contact: str) -> str:
        """Return who gets what concerns a connection with this contact."""

    def send(self, parcels: Sequence[Parcel]) -> AsyncGenerator[str, None]:
        """Send `parcels`; yield for each why it failed, empty if it arrived, `InDoubt` if it may have.

        It may end early: those that are left are tried another time. Cancelled while one may have arrived, it
        leaves with a `CancelledError` that has an `InDoubt`.
        """

    async def aclose(self) -> None:
        """Close what is open."""


class Broken:
    """A channel that can't be used."""

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        self._reason = reason

    def recipient(self, contact: str) -> str:
        """Return who would get it."""
        return contact

    async def send(self, parcels: Sequence[Parcel]) -> AsyncGenerator[str, None]:
        """Yield for each of `parcels` why it can't be sent."""
        for _ in parcels:
            yield self._reason

    async def aclose(self) -> None:
        """Close nothing."""
