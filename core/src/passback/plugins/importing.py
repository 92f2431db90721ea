"""Import one plugin so that the host stays as it was, whatever the plugin does meanwhile.

It can't be kept from doing harm, for it runs with the host's rights. What it does by mistake or by habit is
noticed, undone where that's possible, and told by its name.
"""

from __future__ import annotations

import contextlib
import io
import sys
import time
from collections.abc import Iterator, Mapping
from types import ModuleType

import attrs

__all__ = ["Manners", "observed"]

# Whoever waits for a command notices.
_SLOW_SECONDS = 2.0
# What carries everybody's requests: a plugin that changes it changes all connections.
_SHARED = (
    "h11",
    "httpx2",
    "passback.http.address",
    "passback.http.asked",
    "passback.http.compression",
    "passback.http.conversation",
    "passback.http.oauth",
    "passback.http.reaching",
    "passback.http.session",
    "passback.http.stream",
    "passback.http.transport",
)


@attrs.define
class Manners:
    """What a plugin did while it was imported.

    Attributes:
        printed: How many characters it wrote to the standard output, which programs read.
        seconds: How long it took.
        changed: What it changed that belongs to others, as ``httpx2.AsyncHTTPTransport.aclose``; it is
            changed back.
    """

    printed: int = 0
    seconds: float = 0.0
    changed: list[str] = attrs.field(factory=list)

    @property
    def remarks(self) -> list[str]:
        """What whoever runs the host should know, though the plugin may be used."""
        said = []
        if self.printed:
            said.append(f"it printed {self.printed} characters while it was imported")
        if self.seconds >= _SLOW_SECONDS:
            said.append(f"it took {self.seconds:.1f} s to be imported")
        return said


@contextlib.contextmanager
def observed() -> Iterator[Manners]:
    """Notice what is done within, and undo what can be undone."""
    manners = Manners()
    before = _shared()
    started = time.monotonic()
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            yield manners
    finally:
        manners.seconds = time.monotonic() - started
        manners.printed = len(printed.getvalue())
        manners.changed = _restore(before)


def _shared() -> Mapping[tuple[str, str], tuple[type | ModuleType, dict[str, object]]]:
    """Return what others' modules hold and what their classes do, by where that stands."""
    found: dict[tuple[str, str], tuple[type | ModuleType, dict[str, object]]] = {}
    for name in _SHARED:
        module = sys.modules.get(name)
        if module is None:
            continue
        found[name, ""] = (module, dict(vars(module)))
        for called, held in vars(module).items():
            if isinstance(held, type) and held.__module__.partition(".")[0] == name.partition(".")[0]:
                found[name, called] = (held, dict(vars(held)))
    return found


def _restore(before: Mapping[tuple[str, str], tuple[type | ModuleType, dict[str, object]]]) -> list[str]:
    changed = []
    for (module, called), (holder, held) in before.items():
        for name, value in held.items():
            if vars(holder).get(name) is not value and not name.startswith("__"):
                changed.append(".".join(filter(None, (module, called, name))))
                setattr(holder, name, value)
    return sorted(changed)
