"""Results become enrollments: made, or found and changed (wire facts §3.3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from passback import (
    ActivityUnknown,
    AlreadyThere,
    Clock,
    ConnectionFailure,
    CutShort,
    Delivered,
    Delivery,
    JSONValue,
    Patience,
    Receipt,
    Rejected,
    Response,
    TryLater,
    UserUnknown,
)
from passback_go1.answers import TOO_LARGE, identity, is_refused, is_user_missing, said
from passback_go1.enrollments import lacking, outcome, read_moment, written
from passback_go1.ids import identifier
from passback_go1.objects import LearningObjects
from passback_go1.options import Go1Options
from passback_go1.pages import pages
from passback_go1.portal import Portal, error_code

__all__ = ["Submitter"]

_OK, _CREATED, _BAD_REQUEST, _NOT_FOUND, _CONFLICT = 200, 201, 400, 404, 409
_EXISTS = "enrollment_exists"
_MOST_PAGES = 20
_PAUSE = timedelta(minutes=1)


class Submitter:
    """Sends results to one portal."""

    def __init__(self, portal: Portal, options: Go1Options, objects: LearningObjects, clock: Clock) -> None:
        self._portal = portal
        self._options = options
        self._objects = objects
        self._clock = clock

    async def send(self, deliveries: Sequence[Delivery]) -> list[Receipt]:
        """Send `deliveries`, one after the other, and return their receipts.

        Raises:
            CutShort: The connection fails; it says what wasn't sent.
        """
        receipts: list[Receipt] = []
        held: set[tuple[str, str]] = set()
        for at, delivery in enumerate(deliveries):
            learned = (delivery.result.learner.id, delivery.result.activity.id)
            if learned in held:
                receipts.append(self._later(delivery, "what was done before in it comes first"))
                continue
            try:
                receipt = await self._sent(delivery)
            except ConnectionFailure as failure:
                later = [each.id for each in deliveries[at + 1 :]]
                raise CutShort(receipts, failure, later) from None
            if isinstance(receipt, TryLater):
                held.add(learned)
            receipts.append(receipt)
        return receipts

    async def _sent(self, delivery: Delivery) -> Receipt:
        activity, account = delivery.result.activity.id, delivery.account
        learning_object = self._objects.of(activity)
        if learning_object is None:
            return ActivityUnknown(delivery.id, self._objects.unknown(activity))
        if account is None or account.anonymous:
            return UserUnknown(delivery.id, "enrollments are for an account of GO1, and none is known")
        if identifier(account.user_id) is None:
            return UserUnknown(delivery.id, "the id of their account can't be one of GO1's")
        answer = await self._portal.enroll(self._enrollment(delivery, account.user_id, learning_object))
        if answer.status == _CREATED:
            return Delivered(delivery.id, identity(answer))
        if answer.status == _CONFLICT and error_code(answer) == _EXISTS:
            return await self._update(delivery, account.user_id, learning_object)
        return await self._refused(delivery, account.user_id, learning_object, answer)

    def _enrollment(self, delivery: Delivery, user: str, learning_object: str) -> dict[str, JSONValue]:
        options = self._options
        fields: dict[str, JSONValue] = {
            "user_account_id": user,
            "lo_id": learning_object,
            "enrollment_type": options.enrollment_type,
            **written(outcome(delivery.result)),
        }
        return fields if options.assigner is None else {**fields, "assigner_account_id": options.assigner}

    async def _update(self, delivery: Delivery, user: str, learning_object: str) -> Receipt:
        there = await self._newest(user, learning_object)
        enrollment = None if there is None else identifier(there.get("id"))
        if there is None or enrollment is None:
            return self._later(delivery, "GO1 says that the enrollment exists, but doesn't list it")
        changes = lacking(outcome(delivery.result), there)
        if not changes:
            return AlreadyThere(delivery.id, enrollment)
        answer = await self._portal.change(enrollment, changes)
        if is_refused(answer):
            return Rejected(delivery.id, said(answer))
        if answer.status == _NOT_FOUND and error_code(answer):
            return self._later(delivery, "the enrollment was removed in the meantime")
        answer.require(_OK)
        identity(answer)
        return Delivered(delivery.id, enrollment)

    async def _newest(self, user: str, learning_object: str) -> dict[str, JSONValue] | None:
        # Who enrolls again has several, and the last made is the one that counts.
        query = {"user_account_id": user, "lo_ids": learning_object}
        patience = Patience(self._clock)
        found = [
            item
            async for items in pages(self._portal.enrollments, query, "hits", _MOST_PAGES, patience)
            for item in items
            if identifier(item.get("user_account_id")) == user
            and identifier(item.get("lo_id")) == learning_object
        ]
        return max(found, key=_created, default=None)

    async def _refused(
        self, delivery: Delivery, user: str, learning_object: str, answer: Response
    ) -> Receipt:
        # What isn't GO1's own word, such as a page of a proxy, says nothing about a user or an enrollment.
        if not error_code(answer) and answer.status != TOO_LARGE:
            answer.require(_CREATED)
        if answer.status in (_BAD_REQUEST, _NOT_FOUND):
            found = await self._portal.user(user)
            if is_user_missing(found):
                return UserUnknown(delivery.id, "GO1 has no user with the id of their account any more")
            if answer.status == _NOT_FOUND:
                found.require(_OK)
                return ActivityUnknown(
                    delivery.id, f"GO1 doesn't find the learning object {learning_object!r}: {said(answer)}"
                )
        if is_refused(answer):
            return Rejected(delivery.id, said(answer))
        answer.require(_CREATED)
        raise AssertionError  # no other status is left

    def _later(self, delivery: Delivery, reason: str) -> TryLater:
        return TryLater(delivery.id, self._clock.now() + _PAUSE, reason)


def _created(item: dict[str, JSONValue]) -> float:
    at = read_moment(item.get("created_time"))
    return 0.0 if at is None else at.timestamp()
