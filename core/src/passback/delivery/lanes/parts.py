"""What the parts of a refused batch tell of those that are still to be sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from passback.model import Delivery, Receipt, TryLater

__all__ = ["Held"]


class Held:
    """What follows something of the same learner and activity that is to be tried later.

    Attributes:
        left_out: The deliveries that weren't sent for that.
    """

    def __init__(self) -> None:
        self.left_out: set[int] = set()
        self._subjects: set[tuple[str, str, str]] = set()

    def note(self, part: Iterable[Delivery], receipts: Iterable[Receipt]) -> None:
        """Take note of the `receipts` of `part`."""
        later = {each.delivery for each in receipts if isinstance(each, TryLater)}
        self._subjects |= {_subject(each) for each in part if each.id in later}

    def without(self, part: Sequence[Delivery]) -> Sequence[Delivery]:
        """Return what of `part` overtakes nothing."""
        if not self._subjects:
            return part
        self.left_out |= {each.id for each in part if _subject(each) in self._subjects}
        return tuple(each for each in part if each.id not in self.left_out)


def _subject(delivery: Delivery) -> tuple[str, str, str]:
    result = delivery.result
    return result.organisation, result.learner.id, result.activity.id
