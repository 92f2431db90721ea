"""An attempt: one batch that was sent, or couldn't be, as it's kept and told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

import attrs

from passback.contract import Attempted
from passback.delivery.lanes.sending import Sent
from passback.delivery.outbox.history import Event, EventKind
from passback.http import Exchange
from passback.model import AlreadyThere, Delivered

__all__ = ["Attempt"]

_SHOWN_EXCHANGES = 5


@attrs.frozen
class Attempt:
    """One batch that was sent, or couldn't be.

    Attributes:
        connection: The connection's name.
        results: How many results were in it.
        sent: What came of it.
        tried: The requests.
        started: When it began.
        ended: When it was over.
    """

    connection: str
    results: int
    sent: Sent
    tried: Sequence[Exchange]
    started: datetime
    ended: datetime

    @property
    def seconds(self) -> float:
        """How long it took; 0 where the clock went back."""
        return max(0.0, (self.ended - self.started).total_seconds())

    def event(self) -> Event:
        """Return what is kept of it."""
        said = [f"{each.asked} → {each.outcome}" for each in self.tried[:_SHOWN_EXCHANGES]]
        if len(self.tried) > _SHOWN_EXCHANGES:
            said.append(f"and {len(self.tried) - _SHOWN_EXCHANGES} more requests")
        if self.sent.failure is not None:
            said.append(str(self.sent.failure))
        return Event(
            connection=self.connection,
            kind=EventKind.SENT,
            at=self.started,
            seconds=self.seconds,
            summary="; ".join([f"{self.results} result{'s' if self.results > 1 else ''}", *said]),
        )

    def attempted(self) -> Attempted:
        """Return what observers are told of it."""
        kinds = Counter(map(type, self.sent.receipts))
        return Attempted(
            connection=self.connection,
            results=self.results,
            delivered=sum(kinds[each] for each in kinds if issubclass(each, Delivered | AlreadyThere)),
            at=self.started,
            seconds=self.seconds,
            failure=None if self.sent.failure is None else str(self.sent.failure),
            receipts={kind.__name__: count for kind, count in kinds.items()},
        )
