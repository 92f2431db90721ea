"""What a result becomes at a school: a completed course, or where somebody is in a learning path (§6.1)."""

from __future__ import annotations

from datetime import UTC, datetime

import attrs

from passback import Delivery, JSONValue, ResultKind, UserUnknown
from passback_thoughtindustries.directory import is_identity
from passback_thoughtindustries.options import ThoughtIndustriesOptions

__all__ = ["Entry", "entry"]

_ENDS = (ResultKind.COMPLETED, ResultKind.PASSED)


@attrs.frozen(kw_only=True)
class Entry:
    """What is written.

    Attributes:
        path: Where.
        content: What.
        user: The user's id; None where they are addressed by e-mail.
        address: Their address, where they are addressed by it.
        course: The course's id, by which its completions can be looked for; None where there is none.
        at: When it happened.
    """

    path: str
    content: dict[str, JSONValue] = attrs.field(repr=False)
    user: str | None
    address: str | None
    course: str | None
    at: datetime


def entry(delivery: Delivery, options: ThoughtIndustriesOptions) -> Entry | UserUnknown | None:
    """Return what `delivery` becomes; None where the school has no place for it."""
    result, path = delivery.result, options.learning_paths.get(delivery.result.activity.id)
    status = _status(delivery)
    if status is None or (path is None and status != "completed"):
        return None
    user = _user(delivery)
    if path is not None:
        if user is None:
            return UserUnknown(delivery.id, "a learning path wants a user of the school, and none is known")
        at = "completionDate" if status == "completed" else "timeStampDate"
        said: dict[str, JSONValue] = {"userId": user, "learningPathId": path, "status": status}
        return Entry(
            path="learningPathExternalActivity",
            content={**said, at: _moment(result.utc)},
            user=user,
            address=None,
            course=None,
            at=result.utc,
        )
    return _course(delivery, options, user)


def _course(delivery: Delivery, options: ThoughtIndustriesOptions, user: str | None) -> Entry | UserUnknown:
    result, address = delivery.result, None
    whom: dict[str, JSONValue] = {"userId": user}
    if options.learner_by == "email":
        user, address = None, result.learner.address
        if address is None:
            lacking = "none that can be used" if result.learner.email else "none"
            return UserUnknown(
                delivery.id,
                f"learners are found by their e-mail address (learner_by), and this one has {lacking}",
            )
        whom = {"userEmail": address}
    elif user is None:
        return UserUnknown(delivery.id, "completions are for a user of the school, and none is known")
    course = options.courses.get(result.activity.id, result.activity.id)
    named = "courseId" if options.course_by == "id" else "courseSku"
    return Entry(
        path="courseExternalActivity",
        content={named: course, **whom, "completionDate": _moment(result.utc)},
        user=user,
        address=address,
        course=course if options.course_by == "id" else None,
        at=result.utc,
    )


def _status(delivery: Delivery) -> str | None:
    kind, completion = delivery.result.kind, delivery.result.completion
    if kind.concerns_item:
        return None
    if kind in _ENDS or completion:
        return "completed" if completion is not False or kind is ResultKind.COMPLETED else "started"
    return "not-completed" if kind is ResultKind.FAILED else "started"


def _user(delivery: Delivery) -> str | None:
    account = delivery.account
    if account is None or account.anonymous or not is_identity(account.user_id):
        return None
    return account.user_id


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
