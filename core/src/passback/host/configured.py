"""How connections do, by the outbox and by the configuration together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from passback.contract import Health
from passback.delivery import ConnectionState
from passback.host.config import Attachment, Config

__all__ = ["NOT_CONFIGURED", "as_configured"]

# No health of a connection that serves, so no word of `Health`.
NOT_CONFIGURED = "not configured"
_GONE = "the configuration doesn't name it; what isn't delivered waits until it does"


def as_configured(known: Sequence[ConnectionState], config: Config) -> list[ConnectionState]:
    """Return `known` and every other connection of `config`, each with what the configuration says of it.

    Those that it doesn't name are told as long as there is anything of theirs to count.
    """
    broken = config.broken
    served = config.attachments
    states = {each.name: each for each in known if each.name in config.drafts}
    states |= {each.name: _gone(each) for each in known if each.name not in states and each.counts}
    for name in config.drafts.keys() - states.keys():
        states[name] = ConnectionState.untouched(name, broken.get(name))
    return [_as_configured(states[name], broken, served) for name in sorted(states)]


def _gone(state: ConnectionState) -> ConnectionState:
    return attrs.evolve(state, health=NOT_CONFIGURED, detail=_GONE, next_probe=None)


def _as_configured(
    state: ConnectionState, broken: Mapping[str, str], served: Mapping[str, Attachment]
) -> ConnectionState:
    if state.name in served:
        state = attrs.evolve(state, organisation=served[state.name].organisation)
    if state.name in broken:
        # Whoever delivers may not have noticed yet.
        state = attrs.evolve(state, health=Health.MISCONFIGURED, detail=broken[state.name])
    return state
