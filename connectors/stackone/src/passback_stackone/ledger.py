"""What is known not to have arrived: StackOne has no idempotency key (wire facts §4.4)."""

from __future__ import annotations

from collections import OrderedDict

from passback import Delivery

__all__ = ["Ledger"]

_MOST = 50_000


class Ledger:
    """Remembers through which attempt a delivery surely didn't arrive.

    What isn't in it (any more) may have arrived at each attempt before this one, and is looked for before
    it's written again. It's lost with the process, and then more is looked for.
    """

    def __init__(self) -> None:
        self._absent: OrderedDict[int, int] = OrderedDict()

    def may_be_there(self, delivery: Delivery) -> bool:
        """Return whether `delivery` may have arrived at an attempt before this one."""
        return self._absent.get(delivery.id, 0) < delivery.attempt - 1

    def is_absent(self, delivery: Delivery) -> None:
        """Take note that `delivery` didn't arrive, at this attempt or before."""
        self._absent[delivery.id] = delivery.attempt
        self._absent.move_to_end(delivery.id)
        if len(self._absent) > _MOST:
            self._absent.popitem(last=False)

    def is_done(self, delivery: Delivery) -> None:
        """Forget about `delivery`: nobody will ask again."""
        self._absent.pop(delivery.id, None)
