"""One configured connector, as the rest of Passback sees it."""

from __future__ import annotations

from passback.connection.connection import Connection

__all__ = ["Connection"]
