"""Waiting between the pages of a list, where the system asks to slow down."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from passback import Clock, RateLimited, Response

__all__ = ["Patience"]

# Starting over for a minute's pause would never reach the end of a long list.
_LONGEST = 90.0
_SHORTEST = 1.0


class Patience:
    """How long is waited, in all."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._left = _LONGEST

    def renew(self) -> None:
        """Begin anew, as there was progress."""
        self._left = _LONGEST

    async def ask(self, request: Callable[[], Awaitable[Response]]) -> Response:
        """Return the answer to `request`, however often it's told to come later.

        Raises:
            RateLimited: It nowhere says when, or patience is at its end.
            ConnectionFailure: It fails otherwise.
        """
        while True:
            try:
                return await request()
            except RateLimited as limited:
                if limited.until is None:
                    raise
                pause = max((limited.until - self._clock.now()).total_seconds(), _SHORTEST)
                if pause > self._left:
                    raise
                self._left -= pause
                await self._clock.wait(asyncio.Event(), pause)
