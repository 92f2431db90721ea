"""The states of a delivery, and the one table of what may follow what."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum, StrEnum

__all__ = ["FOLLOWS", "State", "WaitingFor"]


class State(IntEnum):
    """Where a delivery stands; always in exactly one."""

    PENDING = 0
    DELIVERED = 1
    WAITING = 2
    REJECTED = 3

    @property
    def word(self) -> str:
        """The word for it, as people and programs read it."""
        return self.name.lower()


class WaitingFor(StrEnum):
    """What a waiting delivery waits for."""

    ACCOUNT = "account"
    ACTIVITY = "activity"
    LAUNCH = "launch"
    CONNECTION = "connection"


FOLLOWS: Mapping[State, frozenset[State]] = {
    State.PENDING: frozenset(State),
    State.WAITING: frozenset({State.PENDING, State.REJECTED}),
    State.REJECTED: frozenset({State.PENDING}),
    State.DELIVERED: frozenset(),
}
