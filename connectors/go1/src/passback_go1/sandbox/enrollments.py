"""Enrollments, as the gateway keeps them (wire facts §3.3)."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from passback_go1.sandbox import fields
from passback_go1.sandbox.behaviour import Behaviour
from passback_go1.sandbox.filters import listed
from passback_go1.sandbox.queries import parameters, truth
from passback_go1.sandbox.refusal import Refused

_DATES = ("start_date", "end_date", "assign_date", "due_date")


class Enrollments:
    """Who is enrolled in what.

    Attributes:
        kept: The enrollments by their ids, in the order in which they were made.
    """

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self.kept: dict[str, dict[str, object]] = {}
        self._number = 9000

    async def collection(self, request: Request) -> Response:
        """Answer ``GET`` and ``POST /enrollments``."""
        if request.method == "POST":
            return await self._create(request)
        return JSONResponse(listed(request, self.kept.values()))

    async def one(self, request: Request) -> Response:
        """Answer ``PATCH`` and ``DELETE /enrollments/{id}``."""
        identity = request.path_params["id"]
        there = self.kept.get(identity)
        if there is None:
            raise Refused(404, "enrollment_not_found", "there is no such enrollment")
        if request.method == "DELETE":
            truth(parameters(request, {"retain_original"}), "retain_original")
            del self.kept[identity]
            return Response(status_code=204)
        parameters(request, ())
        body = await _body(request)
        fields.require_change(body, there)
        there |= {**body, "updated_time": _now()}
        return JSONResponse(there)

    async def _create(self, request: Request) -> Response:
        again = truth(parameters(request, {"re-enroll"}), "re-enroll")
        body = await _body(request)
        fields.require_new(body)
        self._require_known(body)
        same = [
            each
            for each in self.kept.values()
            if (each["user_account_id"], each["lo_id"]) == (body["user_account_id"], body["lo_id"])
        ]
        if same and not again:
            raise Refused(409, "enrollment_exists", "the user is enrolled already")
        return JSONResponse(self.add(body), 201)

    def add(self, body: dict[str, object]) -> dict[str, object]:
        """Keep an enrollment that has `body`, and return it."""
        self._number += 1
        made: dict[str, object] = {
            "id": str(self._number),
            "parent_enrolment_id": None,
            "assigner_account_id": None,
            "created_time": _now(),
            "updated_time": _now(),
            "result": None,
            "pass": None,
            **dict.fromkeys(_DATES),
            **body,
        }
        self.kept[str(self._number)] = made
        return made

    def _require_known(self, body: dict[str, object]) -> None:
        if body["user_account_id"] not in {person.id for person in self._behaviour.people}:
            raise Refused(self._behaviour.unknown, "user_account_not_found", "there is no such user account")
        if body["lo_id"] not in self._behaviour.learning_objects:
            raise Refused(self._behaviour.unknown, "lo_not_found", "there is no such learning object")


async def _body(request: Request) -> dict[str, object]:
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise Refused(400, "validation_failed", "expected application/json")
    try:
        found = json.loads(await request.body())
    except ValueError:
        raise Refused(400, "validation_failed", "expected JSON") from None
    if not isinstance(found, dict):
        raise Refused(400, "validation_failed", "expected an object")
    return found


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
