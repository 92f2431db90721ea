"""The host-wide observers that the configuration names."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from passback.contract import OBSERVERS, Observer
from passback.errors import ConnectionFailure, ContractError
from passback.foreign import contained
from passback.plugins import LoadReport, Policy, load

__all__ = ["load_observers", "report_observers"]

log = logging.getLogger("passback.host")


def report_observers(named: Iterable[str | Observer], policy: Policy) -> LoadReport:
    """Return what became of every observer that is installed or `named`."""
    return load(OBSERVERS, [each for each in named if isinstance(each, str)], policy)


def load_observers(named: Iterable[str | Observer], policy: Policy) -> list[Observer]:
    """Return the observers that are `named`; one that can't be had is logged and stops nothing."""
    named = list(named)
    report = report_observers(named, policy)
    observers: list[Observer] = []
    for each in named:
        if isinstance(each, Observer):
            observers.append(each)
            continue
        entry = report.ready(each)
        if entry is None or entry.plugin is None or not issubclass(entry.plugin, Observer):
            log.warning("observer %s", report.why_not(each))
            continue
        try:
            with contained(f"observer {each}"):
                observers.append(entry.plugin())
        except (ConnectionFailure, ContractError) as error:
            log.warning("%s", error)
    return observers
