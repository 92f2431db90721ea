"""What is known of the session tokens that launches brought.

A token serves the whole portal (wire facts §2.4), and whoever launches brings one: also somebody who made it
up. So a token that was taken is tried before others, a refused one makes no other go away, and none is given
up on the word of a portal that may have refused our own key and secret.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from passback import Clock, Launch
from passback_cornerstone.launches import Target, target
from passback_cornerstone.options import CallbackOptions, CornerstoneOptions

__all__ = ["Tokens"]

_MOST_REFUSED = 1000


class Tokens:
    """The tokens of one portal, as far as this process has tried them."""

    def __init__(self, options: CornerstoneOptions, callback: CallbackOptions, clock: Clock) -> None:
        self._options = options
        self._callback = callback
        self._clock = clock
        self._refused: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._worked: tuple[str, str] | None = None
        self._taken_at: datetime | None = None

    def candidates(self, own: Launch | None, launches: Sequence[Launch]) -> Iterator[Target]:
        """Yield what to try: the learner's own launch, the one that worked last, then the others."""
        now = self._clock.now()
        others = [each for each in map(self._target, launches) if each is not None]
        first = None if own is None else self._target(own)
        worked = [each for each in others if each.key == self._worked]
        tried: set[tuple[str, str]] = set()
        for each in (*(() if first is None else (first,)), *worked, *others):
            if each.key in tried or each.key in self._refused or (each.expires and each.expires <= now):
                continue
            tried.add(each.key)
            yield each

    def took(self, taken: Target, instead_of: Iterable[Target]) -> None:
        """Take note that `taken` worked, and that those which were tried before it didn't."""
        self._worked = taken.key
        self._taken_at = self._clock.now()
        self.refuse(instead_of)

    def refuse(self, targets: Iterable[Target]) -> None:
        """Take note of tokens that don't work."""
        for each in targets:
            self._refused[each.key] = None
        while len(self._refused) > _MOST_REFUSED:
            self._refused.popitem(last=False)

    def refused(self, launches: Iterable[Launch]) -> tuple[int, ...]:
        """Return the ids of those of `launches` whose tokens don't work."""
        found = (self._target(each) for each in launches)
        return tuple(
            sorted({each.launch for each in found if each is not None and each.key in self._refused})
        )

    def worked(self, each: Target) -> bool:
        """Whether `each` is the one that was taken last."""
        return each.key == self._worked

    def casts_doubt(self, refused: Target) -> bool:
        """Whether a refusal of this token speaks against key and secret rather than against its age.

        The portal answers 401 to both. A young token isn't aged; had key and secret been taken since it was
        handed over, they would be right.
        """
        if refused.issued is None or self._clock.now() - refused.issued > self._fresh:
            return False
        return self._taken_at is None or self._taken_at < refused.issued

    @property
    def _fresh(self) -> timedelta:
        return timedelta(minutes=self._callback.fresh_minutes)

    def _target(self, launch: Launch) -> Target | None:
        return target(launch, self._options, self._callback)
