"""What became of every entry point: the answer to "why isn't my plugin there?"."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import attrs

__all__ = ["Entry", "LoadReport", "Status"]


class Status(StrEnum):
    """What became of one plugin."""

    READY = "ready"
    AVAILABLE = "available"
    MISSING = "missing"
    DUPLICATE = "duplicate"
    BLOCKED = "blocked"
    PINNED = "pinned elsewhere"
    INCOMPATIBLE = "incompatible"
    DISABLED = "disabled"
    FAILED = "failed"


@attrs.frozen(kw_only=True)
class Entry:
    """One entry point, or a configured name that none offers.

    Attributes:
        group: The entry-point group.
        name: Its name there.
        status: What became of it.
        distribution: Which installed distribution offers it.
        version: That distribution's version.
        reason: Why it isn't ready.
        capabilities: The hooks that it implements; known once it's loaded.
        plugin: The loaded class.
    """

    group: str
    name: str
    status: Status
    distribution: str | None = None
    version: str | None = None
    reason: str = ""
    capabilities: frozenset[str] = frozenset()
    plugin: type | None = attrs.field(default=None, repr=False)


@attrs.frozen
class LoadReport:
    """What became of every plugin of a group.

    Attributes:
        entries: By name, then distribution.
    """

    entries: Sequence[Entry]

    def ready(self, name: str) -> Entry | None:
        """Return the loaded plugin called `name`, None if it isn't ready."""
        return next((entry for entry in self._named(name) if entry.status is Status.READY), None)

    def why_not(self, name: str) -> str:
        """Return why the plugin called `name` isn't ready, for a person."""
        named = sorted(self._named(name), key=lambda entry: entry.status is Status.PINNED)
        if not named:
            return f"no plugin {name!r} was asked for"
        return f"{named[0].name!r} is {named[0].status}: {named[0].reason}"

    def _named(self, name: str) -> list[Entry]:
        return [entry for entry in self.entries if entry.name == name]
