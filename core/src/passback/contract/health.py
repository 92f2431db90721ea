"""How a connection does, in one word."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Health"]


class Health(StrEnum):
    """How a connection does, in the words that status and mails use."""

    OK = "ok"
    CANNOT_CONNECT = "can't connect"
    SERVER_ERROR = "server error"
    PAUSED = "paused"
    MISCONFIGURED = "misconfigured"
