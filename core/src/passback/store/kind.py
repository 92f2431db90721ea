"""What a transaction is for, which says how it begins."""

from __future__ import annotations

from enum import Enum, auto

__all__ = ["Kind"]


class Kind(Enum):
    """One kind of transaction."""

    # On the disk when it's committed.
    DURABLE = auto()
    # A power cut may undo it, but nothing else.
    SOFT = auto()
    # It writes nothing, and sees everything as it was at one moment.
    READING = auto()
