"""How a request that isn't taken is answered."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["Refused"]


class Refused(Exception):
    """A request isn't taken; the message says what is wrong with it, without the data.

    Attributes:
        status: The status of the answer.
        headers: What is answered besides.
    """

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}
