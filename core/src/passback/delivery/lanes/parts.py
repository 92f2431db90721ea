"""What the parts of a refused batch tell of those that are still to be sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from passback.errors import BatchRefused, BatchTooLarge
from passback.model import Delivery, Receipt, TryLater

__all__ = ["Held", "Sizes"]


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


class Sizes:
    """How many deliveries passed at once, and which were too large together."""

    def __init__(self) -> None:
        self._most = 0
        self._too_large: list[frozenset[int]] = []
        self._alone: set[int] = set()

    def passed(self, part: Sequence[Delivery]) -> None:
        """Take note that the system answered each of `part`."""
        self._most = max(self._most, len(part))

    def refused(self, part: Sequence[Delivery], refusal: BatchRefused) -> None:
        """Take note that the system refused `part` as a whole."""
        if not isinstance(refusal, BatchTooLarge):
            return
        if len(part) == 1:
            self._alone.add(part[0].id)
        else:
            self._too_large.append(frozenset(each.id for each in part))

    @property
    def fit(self) -> int | None:
        """How many passed at most, if their number is why more didn't; else None."""
        # What is too large by itself says nothing of how many others fit.
        by_number = any(self._alone.isdisjoint(part) for part in self._too_large)
        return self._most if by_number and self._most else None


def _subject(delivery: Delivery) -> tuple[str, str, str]:
    result = delivery.result
    return result.organisation, result.learner.id, result.activity.id
