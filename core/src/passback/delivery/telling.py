"""Tell observers what happens; whatever they do, delivery goes on."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from passback.contract import HealthChanged, Observer, Settled
from passback.errors import ConnectionFailure, ContractError
from passback.foreign import contained

__all__ = ["tell"]


def tell(observers: Sequence[Observer], event: Settled | HealthChanged) -> None:
    """Tell each of `observers` of `event`."""
    for observer in observers:
        hook = "settled" if isinstance(event, Settled) else "health_changed"
        what = f"observer {type(observer).__qualname__}.{hook}"
        with suppress(ContractError, ConnectionFailure), contained(what):
            if isinstance(event, Settled):
                observer.settled(event)
            else:
                observer.health_changed(event)
