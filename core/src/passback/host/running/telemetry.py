"""OpenTelemetry, where it's installed: a span for each batch, counts, durations, and the backlog.

Without the SDK the API does nothing, and without the API there is nothing here at all.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING
from weakref import WeakSet

from passback.clock import Clock
from passback.contract import Attempted, Observer
from passback.delivery import Backlog, backlog
from passback.errors import PassbackError
from passback.store import Store

if TYPE_CHECKING:
    from opentelemetry.metrics import CallbackOptions, Observation

__all__ = ["Telemetry", "telemetry"]

log = logging.getLogger("passback.host")

_REFRESH_SECONDS = 15.0


def telemetry(clock: Clock) -> Telemetry | None:
    """Return what reports to OpenTelemetry; None where its API isn't installed."""
    return Telemetry(clock) if find_spec("opentelemetry") else None


class Telemetry(Observer):
    """Reports what is delivered, and what isn't yet."""

    def __init__(self, clock: Clock) -> None:
        from opentelemetry import metrics, trace  # noqa: PLC0415 - only where it's installed

        self._clock = clock
        self._tracer = trace.get_tracer("passback")
        self._backlog: Mapping[str, Backlog] = {}
        _watching.add(self)
        meter = metrics.get_meter("passback")
        self._settled = meter.create_counter(
            "passback.deliveries", unit="{delivery}", description="Deliveries by receipt."
        )
        self._took = meter.create_histogram(
            "passback.batch.duration", unit="s", description="How long a batch was on the wire."
        )
        meter.create_observable_gauge(
            "passback.backlog",
            [_observe_backlog],
            unit="{delivery}",
            description="Deliveries that aren't delivered, by state.",
        )
        meter.create_observable_gauge(
            "passback.backlog.age",
            [_observe_age],
            unit="s",
            description="How long the oldest pending delivery has been waiting to be sent.",
        )
        meter.create_observable_gauge(
            "passback.healthy",
            [_observe_health],
            unit="1",
            description="1 while a connection works, 0 while it doesn't.",
        )

    def attempted(self, event: Attempted) -> None:
        """Count, trace and time a batch."""
        for receipt, count in event.receipts.items():
            self._settled.add(count, {"connection": event.connection, "receipt": receipt})
        self._took.record(
            event.seconds, {"connection": event.connection, "failed": event.failure is not None}
        )
        began = round(event.at.timestamp() * 1e9)
        span = self._tracer.start_span(
            "passback deliver",
            start_time=began,
            attributes={
                "passback.connection": event.connection,
                "passback.results": event.results,
                "passback.delivered": event.delivered,
            },
        )
        if event.failure is not None:
            from opentelemetry.trace import Status, StatusCode  # noqa: PLC0415

            span.set_status(Status(StatusCode.ERROR, event.failure))
        span.end(began + round(event.seconds * 1e9))

    async def watch(self, store: Store) -> None:
        """Look at what is still to be done in `store` every few seconds, for ever."""
        try:
            while True:
                try:
                    self._backlog = await store.run_soft(backlog)
                except PassbackError as error:
                    # The file may be locked, the server away: that passes.
                    self._backlog = {}
                    log.warning("the backlog can't be measured now: %s", error)
                await asyncio.sleep(_REFRESH_SECONDS)
        finally:
            self._backlog = {}

    def states(self) -> Iterator[tuple[int, Mapping[str, str]]]:
        """Yield how much isn't delivered, by connection and state."""
        for name, each in self._backlog.items():
            for state in ("pending", "waiting", "rejected"):
                yield getattr(each, state), {"connection": name, "state": state}

    def ages(self) -> Iterator[tuple[float, Mapping[str, str]]]:
        """Yield for how long the oldest pending delivery waits, in seconds, by connection."""
        now = self._clock.now()
        for name, each in self._backlog.items():
            yield _age(each.oldest, now), {"connection": name}

    def healths(self) -> Iterator[tuple[int, Mapping[str, str]]]:
        """Yield 1 for each connection that works, 0 for each that doesn't."""
        for name, each in self._backlog.items():
            yield int(each.well), {"connection": name}


# The SDK makes an instrument once in a process, and asks no other callback than the first.
_watching: WeakSet[Telemetry] = WeakSet()


def _observe_backlog(_: CallbackOptions) -> Iterable[Observation]:
    from opentelemetry.metrics import Observation  # noqa: PLC0415

    return [Observation(*seen) for each in list(_watching) for seen in each.states()]


def _observe_age(_: CallbackOptions) -> Iterable[Observation]:
    from opentelemetry.metrics import Observation  # noqa: PLC0415

    return [Observation(*seen) for each in list(_watching) for seen in each.ages()]


def _observe_health(_: CallbackOptions) -> Iterable[Observation]:
    from opentelemetry.metrics import Observation  # noqa: PLC0415

    return [Observation(*seen) for each in list(_watching) for seen in each.healths()]


def _age(oldest: datetime | None, now: datetime) -> float:
    return 0.0 if oldest is None else max(0.0, (now - oldest).total_seconds())
