"""Tell observers what happens; whatever they do, delivery goes on."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from passback.contract import Alerted, Attempted, HealthChanged, Observer, Settled
from passback.errors import ConnectionFailure, ContractError
from passback.foreign import contained

__all__ = ["tell"]

_HOOKS = {Settled: "settled", Attempted: "attempted", HealthChanged: "health_changed", Alerted: "alerted"}


def tell(observers: Sequence[Observer], event: Settled | Attempted | HealthChanged | Alerted) -> None:
    """Tell each of `observers` of `event`."""
    hook = _HOOKS[type(event)]
    for observer in observers:
        what = f"observer {type(observer).__qualname__}.{hook}"
        with suppress(ContractError, ConnectionFailure), contained(what):
            getattr(observer, hook)(event)
