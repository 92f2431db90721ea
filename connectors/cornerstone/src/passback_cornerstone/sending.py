"""Which way a result goes: the callback while a token lives, the tenant's API afterwards."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

import attrs

from passback import (
    ActivityUnknown,
    AlreadyThere,
    Batch,
    BatchRefused,
    ConnectionFailure,
    CutShort,
    Delivered,
    Delivery,
    Launch,
    NeedsLaunch,
    Receipt,
    Rejected,
    Response,
    TryLater,
    UserUnknown,
)
from passback_cornerstone.courses import course_id
from passback_cornerstone.directory import Directory
from passback_cornerstone.envelopes import said
from passback_cornerstone.options import CornerstoneOptions
from passback_cornerstone.portal import Portal, Untaken
from passback_cornerstone.records import Record
from passback_cornerstone.transcripts import Transcripts

__all__ = ["Sender"]

_MOST_REMEMBERED = 10_000
_GIVE = "give their external id, user name or address as Cornerstone has it, or decide who they are"
_OPEN = "they open the activity from Cornerstone once"


class Sender:
    """Sends results to one portal."""

    def __init__(
        self,
        options: CornerstoneOptions,
        portal: Portal | None,
        transcripts: Transcripts | None,
        directory: Directory | None,
    ) -> None:
        self._options = options
        self._portal = portal
        self._transcripts = transcripts
        self._directory = directory
        self._completed: OrderedDict[tuple[str, str], None] = OrderedDict()

    async def receipts(self, batch: Batch) -> Sequence[Receipt]:
        """Send `batch` one by one, until the connection fails.

        Raises:
            CutShort: It fails; what wasn't sent is in it.
        """
        receipts: list[Receipt] = []
        held: dict[tuple[str, str], TryLater] = {}
        for place, delivery in enumerate(batch.deliveries):
            try:
                made = held.get(_subject(delivery)) or self._record(delivery)
                if isinstance(made, Record):
                    made = await self._send(delivery, batch.launches, made)
            except BatchRefused as refused:
                made = Rejected(delivery.id, str(refused))
            except ConnectionFailure as failure:
                later = [each.id for each in batch.deliveries[place + 1 :]]
                raise CutShort(receipts, failure, later) from None
            if isinstance(made, TryLater):
                # What the same learner did later in the same course doesn't overtake it.
                held[_subject(delivery)] = made
            receipts.append(attrs.evolve(made, delivery=delivery.id))
        return receipts

    def _record(self, delivery: Delivery) -> Record | Receipt:
        result = delivery.result
        if result.kind not in self._options.events:
            return Delivered(delivery.id, sent=False)  # without an id over there: it was not to be sent
        user = _user(delivery)
        if user is not None:
            course = course_id(result.activity.id, self._options.courses)
            return Record(result=result, user=user, course=course)
        if delivery.account is not None:
            reason = "Cornerstone knows nobody by a made-up id; the learner opens the activity from there"
            return NeedsLaunch(delivery.id, reason)
        reason = f"nobody in Cornerstone is known to be this learner: {_GIVE if self._directory else _OPEN}"
        return UserUnknown(delivery.id, reason)

    async def _send(self, delivery: Delivery, launches: Sequence[Launch], record: Record) -> Receipt:
        if not record.completed and (delivery.finished or record.key in self._completed):
            return AlreadyThere(delivery.id, record.course)  # Completed is final (wire facts §2.4)
        untaken = Untaken()
        if self._portal is not None:
            answer = await self._portal.send(delivery, launches, record)
            if not isinstance(answer, Untaken):
                return await self._settled(delivery, record, answer)
            untaken = answer
        return await self._otherwise(delivery, record, untaken)

    async def _otherwise(self, delivery: Delivery, record: Record, untaken: Untaken) -> Receipt:
        if self._transcripts is not None and self._transcripts.takes(record):
            answer = await self._transcripts.send(delivery, record)
            if answer is not None:
                return await self._settled(delivery, record, answer)
        if untaken.failure is not None:
            raise untaken.failure
        if untaken.later is not None:
            return untaken.later
        if self._portal is not None:
            reason = "no token of this portal is alive; it goes when anybody launches from Cornerstone"
            return NeedsLaunch(delivery.id, reason, untaken.refused)
        if record.completed:
            return Rejected(delivery.id, "the tenant API completes, but can't tell that somebody failed")
        return Delivered(delivery.id, sent=False)  # the tenant API has no place for it

    async def _settled(self, delivery: Delivery, record: Record, answer: Receipt | Response) -> Receipt:
        if isinstance(answer, Response):
            return await self._unknown(delivery, record, answer)
        if record.completed and isinstance(answer, Delivered | AlreadyThere):
            self._completed[record.key] = None
            while len(self._completed) > _MOST_REMEMBERED:
                self._completed.popitem(last=False)
        return answer

    async def _unknown(self, delivery: Delivery, record: Record, answer: Response) -> Receipt:
        why = said(answer)
        if self._directory is not None and not await self._directory.knows(record.user):
            reason = f"Cornerstone has no user with the id of their account any more ({why})"
            return UserUnknown(delivery.id, reason)
        return ActivityUnknown(
            delivery.id,
            f"Cornerstone answered {answer.status} for course {record.course} and this user: "
            f"{why}; is the course in its catalogue? If by another id, say so (courses, learning_objects)",
        )


def _user(delivery: Delivery) -> str | None:
    account, launch = delivery.account, delivery.launch
    if account is not None and not account.anonymous:
        return account.user_id
    return None if launch is None else launch.user_id


def _subject(delivery: Delivery) -> tuple[str, str]:
    return delivery.result.learner.id, delivery.result.activity.id
