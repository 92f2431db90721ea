"""What the proxy saw on one occasion, and what it is to play."""

from __future__ import annotations

import threading

import attrs

from passback.testing.proxy.faults import Fault
from passback.testing.proxy.messages import Asked

__all__ = ["Record"]


@attrs.define
class _Armed:
    fault: Fault
    at: int
    times: int | None
    passed: int = 0

    def takes(self) -> bool:
        """Count one request; return whether the fault is for it."""
        place = self.passed - self.at
        self.passed += 1
        return place >= 0 and (self.times is None or place < self.times)


class Record:
    """One occasion: from one sandbox's start to its end. Two threads use it.

    Attributes:
        upstream: Where the sandbox is served.
        asked: The requests that came, the oldest first.
        elsewhere: Those that came to another host than the configured one.
        connections: How many connections of clients are open.
        touched: How many requests had a fault played to them.
    """

    def __init__(self, upstream: tuple[str, int]) -> None:
        self.upstream = upstream
        self.asked: list[Asked] = []
        self.elsewhere: list[Asked] = []
        self.connections = 0
        self.touched = 0
        self._armed: _Armed | None = None
        self._lock = threading.Lock()

    def play(self, fault: Fault, at: int = 0, times: int | None = None) -> None:
        """Play `fault` from the `at`-th request from now on, to `times` of them; None for all."""
        with self._lock:
            self._armed = _Armed(fault, at, times)

    def rest(self) -> None:
        """Play no fault any more."""
        with self._lock:
            self._armed = None

    def taken(self, asked: Asked) -> Fault | None:
        """Note a request; return the fault for it."""
        with self._lock:
            self.asked.append(asked)
            if self._armed is None or not self._armed.takes():
                return None
            self.touched += 1
            return self._armed.fault
