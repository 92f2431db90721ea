"""Hooks that extensions answer before the connector.

pluggy finds who implements them, and doesn't call them: it doesn't await, and tells nothing of who failed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any, TypeVar

import pluggy

from passback.connection.asking import Asking
from passback.contract import PROJECT, Connector, Extension
from passback.errors import ContractError

__all__ = ["Layers"]

Answer = TypeVar("Answer")


class Layers:
    """The extensions of a connection, on top of its connector."""

    def __init__(self, asking: Asking, extensions: Iterable[type[Extension]]) -> None:
        self._asking = asking
        self._extensions = tuple(dict.fromkeys(extensions))

    def first(self, hook: str, ask: Callable[[Any], object], kind: type[Answer]) -> Answer | None:
        """Return the first answer to `hook`, that of whoever was registered last; None if nobody has one.

        Raises:
            ContractError: An implementation raised, or answered nonsense, and none before it answered.
        """
        for implementation in reversed(getattr(self._plugins.hook, hook).get_hookimpls()):
            with self._asking.contained(implementation.plugin, hook):
                answer = ask(implementation.function)
            if answer is None:
                continue
            if not isinstance(answer, kind):
                raise ContractError(
                    f"connection {self._asking.name!r}: {implementation.plugin_name}: {hook} answered "
                    f"{type(answer).__name__}, expected {kind.__name__} or None"
                )
            return answer
        return None

    @cached_property
    def _plugins(self) -> pluggy.PluginManager:
        # Built when a layered hook is first asked: it costs more than everything else of a connection.
        plugins = pluggy.PluginManager(PROJECT)
        plugins.add_hookspecs(Connector)
        plugins.register(self._asking.connector, name=self._asking.name)
        for extension in self._extensions:
            with self._asking.contained(extension, "__init__"):
                plugin = extension()
            plugins.register(plugin, name=f"{extension.__module__}.{extension.__qualname__}")
        plugins.check_pending()
        return plugins
