"""The employees API (wire facts §2.2)."""

import re
import secrets
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response

from passback_cornerstone.sandbox.answers import Refused, asked_for, stamp
from passback_cornerstone.sandbox.population import Person
from passback_cornerstone.sandbox.state import Place, State

# There is no filter by e-mail (§2.2).
_TEXTS = {
    "externalId": "external_id",
    "userName": "username",
    "guid": "guid",
    "firstName": "first",
    "lastName": "last",
}
_PAGING = ("pagesize", "nextpagetoken")
_MOST = 1000


class Employees:
    """The employees of the portal."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def listed(self, request: Request) -> Response:
        """Answer a page of those whom the filters name."""
        behaviour = self._state.behaviour
        # §2.2: how the parameter is spelled isn't known for sure; it's taken in any case.
        paging = {name.lower(): text for name, text in request.query_params.items()}
        size = self._size(paging.get("pagesize"))
        token = paging.get("nextpagetoken")
        filters = {name: text for name, text in request.query_params.items() if name.lower() not in _PAGING}
        numbers = self._matching(filters) if token is None else self._resumed(token)
        page, rest = numbers[:size], numbers[size:]
        documents: list[object] = [each.document() for each in self._people(page)]
        if behaviour.bare and filters and not rest:
            return asked_for(request, documents, xml=behaviour.xml)
        envelope: dict[str, object] = {
            "timestamp": stamp(self._state.now()),
            "nextpagetoken": self._set_aside(rest) if rest else None,
            "count": len(documents),
            "data": documents,
        }
        return asked_for(request, envelope, xml=behaviour.xml)

    async def one(self, request: Request) -> Response:
        """Answer one employee, by number."""
        wanted = request.path_params["number"]
        for each in self._state.people:
            if str(each.number) == wanted:
                return asked_for(request, each.document(), xml=self._state.behaviour.xml)
        raise Refused(404, "there is no such employee")

    def _size(self, given: str | None) -> int:
        if given is None:
            return self._state.behaviour.page_size
        if not re.fullmatch(r"[0-9]{1,4}", given) or not 1 <= int(given) <= _MOST:
            raise Refused(400, f"pageSize: a number from 1 to {_MOST}")
        return int(given)

    def _matching(self, filters: dict[str, str]) -> tuple[int, ...]:
        found = self._state.people
        for name, text in filters.items():
            found = [each for each in found if self._matches(each, name, text)]
        return tuple(each.number for each in found)

    def _matches(self, person: Person, name: str, text: str) -> bool:
        if name in _TEXTS:
            return str(getattr(person, _TEXTS[name])).lower() == text.lower()
        if name == "ids":
            return str(person.number) in text.split(",")
        if name == "status":
            return text.lower() == ("active" if person.active else "inactive")
        # §10: a filter that isn't known is ignored, or refused.
        if self._state.behaviour.unknown_filter == "refused":
            raise Refused(400, f"{name}: no such filter")
        return True

    def _people(self, numbers: tuple[int, ...]) -> list[Person]:
        by_number = {each.number: each for each in self._state.people}
        return [by_number[number] for number in numbers if number in by_number]

    def _set_aside(self, numbers: tuple[int, ...]) -> str:
        token = secrets.token_urlsafe(16)
        until = self._state.now() + timedelta(seconds=self._state.behaviour.page_token_seconds)
        self._state.places[token] = Place(numbers=numbers, until=until)
        return token

    def _resumed(self, token: str) -> tuple[int, ...]:
        # §2.2: it dies after five minutes, and is refused with 400 as far as is known.
        place = self._state.places.get(token)
        if place is None or place.until <= self._state.now():
            raise Refused(400, "nextPageToken: unknown, or expired")
        return place.numbers
