"""What becomes of a statement that an LRS should hold, by its own word, and doesn't show."""

from __future__ import annotations

from collections import OrderedDict
from datetime import timedelta

from passback import Clock, Receipt, Rejected, TryLater
from passback_xapi.outgoing import Outgoing

__all__ = ["HELD", "Unseen", "taken"]

# An LRS may answer before a statement can be read, so its absence is believed only after some looks.
_BELIEVED_AFTER = 5
_READABLE_AFTER = timedelta(minutes=1)
_MOST_REMEMBERED = 10_000
HELD = "the LRS says that it holds a statement of this id already (409), but doesn't show it"


def taken(status: int) -> str:
    """Return what is wrong with a statement that wasn't named in an answer of `status`, and isn't shown."""
    return (
        f"the LRS took it ({status}) as one that it holds already, but doesn't show it, "
        "as it does others that were sent with it"
    )


class Unseen:
    """Counts how often an LRS, which takes other statements, didn't show one.

    Attempts say less: most of them may have been in an outage, when nobody looked. So do looks between which
    it took nothing: it may refuse whatever it's sent.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._taken = 0
        self._looks: OrderedDict[str, tuple[int, int]] = OrderedDict()

    def took(self) -> None:
        """Take note that the LRS took what it was sent, and named or showed some of it."""
        self._taken += 1

    def receipt(self, outgoing: Outgoing, claim: str) -> Receipt:
        """Return the receipt for a statement that wasn't shown once more, against the LRS's `claim`."""
        looks, taken = self._looks.pop(outgoing.id, (0, -1))
        looks += taken < self._taken
        if looks >= _BELIEVED_AFTER:
            return Rejected(outgoing.delivery.id, f"{claim}; it may have been voided there")
        self._looks[outgoing.id] = looks, self._taken
        while len(self._looks) > _MOST_REMEMBERED:
            self._looks.popitem(last=False)
        return TryLater(outgoing.delivery.id, self._clock.now() + _READABLE_AFTER, claim)
