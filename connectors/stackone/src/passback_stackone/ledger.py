"""What had no turn: the outbox takes whatever is to be tried later for a doubt (wire facts §4.4)."""

from __future__ import annotations

from collections import OrderedDict

from passback import Delivery

__all__ = ["Ledger"]

_MOST = 50_000


class Ledger:
    """Remembers through which attempt a delivery that was in no doubt wasn't sent.

    It's lost with the process; then such a one is looked for before it's written.
    """

    def __init__(self) -> None:
        self._absent: OrderedDict[int, int] = OrderedDict()

    def is_doubtful(self, delivery: Delivery) -> bool:
        """Return whether `delivery` may have arrived at an attempt before this one."""
        return delivery.unsure and self._absent.get(delivery.id, 0) < delivery.attempt - 1

    def not_sent(self, delivery: Delivery) -> None:
        """Take note that `delivery` isn't sent at this attempt."""
        if self.is_doubtful(delivery):
            return
        self._absent[delivery.id] = delivery.attempt
        self._absent.move_to_end(delivery.id)
        if len(self._absent) > _MOST:
            self._absent.popitem(last=False)
