"""Results become external activity; the school has no idempotency key (wire facts §0.2, §6.1)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from passback import (
    ActivityUnknown,
    AlreadyThere,
    ConnectionFailure,
    CutShort,
    Delivered,
    Delivery,
    RateLimited,
    Receipt,
    Rejected,
    Response,
    UserUnknown,
)
from passback_thoughtindustries.completions import Entry, entry
from passback_thoughtindustries.events import Events, Unreadable
from passback_thoughtindustries.options import ThoughtIndustriesOptions
from passback_thoughtindustries.school import School, is_own, require, said_by_school, words

__all__ = ["Submitter"]

_STORED = (200, 201, 204)
_BAD_REQUEST, _UNAUTHORIZED, _NOT_FOUND, _TOO_LARGE = 400, 401, 404, 413
_REFUSALS = (_BAD_REQUEST, 409, 422)
# Each says that nothing was written.
_NOTHING_WRITTEN = frozenset({400, 401, 403, 404, 409, 413, 422, 429})
_ACTIVITY = re.compile(r"course|learning ?path", re.IGNORECASE)
_MISSING = re.compile(r"not found|unknown|no such|doesn't exist|does not exist|invalid", re.IGNORECASE)


class Submitter:
    """Sends results to one school."""

    def __init__(self, school: School, options: ThoughtIndustriesOptions, events: Events) -> None:
        self._school = school
        self._options = options
        self._events = events

    async def send(self, deliveries: Sequence[Delivery]) -> list[Receipt]:
        """Send `deliveries`, one after the other, and return their receipts.

        Raises:
            CutShort: The connection fails; it says what surely wasn't written.
        """
        receipts: list[Receipt] = []
        for at, delivery in enumerate(deliveries):
            try:
                receipts.append(await self._sent(delivery))
            except CutShort as cut:
                later = [each.id for each in deliveries[at + 1 :]]
                raise CutShort(receipts, cut.failure, [*cut.unsent, *later]) from None
        return receipts

    async def _sent(self, delivery: Delivery) -> Receipt:
        ready = entry(delivery, self._options)
        if not isinstance(ready, Entry):
            return Delivered(delivery.id, sent=False) if ready is None else ready
        answer: Response | None = None
        try:
            found = await self._found(delivery, ready)
            if found is not None:
                return found
            answer = await self._post(ready)
            return await self._receipt(delivery, ready, answer)
        except CutShort:
            raise
        except ConnectionFailure as failure:
            written = answer is not None and not _says_nothing_written(answer)
            raise CutShort([], failure, [] if written else [delivery.id]) from None

    async def _post(self, ready: Entry) -> Response:
        try:
            return await self._school.post(ready.path, ready.content)
        except RateLimited:
            raise  # of the connection's own quota: nothing was sent
        except ConnectionFailure as failure:
            raise CutShort([], failure) from None

    async def _receipt(self, delivery: Delivery, ready: Entry, answer: Response) -> Receipt:
        if answer.status in _STORED:
            # The school says nothing, or says it in JSON; a page of a network on the way says 200, too.
            if answer.body.strip():
                answer.json()
            return Delivered(delivery.id)
        return await self._refused(delivery, ready, answer)

    async def _refused(self, delivery: Delivery, ready: Entry, answer: Response) -> Receipt:
        # Whoever says that it's too large means this request.
        if answer.status == _TOO_LARGE:
            return Rejected(delivery.id, f"it answered 413 (too large): {words(answer)}")
        if not is_own(answer):
            require(answer, *_STORED)
        said = f"it answered {answer.status}: {words(answer)}"
        if answer.status in (_BAD_REQUEST, _NOT_FOUND):
            if await self._is_gone(ready):
                return UserUnknown(
                    delivery.id, "the school has no user with the id of their account any more"
                )
            if answer.status == _NOT_FOUND or (_ACTIVITY.search(said) and _MISSING.search(said)):
                return ActivityUnknown(delivery.id, said)
        if answer.status in _REFUSALS:
            return Rejected(delivery.id, said)
        require(answer, *_STORED)
        raise AssertionError  # no other status is left

    async def _is_gone(self, ready: Entry) -> bool:
        if ready.user is None:
            return False
        found = await self._school.user(ready.user)
        return found.status == _NOT_FOUND and is_own(found)

    async def _found(self, delivery: Delivery, ready: Entry) -> Receipt | None:
        """Return the receipt of what is there already, or can't be looked for; None where it's to be sent."""
        if not delivery.unsure or not self._events.can_tell(ready):
            return None
        try:
            return AlreadyThere(delivery.id) if await self._events.tell(ready) else None
        except Unreadable as unreadable:
            return Rejected(delivery.id, _held(unreadable))


def _held(unreadable: Unreadable) -> str:
    return (
        f"it may have arrived at an earlier attempt, and {unreadable}. Look for it over there; "
        "to send it all the same, set when_unsure to send and replay it"
    )


def _says_nothing_written(answer: Response) -> bool:
    return answer.status in _NOTHING_WRITTEN and _is_own(answer)


def _is_own(answer: Response) -> bool:
    # A refused key is answered with nothing at all.
    return bool(said_by_school(answer)) or (answer.status == _UNAUTHORIZED and not answer.body.strip())
