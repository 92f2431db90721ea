"""Tell observers what happens; whatever they do, delivery goes on."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from passback.contract import HealthChanged, Observer, Settled

__all__ = ["tell"]

log = logging.getLogger("passback.delivery")


def tell(observers: Sequence[Observer], event: Settled | HealthChanged) -> None:
    """Tell each of `observers` of `event`."""
    for observer in observers:
        try:
            if isinstance(event, Settled):
                observer.settled(event)
            else:
                observer.health_changed(event)
        except Exception:
            log.exception("observer %s failed; delivery goes on", type(observer).__qualname__)
