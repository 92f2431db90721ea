"""The typed face of one configured connector.

pluggy doesn't await and takes a coroutine for an answer, so the hooks aren't called through it: this class
walks the registered implementations itself, last registered first, awaits what is async, and turns
whatever an extension or a connector does wrong into one of Passback's errors.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import Any, TypeVar

import pluggy

from passback.clock import Clock
from passback.contract import PROJECT, Connector, Context, Extension, Options, implemented
from passback.errors import ContractError, PassbackError, Unsupported
from passback.http import HTTP
from passback.model import (
    Batch,
    IdentityProposal,
    IdentityRequest,
    Launch,
    LaunchQuery,
    Receipt,
    User,
    UserQuery,
)

__all__ = ["Connection"]

Answer = TypeVar("Answer")
Plugin = TypeVar("Plugin")


class Connection:
    """One configured connector, ready to be asked.

    Attributes:
        name: Its name in the configuration.
        connector: The connector.
        capabilities: The hooks that the connector implements.
    """

    def __init__(
        self,
        name: str,
        connector: type[Connector[Options]],
        options: Options,
        http: HTTP,
        clock: Clock,
        extensions: Iterable[type[Extension]] = (),
    ) -> None:
        self.name = name
        self._http = http
        self.connector = self._built(
            connector, lambda: connector(Context(connection=name, options=options, http=http, clock=clock))
        )
        self.capabilities = implemented(connector, Connector)
        self._plugins = pluggy.PluginManager(PROJECT)
        self._plugins.add_hookspecs(Connector)
        self._plugins.register(self.connector, name=name)
        for extension in dict.fromkeys(extensions):
            plugin = self._built(extension, extension)
            self._plugins.register(plugin, name=f"{extension.__module__}.{extension.__qualname__}")
        self._plugins.check_pending()

    def _built(self, plugin: type, build: Callable[[], Plugin]) -> Plugin:
        try:
            return build()
        except PassbackError:
            raise
        except Exception as error:
            raise ContractError(
                f"connection {self.name!r}: {plugin.__qualname__} can't be made ({type(error).__name__}); "
                "this is a defect of the plugin"
            ) from error

    async def check(self) -> None:
        """Prove that address and credentials work.

        Raises:
            ConnectionFailure: They don't.
        """
        try:
            await self.connector.check()
        except PassbackError:
            raise
        except Exception as error:
            raise self._blamed("check", error) from error

    async def submit_results(self, batch: Batch) -> Sequence[Receipt]:
        """Send `batch`; return exactly one receipt for each of its deliveries, in their order.

        Raises:
            ConnectionFailure: The whole connection is concerned.
            ContractError: The connector raised something else, or its receipts don't fit.
        """
        self._require("submit_results")
        try:
            receipts = await self.connector.submit_results(batch)
        except PassbackError:
            raise
        except Exception as error:
            raise self._blamed("submit_results", error) from error
        return self._fitting(batch, receipts)

    async def lookup_users(self, query: UserQuery) -> AsyncIterator[User]:
        """Yield the users of this system that match `query`.

        Raises:
            ConnectionFailure: The system can't be asked.
            ContractError: The connector raised something else.
        """
        self._require("lookup_users")
        try:
            async for user in self.connector.lookup_users(query):
                yield self._user(user)
        except PassbackError:
            raise
        except Exception as error:
            raise self._blamed("lookup_users", error) from error

    def map_identity(self, request: IdentityRequest) -> IdentityProposal | None:
        """Return which user of this system somebody is: the first answer, extensions before the connector.

        Raises:
            ContractError: An implementation raised, and none before it answered.
        """
        return self._first("map_identity", lambda hook: hook(request=request), IdentityProposal)

    def read_launch(self, query: LaunchQuery) -> Launch | None:
        """Return the validated launch: the first answer, extensions before the connector.

        Raises:
            ContractError: An implementation raised, and none before it answered.
        """
        return self._first("read_launch", lambda hook: hook(query=query), Launch)

    async def aclose(self) -> None:
        """Close what the connector opened."""
        try:
            await self.connector.aclose()
        finally:
            await self._http.aclose()

    def _first(self, hook: str, ask: Callable[[Any], object], kind: type[Answer]) -> Answer | None:
        for implementation in reversed(getattr(self._plugins.hook, hook).get_hookimpls()):
            try:
                answer = ask(implementation.function)
            except PassbackError:
                raise
            except Exception as error:
                raise self._blamed(f"{implementation.plugin_name}: {hook}", error) from error
            if answer is None:
                continue
            if not isinstance(answer, kind):
                raise ContractError(
                    f"connection {self.name!r}: {implementation.plugin_name}: {hook} answered "
                    f"{type(answer).__name__}, expected {kind.__name__} or None"
                )
            return answer
        return None

    def _user(self, answer: object) -> User:
        if isinstance(answer, User):
            return answer
        raise ContractError(
            f"connection {self.name!r}: {type(self.connector).__name__}.lookup_users yielded "
            f"{type(answer).__name__}, expected User"
        )

    def _require(self, hook: str) -> None:
        if hook not in self.capabilities:
            raise Unsupported(f"connection {self.name!r}: {type(self.connector).__name__} has no {hook}")

    def _blamed(self, hook: str, error: Exception) -> PassbackError:
        if known := _only_known(error):
            return known
        # Only the type: what a library puts into its messages may hold a token.
        return ContractError(
            f"connection {self.name!r}: {type(self.connector).__name__} failed unexpectedly in {hook} "
            f"({type(error).__name__}); this is a defect of the connector"
        )

    def _fitting(self, batch: Batch, receipts: object) -> Sequence[Receipt]:
        by_delivery: dict[int, Receipt] = {}
        if isinstance(receipts, Sequence):
            by_delivery = {receipt.delivery: receipt for receipt in receipts if isinstance(receipt, Receipt)}
        wanted = [delivery.id for delivery in batch.deliveries]
        if (
            not isinstance(receipts, Sequence)
            or len(receipts) != len(wanted)
            or set(by_delivery) != set(wanted)
        ):
            raise ContractError(
                f"connection {self.name!r}: {type(self.connector).__name__}.submit_results must return one "
                f"receipt for each of the {len(wanted)} deliveries, and for no other"
            )
        return [by_delivery[delivery] for delivery in wanted]


def _only_known(error: Exception) -> PassbackError | None:
    # A connector's task group wraps what its tasks raise; several of the same are still an outage.
    if isinstance(error, PassbackError):
        return error
    if isinstance(error, ExceptionGroup):
        found = [_only_known(each) for each in error.exceptions]
        return found[0] if all(found) else None
    return None
