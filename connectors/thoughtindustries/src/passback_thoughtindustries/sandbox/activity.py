"""External activity, and the events that tell of it (wire facts §6.1)."""

from __future__ import annotations

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from passback_thoughtindustries.sandbox.behaviour import Behaviour, Person
from passback_thoughtindustries.sandbox.queries import body, moment, parameters
from passback_thoughtindustries.sandbox.refusal import Refused
from passback_thoughtindustries.sandbox.users import Users

_COURSE = ("courseId", "courseSku", "userId", "userEmail", "completionDate", "awards", "certificateUrl",
           "transcriptFields")  # fmt: skip
_PATH = ("userId", "learningPathId", "status", "completionDate", "timeStampDate")
_STATUSES = ("not-started", "started", "completed", "not-completed")
_EVENTS_PER_PAGE = 50


class Activity:
    """What was told of users.

    Attributes:
        completions: Of courses, the oldest first: as events tell them.
        paths: Of learning paths, the oldest first.
    """

    def __init__(self, behaviour: Behaviour, users: Users) -> None:
        self._behaviour = behaviour
        self._users = users
        self.completions: list[dict[str, object]] = []
        self.paths: list[dict[str, object]] = []

    async def course(self, request: Request) -> Response:
        """Answer ``POST /courseExternalActivity``: 200 and nothing."""
        parameters(request, ())
        given = await body(request, _COURSE)
        course = self._course(given)
        person = self._person(given)
        done = moment(given.get("completionDate"), "completionDate")
        if done > datetime.now(UTC):
            raise Refused(400, "completionDate must not be in the future")
        self.completions.append(self._event(person, course, done))
        return Response()

    async def path(self, request: Request) -> Response:
        """Answer ``POST /learningPathExternalActivity``."""
        parameters(request, ())
        given = await body(request, _PATH)
        if not self._behaviour.paths_enabled:
            raise Refused(403, "externalActivity isn't enabled")
        person = self._person(given)
        if given.get("learningPathId") not in self._behaviour.learning_paths:
            raise Refused(self._behaviour.unknown, "Learning path not found")
        status = given.get("status", "completed")
        if status not in _STATUSES:
            raise Refused(400, f"status must be one of {', '.join(_STATUSES)}")
        wanted, other = "completionDate", "timeStampDate"
        if status != "completed":
            wanted, other = other, wanted
        if other in given:
            raise Refused(400, f"{other} doesn't go with status {status}")
        moment(given.get(wanted), wanted)
        self.paths.append({**given, "userId": person.id, "status": status})
        return Response()

    def events(self, request: Request) -> Response:
        """Answer ``GET /events/courseCompletion``."""
        given = parameters(request, {"cursor", "page", "startDate", "endDate", "userId"})
        low = moment(given["startDate"], "startDate") if "startDate" in given else None
        high = moment(given["endDate"], "endDate") if "endDate" in given else None
        found = [
            each
            for each in self.completions
            if (low is None or moment(each["timestamp"], "timestamp") >= low)
            and (high is None or moment(each["timestamp"], "timestamp") <= high)
            and ("userId" not in given or _user_of(each) == given["userId"])
        ]
        start = int(given.get("cursor", "0"))
        end = start + _EVENTS_PER_PAGE
        info = {"cursor": str(end), "hasMore": end < len(found)}
        return JSONResponse({"pageInfo": info, "events": found[start:end]})

    def _course(self, given: dict[str, object]) -> str:
        if ("courseId" in given) == ("courseSku" in given):
            raise Refused(400, "either courseId or courseSku is needed")
        for identity, course in self._behaviour.courses.items():
            if given.get("courseId") == identity or given.get("courseSku") == course.sku:
                return identity
        raise Refused(self._behaviour.unknown, "Course not found")

    def _person(self, given: dict[str, object]) -> Person:
        if ("userId" in given) == ("userEmail" in given):
            raise Refused(400, "either userId or userEmail is needed")
        field, value = ("id", given["userId"]) if "userId" in given else ("email", given["userEmail"])
        person = self._users.find(field, value)
        if person is None:
            raise Refused(self._behaviour.unknown, "User not found")
        return person

    def _event(self, person: Person, course: str, at: datetime) -> dict[str, object]:
        return {
            "id": f"e-{len(self.completions) + 1}",
            "source": "course_completed",
            "timestamp": at.isoformat().replace("+00:00", "Z"),
            "type": "status_change",
            "user": person.email,
            "companyId": "sandbox",
            "event": "courseCompletion",
            "notifiableId": course,
            "title": self._behaviour.courses[course].title,
            "userDetail": {
                "id": person.id,
                "firstName": person.first,
                "lastName": person.last,
                "externalCustomerId": person.external,
            },
        }


def _user_of(event: dict[str, object]) -> object:
    detail = event["userDetail"]
    return detail["id"] if isinstance(detail, dict) else None
