"""What a lane needs: how its connection is served, and what all lanes share."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

import attrs

from passback.clock import Clock
from passback.contract import Observer
from passback.delivery.lanes.equipping import Equipment, Unequipped
from passback.delivery.lanes.slots import Slots
from passback.delivery.outbox.breaker import Backoff
from passback.delivery.outbox.outbox import Outbox
from passback.delivery.upkeep.retention import RetentionPolicy
from passback.model import DEFAULT_ORGANISATION

__all__ = ["LanePolicy", "Surroundings"]


def _always() -> bool:
    return True


@attrs.frozen(kw_only=True)
class LanePolicy:
    """How one connection is served.

    Attributes:
        batch: The most deliveries in one request of the connector.
        linger: How long to wait for a batch to fill, in seconds.
        concurrency: How many batches may be on the wire at once.
        latest_only: Whether its system keeps only the latest status of a learner in an activity.
        patience: How long a connector may take for one batch, in seconds.
        backoff: How long to wait between probes.
        organisation: Whose results it takes; no other's are sent, whatever the outbox holds.
    """

    batch: int
    linger: float
    concurrency: int = 1
    latest_only: bool = False
    patience: float = 180.0
    backoff: Backoff = attrs.field(factory=Backoff)
    organisation: str = DEFAULT_ORGANISATION


@attrs.frozen(kw_only=True)
class Surroundings:
    """What every lane needs.

    Attributes:
        outbox: Where deliveries come from.
        clock: What tells the time.
        rng: What jitters.
        observers: Who is told of receipts and of health.
        retention: How long things are kept.
        equipment: What knows the accounts and launches of learners.
        stopping: Set when the dispatcher is to stop.
        may_send: Says whether no other process may have taken over by now.
        slots: How many lanes may be on the wire at once.
    """

    outbox: Outbox
    clock: Clock
    rng: random.Random
    observers: list[Observer] = attrs.field(factory=list)
    retention: RetentionPolicy = attrs.field(factory=RetentionPolicy)
    equipment: Equipment = attrs.field(factory=Unequipped)
    stopping: asyncio.Event = attrs.field(factory=asyncio.Event)
    may_send: Callable[[], bool] = _always
    slots: Slots = attrs.field(factory=Slots)

    @property
    def going_on(self) -> bool:
        """Whether anything may still be begun."""
        return not self.stopping.is_set() and self.may_send()
