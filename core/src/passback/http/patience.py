"""Waiting between the requests of one answer, where the system asks to slow down."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from passback.clock import Clock
from passback.errors import RateLimited
from passback.http.response import Response

__all__ = ["Patience"]

_LONGEST = 90.0
_SHORTEST = 1.0


class Patience:
    """How long a connector waits while it asks for one thing by many requests, as for the pages of a list.

    A minute and a half in all, or since the last progress: who gave up for a short pause and began again
    would never reach the end of a long list.
    """

    def __init__(self, clock: Clock) -> None:
        """Begin to wait by `clock`."""
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
