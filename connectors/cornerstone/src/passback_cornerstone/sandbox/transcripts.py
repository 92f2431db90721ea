"""Transcripts and assignments, by the tenant APIs (wire facts §2.3)."""

import json

from starlette.requests import Request
from starlette.responses import Response

from passback_cornerstone.sandbox.answers import Refused, asked_for, reply, stamp
from passback_cornerstone.sandbox.population import Person
from passback_cornerstone.sandbox.state import Entry, State

_COMPLETE = {"externalId", "userGuid", "learningObjectId", "ignoreWorkflow"}
_UPDATE = {"Status", "LastAccessDate"}


class Transcripts:
    """What people completed, and what they were told to take."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def complete(self, request: Request) -> Response:
        """Complete a course for somebody; what is complete stays as it is."""
        given = await _document(request, _COMPLETE)
        person = self._whose(given)
        course = self._state.course(given.get("learningObjectId"))
        if course is None:
            raise Refused(
                self._state.behaviour.unknown_status, "learningObjectId: there is no such learning object"
            )
        kept = self._state.entries.get((person.guid, course))
        if kept is None or kept.status != "Completed":
            now = stamp(self._state.now())
            self._state.entries[person.guid, course] = Entry(status="Completed", completed=now, way="api")
        return reply({"status": "Success", "timeStamp": stamp(self._state.now()), "data": []})

    async def overview(self, request: Request) -> Response:
        """Answer somebody's transcript; its shape is inferred."""
        person = self._state.external(request.query_params.get("externalId"))
        if person is None:
            raise Refused(404, "externalId: there is no such user")
        group = request.query_params.get("statusGroups")
        rows = [
            {
                "learningObjectId": self._state.learning_object(course),
                "status": entry.status,
                "way": entry.way,
            }
            for (guid, course), entry in self._state.entries.items()
            if guid == person.guid and group in (None, entry.status)
        ]
        content = {"status": "Success", "timeStamp": stamp(self._state.now()), "data": rows}
        return asked_for(request, content, xml=self._state.behaviour.xml)

    async def assignments(self, request: Request) -> Response:
        """Answer what somebody was told to take, of one learning object."""
        given = request.query_params
        if not {"userId", "loId"} <= given.keys():
            raise Refused(400, "userId and loId are required")
        course = self._state.course(given["loId"])
        found = [
            {"assignmentId": each.number, "status": each.status}
            for each in self._state.assignments
            if each.guid == given["userId"].lower() and each.course == course
        ]
        return asked_for(request, found, xml=self._state.behaviour.xml)

    async def update(self, request: Request) -> Response:
        """Change the status of an assignment."""
        given = await _document(request, _UPDATE)
        for each in self._state.assignments:
            if each.number == request.path_params["number"]:
                each.status, each.accessed = str(given.get("Status")), str(given.get("LastAccessDate"))
                return reply({"status": "Success", "timeStamp": stamp(self._state.now())})
        raise Refused(404, "there is no such assignment")

    def _whose(self, given: dict[str, object]) -> Person:
        named = given.keys() & {"externalId", "userGuid"}
        if len(named) != 1:
            raise Refused(400, "externalId or userGuid: exactly one is required")
        if "externalId" in named:
            person = self._state.external(given["externalId"])
        else:
            person = self._state.person(given["userGuid"])
        if person is None:
            raise Refused(self._state.behaviour.unknown_status, "there is no such user")
        return person


async def _document(request: Request, known: set[str]) -> dict[str, object]:
    try:
        given = json.loads(await request.body())
    except ValueError:
        given = None
    if not isinstance(given, dict) or not given.keys() <= known:
        raise Refused(400, f"expected an object of {', '.join(sorted(known))}")
    return given
