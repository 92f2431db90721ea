"""What a delivery needs beside its result: kept by others, and joined by the host."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import attrs
from sqlalchemy import Connection as Database

from passback.connection import Connection
from passback.model import Batch, Delivery, Receipt

__all__ = ["Equipment", "Unequipped"]


class Equipment(Protocol):
    """Gives deliveries the accounts and launches of their learners, and learns from what came of them."""

    async def equip(self, connection: Connection, deliveries: Sequence[Delivery]) -> Batch:
        """Return `deliveries` with what is known of their learners at `connection`."""

    def note(self, db: Database, connection: Connection, batch: Batch, receipts: Sequence[Receipt]) -> None:
        """Keep what `receipts` say of accounts and launches, in the transaction that settles them."""

    def noted(self, connection: Connection, receipts: Sequence[Receipt]) -> None:
        """Act on what was kept."""


@attrs.frozen
class Unequipped:
    """Knows nobody."""

    async def equip(self, _connection: Connection, deliveries: Sequence[Delivery]) -> Batch:
        """Return `deliveries` as they are."""
        return Batch(deliveries=tuple(deliveries))

    def note(
        self, _db: Database, _connection: Connection, _batch: Batch, _receipts: Sequence[Receipt]
    ) -> None:
        """Keep nothing."""

    def noted(self, _connection: Connection, _receipts: Sequence[Receipt]) -> None:
        """Do nothing."""
