"""What is answered of learners who were erased meanwhile, said without what they are called."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Self

import attrs

from passback.delivery.lanes.sending import Sent
from passback.delivery.outbox.history import Event
from passback.delivery.outbox.leasing import Lease
from passback.delivery.outbox.mentions import Mentions
from passback.delivery.outbox.naming import called
from passback.delivery.outbox.settling import Settlement
from passback.errors import PassbackError
from passback.model import AlreadyThere, Batch, Delivered, Receipt

__all__ = ["Gone"]


@attrs.frozen
class Gone:
    """Deliveries on the wire whose learners were erased.

    Attributes:
        deliveries: Their numbers.
        mentions: What mentions the learners.
    """

    deliveries: frozenset[int]
    mentions: Mentions

    @classmethod
    def of(cls, deliveries: frozenset[int], lease: Lease, batch: Batch) -> Self:
        """Return the `deliveries` of `lease`, of which some were sent in `batch`."""
        return cls(deliveries, Mentions(_names(deliveries, lease, batch)))

    def settled(self, settlement: Settlement) -> Settlement:
        """Return `settlement` without what they are called."""
        return attrs.evolve(
            settlement,
            changes=[
                attrs.evolve(each, reason=self.mentions.without(each.reason)) for each in settlement.changes
            ],
            event=None if settlement.event is None else self._event(settlement.event),
            failure=self.mentions.without(settlement.failure),
            erased=self.deliveries,
        )

    def sent(self, sent: Sent) -> Sent:
        """Return what came of an attempt as it's told: without them, and what they are called."""
        failure = None if sent.failure is None else PassbackError(self.mentions.without(str(sent.failure)))
        receipts = [self._receipt(each) for each in sent.receipts if each.delivery not in self.deliveries]
        return attrs.evolve(sent, failure=failure, receipts=receipts)

    def _event(self, event: Event) -> Event:
        return attrs.evolve(event, summary=self.mentions.without(event.summary))

    def _receipt(self, receipt: Receipt) -> Receipt:
        if isinstance(receipt, Delivered | AlreadyThere):
            return receipt
        return attrs.evolve(receipt, reason=self.mentions.without(receipt.reason))


def _names(deliveries: frozenset[int], lease: Lease, batch: Batch) -> Iterator[str]:
    for row in lease.rows:
        if row.seq in deliveries:
            yield row.learner
    # As it was sent, it knows their user over there.
    for delivery in (*lease.deliveries, *batch.deliveries):
        if delivery.id in deliveries:
            yield from called(delivery.result.learner)
            if delivery.account is not None:
                yield delivery.account.user_id
            if delivery.launch is not None and delivery.launch.user_id:
                yield delivery.launch.user_id
