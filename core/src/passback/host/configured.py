"""How connections do, by the outbox and by the configuration together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from passback.contract import Health
from passback.delivery import ConnectionState
from passback.host.config import Attachment, Config

__all__ = ["as_configured"]


def as_configured(known: Sequence[ConnectionState], config: Config) -> list[ConnectionState]:
    """Return `known` and every other connection of `config`, each with what the configuration says of it."""
    broken = config.broken
    served = config.attachments
    states = {each.name: each for each in known}
    for name in config.drafts.keys() - states.keys():
        states[name] = ConnectionState.untouched(name, broken.get(name))
    return [_as_configured(states[name], broken, served) for name in sorted(states)]


def _as_configured(
    state: ConnectionState, broken: Mapping[str, str], served: Mapping[str, Attachment]
) -> ConnectionState:
    if state.name in served:
        state = attrs.evolve(state, organisation=served[state.name].organisation)
    if state.name in broken:
        # Whoever delivers may not have noticed yet.
        state = attrs.evolve(state, health=Health.MISCONFIGURED, detail=broken[state.name])
    return state
