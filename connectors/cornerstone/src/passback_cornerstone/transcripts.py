"""Results by the tenant's APIs, where no token of a launch lives (wire facts §2.3)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC

from passback import AlreadyThere, Delivered, Delivery, JSONValue, Receipt, Rejected, Response, ServerError
from passback_cornerstone.answers import refusal, require
from passback_cornerstone.api import Api
from passback_cornerstone.people import records
from passback_cornerstone.records import Record

__all__ = ["Transcripts"]

_COMPLETE = "/services/api/v1/transcripts/complete"
_ASSIGNMENTS = "/services/api/v1/LearningAssignments"
_GOOD = (200, 201, 202, 204)
_UNKNOWN = (400, 404)
_FINAL, _REFUSALS = 409, (413, 422)
# Of one user in one course: once a year, it may be.
_MOST_ASSIGNMENTS = 10
_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")


class Transcripts:
    """The transcripts of one tenant."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def takes(self, record: Record) -> bool:
        """Whether `record` can be told so: completing knows no failure, and progress is an option."""
        return record.success is not False if record.completed else self._api.options.progress

    async def send(self, delivery: Delivery, record: Record) -> Receipt | Response | None:
        """Tell `record`, and return the receipt.

        Returns:
            The receipt; the answer, where user or course aren't known; None where nobody assigned the course,
            so that there is nothing to update.

        Raises:
            ConnectionFailure: The portal can't be reached, or refuses the client.
        """
        answer = await (self._complete(record) if record.completed else self._update(record))
        if answer is None:
            return None
        if answer.status in _GOOD:
            return Delivered(delivery.id, record.course)
        if answer.status in _UNKNOWN:
            return answer
        if answer.status == _FINAL:
            return AlreadyThere(delivery.id, record.course)
        if answer.status in _REFUSALS:
            return Rejected(delivery.id, refusal(answer))
        require(answer)
        raise AssertionError  # no status is required, so every one is refused

    async def _complete(self, record: Record) -> Response:
        options = self._api.options
        external = record.result.learner.external_id
        by_external = options.user_key == "externalId" and external
        document: dict[str, object] = {"externalId": external} if by_external else {"userGuid": record.user}
        document["learningObjectId"] = self._learning_object(record)
        if options.ignore_workflow:
            document["ignoreWorkflow"] = True
        return await self._api.patch(_COMPLETE, document)

    async def _update(self, record: Record) -> Response | None:
        """Return the last answer, None where nobody assigned the course."""
        query = {"userId": record.user, "loId": self._learning_object(record)}
        answer = await self._api.get(_ASSIGNMENTS, query)
        if answer.status in _UNKNOWN:
            return answer
        require(answer, *_GOOD)
        at = record.result.at.astimezone(UTC).replace(microsecond=0).isoformat()
        found, _ = records(answer)
        last: Response | None = None
        for assignment in _own(found, query, answer):
            document: dict[str, object] = {"Status": "In Progress", "LastAccessDate": at}
            last = await self._api.patch(f"{_ASSIGNMENTS}/{assignment}", document)
            if last.status not in _GOOD:
                return last
        return last

    def _learning_object(self, record: Record) -> str:
        return self._api.options.learning_objects.get(record.result.activity.id, record.course)


def _own(listed: Sequence[JSONValue], asked_for: Mapping[str, str], answer: Response) -> list[str]:
    """Return the assignments among `listed` that aren't of another user or course than `asked_for`."""
    # A portal that ignores what it's asked for lists everybody's.
    own = [each for each in listed if _is_of(each, asked_for)]
    if len(own) > _MOST_ASSIGNMENTS or (listed and not own):
        raise ServerError(
            f"{answer.asked} lists other assignments than it was asked for, those of one user in one course; "
            "none is changed",
            status=answer.status,
        )
    return [_assignment(each, answer) for each in own]


def _is_of(assignment: JSONValue, asked_for: Mapping[str, str]) -> bool:
    given = assignment.items() if isinstance(assignment, dict) else ()
    told = {name.lower(): str(each).casefold() for name, each in given}
    return all(told.get(name.lower(), each.casefold()) == each.casefold() for name, each in asked_for.items())


def _assignment(assignment: JSONValue, answer: Response) -> str:
    found = assignment.get("assignmentId") if isinstance(assignment, dict) else None
    if isinstance(found, bool) or not isinstance(found, int | str) or not _ID.fullmatch(str(found)):
        raise ServerError(f"{answer.asked} lists an assignment without an assignmentId", status=answer.status)
    return str(found)
