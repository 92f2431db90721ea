"""Ask a connector's hooks: whatever it does or answers, it ends in one of Passback's errors that names it."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from passback.contract import Connector, Context, Options, hush, implemented, secret_texts
from passback.errors import ContractError, PassbackError, Unsupported
from passback.foreign import contained, ended
from passback.http import forms_of

__all__ = ["Asking"]

Answer = TypeVar("Answer")
Asked = TypeVar("Asked")

# What asks may take several requests, each with limits of its own; for users, until the next one comes.
_ANSWER_SECONDS = 180.0


class Asking:
    """The connector of one connection, asked.

    Attributes:
        name: What the connection is called.
        connector: Who is asked.
        capabilities: The hooks that it implements.
        secrets: The forms of what none of its errors and answers may show.
    """

    def __init__(self, connector: type[Connector[Options]], context: Context[Options]) -> None:
        """Build the connector.

        Raises:
            ContractError: It raised something.
        """
        self.name = context.connection
        self.secrets: Sequence[str] = forms_of(secret_texts(context.options))
        with self.contained(connector, "__init__"):
            self.connector = connector(context)
        self.capabilities = implemented(connector, Connector)

    def require(self, hook: str) -> None:
        """See that the connector has `hook`.

        Raises:
            Unsupported: It hasn't.
        """
        if hook not in self.capabilities:
            raise Unsupported(f"connection {self.name!r}: {type(self.connector).__name__} has no {hook}")

    def answer(self, hook: str, ask: Callable[[Connector[Options]], object], kind: type[Answer]) -> Answer:
        """Return what `hook`, which isn't async, answers."""
        self.require(hook)
        with self.contained(self.connector, hook):
            answer = ask(self.connector)
        return self.of(hook, answer, kind)

    async def awaited(
        self, hook: str, ask: Callable[[Connector[Options]], Awaitable[object]], kind: type[Answer]
    ) -> Answer:
        """Return what `hook`, which is async, answers in time."""
        self.require(hook)
        answer = await self.timely(hook, lambda: ask(self.connector))
        return self.of(hook, answer, kind)

    async def timely(
        self,
        hook: str,
        ask: Callable[[], Awaitable[Asked]],
        seconds: float | None = None,
        *expected: type[PassbackError],
        context: contextvars.Context | None = None,
    ) -> Asked:
        """Return what `ask` returns, or raise that it took longer than `seconds`.

        Args:
            hook: Which hook it asks.
            ask: What asks it.
            seconds: How long that may take; None for what is usual.
            expected: What it may raise beside failures of the connection.
            context: The variables that it sees; None for those of who calls.
        """
        seconds = seconds or _ANSWER_SECONDS
        with self.contained(self.connector, hook, *expected):
            try:
                async with asyncio.timeout(seconds) as limit:
                    return await self.apart(hook, ask, *expected, context=context)
            except TimeoutError:
                if not limit.expired():
                    raise
                what = self._what(self.connector, hook)
                raise ContractError(f"{what} took longer than {seconds:g} s") from None

    async def apart(
        self,
        hook: str,
        ask: Callable[[], Awaitable[Asked]],
        *expected: type[PassbackError],
        context: contextvars.Context | None = None,
        counts: bool = False,
    ) -> Asked:
        """Return what `ask` returns, in a task of its own: it's that one which a plugin cancels or breaks.

        Args:
            hook: Which hook it asks.
            ask: What asks it.
            expected: What it may raise beside failures of the connection.
            context: The variables that it sees; None for those of who calls.
            counts: Whether what it returns just when whoever called is cancelled is still returned.
        """
        answering = self._answered(hook, ask, *expected)
        task = asyncio.create_task(answering, name=self._what(self.connector, hook), context=context)
        return await ended(task, counts=counts)

    async def _answered(
        self, hook: str, ask: Callable[[], Awaitable[Asked]], *expected: type[PassbackError]
    ) -> Asked:
        try:
            with self.contained(self.connector, hook, *expected):
                return await ask()
        except GeneratorExit:
            # Of a plugin: nobody closes a task.
            raise asyncio.CancelledError from None

    def of(self, hook: str, answer: object, kind: type[Answer]) -> Answer:
        """Return `answer` if it's of `kind`; raise what `unfit` makes of it if not."""
        if isinstance(answer, kind):
            return answer
        raise self.unfit(f"{hook} must return {kind.__name__}, not {type(answer).__name__}")

    def unfit(self, said: str) -> ContractError:
        """Return the error that the connector answered nonsense, where `said` begins with the hook."""
        return ContractError(f"connection {self.name!r}: {type(self.connector).__name__}.{said}")

    @contextmanager
    def contained(self, plugin: object, hook: str, *expected: type[PassbackError]) -> Iterator[None]:
        """Run code of `plugin`, the connector's or an extension's, of which no error shows a secret.

        Raises:
            ConnectionFailure: As the plugin raised it.
            ContractError: Whatever else it raised.
        """
        what = self._what(plugin, hook)
        try:
            with contained(what, *expected):
                yield
        except PassbackError as error:
            hush(error, self.secrets)
            with contained(f"{what}: {type(error).__name__}"):
                # A failure may be of a kind of the plugin's own, and is shown in many places.
                f"{error}"
            raise

    def _what(self, plugin: object, hook: str) -> str:
        kind = plugin if isinstance(plugin, type) else type(plugin)
        return f"connection {self.name!r}: {kind.__qualname__}.{hook}"
