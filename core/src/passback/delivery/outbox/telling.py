"""Tell observers what happens; whatever they do, delivery goes on."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress

from passback.contract import Alerted, Attempted, Health, HealthChanged, Observer, Settled, implements
from passback.errors import ConnectionFailure, ContractError
from passback.foreign import contained

__all__ = ["listeners", "tell", "tell_health"]

log = logging.getLogger("passback.delivery")

_HOOKS = {Settled: "settled", Attempted: "attempted", HealthChanged: "health_changed", Alerted: "alerted"}


def listeners(
    observers: Sequence[Observer], kind: type[Settled | Attempted | HealthChanged | Alerted]
) -> list[Observer]:
    """Return those of `observers` who listen to events of this kind."""
    return [each for each in observers if implements(type(each), Observer, _HOOKS[kind])]


def tell(observers: Sequence[Observer], event: Settled | Attempted | HealthChanged | Alerted) -> None:
    """Tell each of `observers` of `event`."""
    hook = _HOOKS[type(event)]
    for observer in listeners(observers, type(event)):
        what = f"observer {type(observer).__qualname__}.{hook}"
        with suppress(ContractError, ConnectionFailure), contained(what):
            _call(observer, hook, event)


def tell_health(observers: Sequence[Observer], change: HealthChanged) -> None:
    """Tell each of `observers`, and the log, of `change`."""
    log.log(
        logging.INFO if change.now is Health.OK else logging.WARNING,
        "%s: %s%s",
        change.connection,
        change.now.value,
        f": {change.detail}" if change.detail else "",
        extra={"health": change.now.value},
    )
    tell(observers, change)


def _call(observer: Observer, hook: str, event: Settled | Attempted | HealthChanged | Alerted) -> None:
    try:
        getattr(observer, hook)(event)
    except GeneratorExit as error:
        # The observer's own: nothing is awaited here, so nobody closes us.
        raise RuntimeError("a generator was closed") from error
