"""Users, in both shapes of their list (wire facts §6.1)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from passback_thoughtindustries.sandbox.behaviour import Behaviour, Person
from passback_thoughtindustries.sandbox.queries import number, parameters
from passback_thoughtindustries.sandbox.refusal import Refused

_PER_PAGE = 25
_LAST = 100_000


class Users:
    """The people of the school.

    Attributes:
        known: They by their ids, those that a sign-in made among them.
    """

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self.known = {person.id: person for person in behaviour.people}

    def listed(self, request: Request) -> Response:
        """Answer ``GET /users``."""
        given = parameters(request, {"role", "page", "perPage", "cursor"})
        size = number(given, "perPage", _PER_PAGE, self._behaviour.most_per_page)
        if "cursor" in given:
            if self._behaviour.shape == "nested" or "page" in given:
                raise Refused(400, "cursor doesn't go with page, nor with these pages")
            given["page"] = given["cursor"].removeprefix("after-page-")
        page = number(given, "page", 1, _LAST) + ("cursor" in given)
        people = list(self.known.values())
        shown = [self._shown(each) for each in people[(page - 1) * size : page * size]]
        return JSONResponse(self._envelope(shown, page, size, len(people)))

    def one(self, request: Request) -> Response:
        """Answer ``GET /users/{idOrEmail}``; by an address that is inferred."""
        parameters(request, ())
        name = request.path_params["name"]
        for person in self.known.values():
            address = (person.email or "").lower() == name.lower() and self._behaviour.by_address
            if person.id == name or address:
                return JSONResponse(self._shown(person))
        raise Refused(404, "User not found")

    def find(self, field: str, value: object) -> Person | None:
        """Return who has `value` as their ``id``, ``email`` or ``external``; None where that is nobody."""
        for person in self.known.values():
            kept = getattr(person, field)
            if kept is not None and isinstance(value, str) and kept.lower() == value.lower():
                return person
        return None

    def _envelope(
        self, shown: list[dict[str, object]], page: int, size: int, total: int
    ) -> dict[str, object]:
        more = page * size < total
        if self._behaviour.shape == "nested":
            info = {"perPage": size, "currentPage": page, "total": total, "hasMore": more}
            return {"data": {"APIUsers": {"pageInfo": info, "users": shown}}}
        meta = {
            "page": page,
            "perPage": size,
            "totalCount": total,
            "totalPages": -(-total // size),
            "nextCursor": f"after-page-{page}" if more else None,
        }
        return {"users": shown, "meta": meta}

    @staticmethod
    def _shown(person: Person) -> dict[str, object]:
        return {
            "id": person.id,
            "email": person.email,
            "firstName": person.first,
            "lastName": person.last,
            "externalCustomerId": person.external,
            "active": person.active,
            # Lists in an item are no list of users.
            "courses": [],
        }
