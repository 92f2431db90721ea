"""Import the plugins that the configuration names, each on its own: one that fails stops no other."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from importlib.metadata import EntryPoint
from typing import Any

import attrs
from stevedore import ExtensionManager
from stevedore.named import NamedExtensionManager

from passback.contract import CONNECTORS, EXTENSIONS, OBSERVERS, Connector, Extension, Observer, implemented
from passback.plugins.catalogue import Candidate, Policy, entry_for, installed, judge
from passback.plugins.importing import observed
from passback.plugins.report import Entry, LoadReport, Status

__all__ = ["load"]

log = logging.getLogger("passback.plugins")

_SPECS: dict[str, type] = {CONNECTORS: Connector, EXTENSIONS: Extension, OBSERVERS: Observer}


class _Tampering(ImportError):
    """A plugin changed what belongs to others; it isn't used."""


class _Guarded(EntryPoint):
    """An entry point whose import can't end the process: stevedore lets some failures through."""

    def load(self) -> Any:  # noqa: ANN401 - whatever a module holds
        try:
            with observed() as manners:
                plugin = super().load()
            if manners.changed:
                raise _Tampering(f"it changed {', '.join(manners.changed)}, which serves everybody")  # noqa: TRY301
            for remark in manners.remarks:
                log.warning("%s %r: %s", self.group, self.name, remark)
            return plugin  # noqa: TRY300 - what follows tells failures
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            if isinstance(error, Exception) and not isinstance(error, AssertionError):
                raise
            raise ImportError(f"{_said(error)} while importing {self.value}") from error


class _Loader(NamedExtensionManager[type]):
    """stevedore over entry points that are judged already, rather than over its own cached list."""

    def __init__(self, group: str, accepted: Sequence[Candidate]) -> None:
        self._accepted = [
            _Guarded(each.entry_point.name, each.entry_point.value, each.entry_point.group)
            for each in accepted
        ]
        self.failed: dict[str, BaseException] = {}
        super().__init__(
            group,
            [each.name for each in accepted],
            on_load_failure_callback=self._note,
            on_missing_entrypoints_callback=None,
        )

    def list_entry_points(self) -> list[EntryPoint]:
        return list(self._accepted)

    def _note(self, _: ExtensionManager[type], entry_point: EntryPoint, error: BaseException) -> None:
        self.failed[entry_point.name] = error


def load(
    group: str, wanted: Iterable[str], policy: Policy | None = None, path: Sequence[str] | None = None
) -> LoadReport:
    """Import the plugins of `group` that are `wanted` and that nothing speaks against.

    Args:
        group: The entry-point group.
        wanted: The names that the configuration uses; nothing else is imported.
        policy: Pins, blocks and switches.
        path: Where to look instead of ``sys.path``.

    Returns:
        What became of every entry point of the group and of every wanted name. Nothing is raised.
    """
    policy = (policy or Policy()).with_environment()
    accepted, entries = judge(group, installed(group, path), dict.fromkeys(wanted), policy)
    loader = _Loader(group, accepted)
    loaded = {extension.name: extension.plugin for extension in loader}
    for candidate in accepted:
        entries.append(
            _loaded(group, candidate, loaded.get(candidate.name), loader.failed.get(candidate.name))
        )
    return LoadReport(sorted(entries, key=lambda entry: (entry.name, entry.distribution or "")))


def _said(error: BaseException) -> str:
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - a plugin's own exception may fail even at this
        text = ""
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _loaded(group: str, candidate: Candidate, plugin: object, error: BaseException | None) -> Entry:
    spec = _SPECS[group]
    if error is not None:
        return entry_for(group, candidate, Status.FAILED, _said(error))
    if not (isinstance(plugin, type) and issubclass(plugin, spec)):
        reason = f"{candidate.entry_point.value} is no subclass of passback.{spec.__name__}"
        return entry_for(group, candidate, Status.FAILED, reason)
    if missing := getattr(plugin, "__abstractmethods__", None):
        reason = f"{plugin.__name__} doesn't implement {', '.join(sorted(missing))}"
        return entry_for(group, candidate, Status.FAILED, reason)
    ready = entry_for(group, candidate, Status.READY, "")
    return attrs.evolve(ready, plugin=plugin, capabilities=implemented(plugin, spec))
