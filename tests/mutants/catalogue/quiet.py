"""Connectors that tell secrets, or tell strangers."""

from mutants.mutant import change, mutant

QUIET = (
    mutant(
        "it quotes an answer that quotes its token",
        "secrets.errors",
        change(
            """
            answer = await self._oauth.request(method, address, **parts)
            """,
            """
            answer = await self._oauth.request(method, address, **parts)
            if answer.status >= 400:
                raise ServerError(answer.body.decode())
            """,
        ),
    ),
    mutant(
        "it logs with what it proves itself",
        "secrets.logs",
        change(
            """
            answer = await self._oauth.request(method, address, **parts)
            """,
            """
            logging.getLogger("acme").debug("asking with %s", self.options.secret.get_secret_value())
            answer = await self._oauth.request(method, address, **parts)
            """,
        ),
        change(
            """
            import json
            """,
            """
            import json
            import logging
            """,
        ),
    ),
    mutant(
        "it prints what it is given",
        "secrets.logs",
        change(
            """
            answer = await self._oauth.request(method, address, **parts)
            """,
            """
            answer = await self._oauth.request(method, address, **parts)
            print(self.options.client, self.options.secret.get_secret_value())
            """,
        ),
    ),
    mutant(
        "it leaks a secret in a repr",
        "secrets.reprs",
        change(
            """
            self._oauth = OAuth2(self.http, credentials, self.clock)
            """,
            """
            self._login = (self.options.client, self.options.secret.get_secret_value())
            self._oauth = OAuth2(self.http, credentials, self.clock)
            """,
        ),
    ),
    mutant(
        "it tells a third party that it works",
        "hosts.only_the_configured",
        change(
            """
            answer = await self._oauth.request(method, address, **parts)
            """,
            """
            with suppress(OSError):
                await asyncio.open_connection("127.0.0.1", 9)
            answer = await self._oauth.request(method, address, **parts)
            """,
        ),
        change(
            """
            import hashlib
            """,
            """
            import asyncio
            import hashlib
            from contextlib import suppress
            """,
        ),
    ),
    mutant(
        "it follows a link wherever it leads",
        "hosts.links",
        change(
            """
            if not isinstance(following, str) or not self._is_own(following):
            """,
            """
            if not isinstance(following, str):
            """,
        ),
    ),
)
