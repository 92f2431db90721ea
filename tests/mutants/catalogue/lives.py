"""Connectors that don't get along with the host that they live in."""

from mutants.catalogue.answers import ALL
from mutants.mutant import change, each, mutant

LIVES = (
    mutant(
        "it swallows its cancellation",
        each(ALL, "cancelled"),
        change(
            """
            answer = await self._oauth.request(method, address, **parts)
            """,
            """
            try:
                answer = await self._oauth.request(method, address, **parts)
            except asyncio.CancelledError:
                raise ServerError("it was interrupted") from None
            """,
        ),
        change(
            """
            import hashlib
            """,
            """
            import asyncio
            import hashlib
            """,
        ),
    ),
    mutant(
        "it blocks the event loop",
        each(ALL, "loop_free"),
        change(
            """
            answer = await self._oauth.request(method, address, **parts)
            """,
            """
            time.sleep(0.2)
            answer = await self._oauth.request(method, address, **parts)
            """,
        ),
        change(
            """
            import json
            """,
            """
            import json
            import time
            """,
        ),
    ),
    mutant(
        "it leaves a task behind",
        "life.closes",
        change(
            """
            self._oauth = OAuth2(self.http, credentials, self.clock)
            """,
            """
            self._oauth = OAuth2(self.http, credentials, self.clock)
            self._keeper = asyncio.ensure_future(asyncio.sleep(60))
            """,
        ),
        change(
            """
            import hashlib
            """,
            """
            import asyncio
            import hashlib
            """,
        ),
    ),
    mutant(
        "it can be closed once",
        "life.closed_twice",
        change(
            """
            async def _ask(self, method: str, address: str, **parts: object) -> Response:
            """,
            """
            async def aclose(self) -> None:
                del self._oauth

            async def _ask(self, method: str, address: str, **parts: object) -> Response:
            """,
        ),
    ),
    mutant(
        "it does one thing at a time, and refuses the others",
        "life.at_once",
        change(
            """
            answer = await self._oauth.request(method, address, **parts)
            """,
            """
            if getattr(self, "_busy", False):
                raise ServerError("it is busy")
            self._busy = True
            answer = await self._oauth.request(method, address, **parts)
            self._busy = False
            """,
        ),
    ),
    mutant(
        "it never forgets a failure",
        "life.recovers",
        change(
            """
            answer = await self._oauth.request(method, address, **parts)
            """,
            """
            answer = await self._oauth.request(method, address, **parts)
            self._failed = getattr(self, "_failed", False) or answer.status >= 500
            if self._failed:
                raise ServerError("it was down")
            """,
        ),
    ),
)
