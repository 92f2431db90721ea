"""How an event that isn't taken is answered."""

from __future__ import annotations

__all__ = ["Refused"]


class Refused(Exception):
    """An event isn't taken; the message says what is wrong with it, without the data.

    Attributes:
        status: The status of the answer.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
