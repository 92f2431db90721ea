"""The callback that takes records from content providers (wire facts §2.4)."""

import base64
import hmac
import json
from collections.abc import Mapping
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from passback_cornerstone.sandbox.answers import Refused, reply
from passback_cornerstone.sandbox.state import Entry, State

_REQUIRED = ("courseId", "userGuid", "status")
_DOCUMENTED = {*_REQUIRED, "completionDate", "successStatus"}
_LONGEST_COURSE = 50


class Callback:
    """Takes records."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def take(self, request: Request) -> Response:
        """Take an array of records: all of them, or none."""
        self._authenticate(request)
        if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
            raise Refused(400, "Content-Type: must be application/json")
        try:
            records = json.loads(await request.body())
        except ValueError:
            raise Refused(400, "the body is no JSON") from None
        if not isinstance(records, list) or not records:
            raise Refused(400, "the body must be an array of records")
        checked = [self._checked(record) for record in records]
        for record in checked:
            self._refuse_demotion(record)
        for record in checked:
            self._keep(record)
        return reply({})

    def _authenticate(self, request: Request) -> None:
        # §2.4: Basic by the provider's one pair; an aged token is a 401, a wrong pair is inferred to be one.
        behaviour = self._state.behaviour
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        pair = base64.b64encode(f"{behaviour.key}:{behaviour.secret}".encode())
        if scheme.lower() != "basic" or not hmac.compare_digest(given.encode(), pair):
            raise Refused(401, "Unauthorized")
        tokens = request.query_params.getlist("sessionToken")
        until = self._state.sessions.get(tokens[0]) if len(tokens) == 1 else None
        if until is None or until <= self._state.now():
            raise Refused(401, "Unauthorized")

    def _checked(self, record: object) -> Mapping[str, object]:
        if not isinstance(record, dict) or any(not isinstance(record.get(each), str) for each in _REQUIRED):
            raise Refused(400, f"a record needs {', '.join(_REQUIRED)}")
        if self._state.behaviour.strict_keys and not record.keys() <= _DOCUMENTED:
            raise Refused(400, f"unknown: {', '.join(sorted(record.keys() - _DOCUMENTED))}")
        _check_status(record)
        if len(record["courseId"]) > _LONGEST_COURSE:
            raise Refused(400, "courseId: at most 50 characters")
        if record["courseId"] not in self._state.courses:
            raise Refused(404, "there is no such course")
        if self._state.person(record["userGuid"]) is None:
            raise Refused(404, "there is no such user")
        return record

    def _refuse_demotion(self, record: Mapping[str, object]) -> None:
        kept = self._state.entries.get(_key(record))
        demoted = kept is not None and kept.status == "Completed" and record["status"] != "Completed"
        if demoted and self._state.behaviour.demotion == "refused":
            raise Refused(409, "Completed can't be reverted")

    def _keep(self, record: Mapping[str, object]) -> None:
        """Keep a record; Completed is final, and so is its date: all else may change (§2.4)."""
        status, date = str(record["status"]), record.get("completionDate")
        kept = self._state.entries.get(_key(record))
        entry = kept or Entry(status=status, way="callback")
        if entry.status != "Completed" or kept is None:
            entry.status = status
            entry.completed = None if date is None else str(date)
        if record.get("successStatus") is not None:
            entry.success = str(record["successStatus"])
        entry.way = "callback"
        entry.more |= {name: value for name, value in record.items() if name not in _DOCUMENTED}
        self._state.entries[_key(record)] = entry


def _check_status(record: Mapping[str, object]) -> None:
    # §2.4: two statuses; success and date are told only of what is completed.
    status, success, date = (record.get(name) for name in ("status", "successStatus", "completionDate"))
    if status not in ("In Progress", "Completed"):
        raise Refused(400, "status: In Progress or Completed")
    if status == "In Progress" and (success is not None or date is not None):
        raise Refused(400, "successStatus and completionDate: only once it's Completed")
    if success not in (None, "Pass", "Fail"):
        raise Refused(400, "successStatus: Pass or Fail")
    if status == "Completed" and not _is_moment(date):
        raise Refused(400, "completionDate: a time with its zone, once it's Completed")


def _is_moment(value: object) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def _key(record: Mapping[str, object]) -> tuple[str, str]:
    return str(record["userGuid"]).lower(), str(record["courseId"])
