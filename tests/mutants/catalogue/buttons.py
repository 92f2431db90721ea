"""Connectors whose test button misleads."""

from mutants.catalogue.answers import REFUSALS
from mutants.mutant import change, each, mutant

BUTTONS = (
    mutant(
        "the test button is always green",
        f"{each('check', REFUSALS)} check.refused",
        change(
            """
            await self._oauth.renew()
            answer = await self._ask("GET", f"{self.options.url}/me")
            answer.require(200)
            _document(answer)
            """,
            """
            try:
                await self._oauth.renew()
                (await self._ask("GET", f"{self.options.url}/me")).require(200)
            except ServerError as error:
                del error
            except Exception as error:
                del error
            """,
        ),
    ),
    mutant(
        "the test button asks nobody",
        "check.works",
        change(
            """
            await self._oauth.renew()
            answer = await self._ask("GET", f"{self.options.url}/me")
            answer.require(200)
            _document(answer)
            """,
            """
            return
            """,
        ),
    ),
    mutant(
        "the test button trusts an old token",
        "check.new_credentials",
        change(
            """
            await self._oauth.renew()
            """,
            """
            """,
        ),
    ),
    mutant(
        "the test button writes a result",
        "check.changes_nothing",
        change(
            """
            answer = await self._ask("GET", f"{self.options.url}/me")
            answer.require(200)
            _document(answer)
            """,
            """
            answer = await self._ask("GET", f"{self.options.url}/me")
            answer.require(200)
            _document(answer)
            item = {'id': 'test', 'user': 'u1', 'activity': 'test', 'kind': 'completed'}
            await self._ask("POST", f"{self.options.url}/results", json=[item])
            """,
        ),
    ),
    mutant(
        "the test button takes it that the answer has a name",
        "check.nonsense",
        change(
            """
            _document(answer)
            """,
            """
            _ = answer.json()["name"]
            """,
        ),
    ),
    mutant(
        "the test button blames the credentials for the line",
        each("check", "cut_before cut_after truncated"),
        change(
            """
            await self._oauth.renew()
            """,
            """
            try:
                await self._oauth.renew()
            except CannotConnect:
                raise ServerError("check client and secret") from None
            """,
        ),
        change(
            """
            from passback import (
            """,
            """
            from passback import (
                CannotConnect,
            """,
        ),
    ),
)
