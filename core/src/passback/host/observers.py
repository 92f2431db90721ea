"""The host-wide observers that the configuration names."""

from __future__ import annotations

import logging

from passback.contract import OBSERVERS, Observer
from passback.errors import ConnectionFailure, ContractError
from passback.foreign import contained
from passback.host.config import Config
from passback.plugins import Policy, load

__all__ = ["load_observers"]

log = logging.getLogger("passback.host")


def load_observers(config: Config) -> list[Observer]:
    """Return the observers that `config` names; one that can't be had is logged and stops nothing."""
    plugins = config.plugins
    policy = Policy(blocked=plugins.block, disabled=frozenset(plugins.disable))
    report = load(OBSERVERS, config.observers, policy)
    observers: list[Observer] = []
    for name in config.observers:
        entry = report.ready(name)
        if entry is None or entry.plugin is None or not issubclass(entry.plugin, Observer):
            log.warning("observer %s", report.why_not(name))
            continue
        try:
            with contained(f"observer {name}"):
                observers.append(entry.plugin())
        except (ConnectionFailure, ContractError) as error:
            log.warning("%s", error)
    return observers
