"""Whose turn it is: what a learner did in an activity doesn't overtake what is to be tried later."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from passback import Delivery, Receipt, TryLater
from passback_webhook.message_options import ArrayOptions
from passback_webhook.outgoing import Message

__all__ = ["Turns", "grouped"]


def grouped(messages: Sequence[Message], array: ArrayOptions | None) -> list[list[Message]]:
    """Return `messages` in groups, each of which may be one request, in the order in which they go."""
    groups: list[list[Message]] = []
    for message in messages:
        if array and groups and groups[-1][0].goes_with(message):
            groups[-1].append(message)
        else:
            groups.append([message])
    if array is None or array.results is None:
        return groups
    return [wave for group in groups for wave in _waves(group)]


def _waves(group: Sequence[Message]) -> list[list[Message]]:
    # Of two in one request, the first may be put off and the second be taken.
    waves: list[list[Message]] = []
    before: Counter[tuple[str, str]] = Counter()
    for message in group:
        subject = _subject(message.delivery)
        if before[subject] == len(waves):
            waves.append([])
        waves[before[subject]].append(message)
        before[subject] += 1
    return waves


class Turns:
    """Which messages of a batch go, by what became of those before them."""

    def __init__(self) -> None:
        self._put_off: dict[tuple[str, str], TryLater] = {}

    def note(self, messages: Sequence[Message], receipts: Sequence[Receipt]) -> None:
        """Take note of the `receipts` of `messages`."""
        later = {each.delivery: each for each in receipts if isinstance(each, TryLater)}
        for each in messages:
            if each.delivery.id in later:
                self._put_off[_subject(each.delivery)] = later[each.delivery.id]

    def apart(self, messages: Sequence[Message]) -> tuple[list[Message], list[Receipt]]:
        """Return those of `messages` whose turn it is, and the receipts of the others."""
        now: list[Message] = []
        later: list[Receipt] = []
        for message in messages:
            first = self._put_off.get(_subject(message.delivery))
            if first is None:
                now.append(message)
            else:
                reason = "what its learner did before in that activity comes first"
                later.append(TryLater(message.delivery.id, first.at, reason))
        return now, later


def _subject(delivery: Delivery) -> tuple[str, str]:
    return delivery.result.learner.id, delivery.result.activity.id
