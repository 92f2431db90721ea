"""The learning system behind StackOne (wire facts §4.2, §4.3)."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from typing import cast
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import Response

from passback_stackone.sandbox import bodies
from passback_stackone.sandbox.answers import Refused, reply, stamp, written
from passback_stackone.sandbox.behaviour import Behaviour
from passback_stackone.sandbox.paging import Cursors, filters
from passback_stackone.sandbox.people import Person
from passback_stackone.sandbox.records import Kind, Records

Handler = Callable[[Request], Awaitable[Response]]


class LMS:
    """The learning system: its users, and what was written about them."""

    def __init__(self, behaviour: Behaviour, people: Sequence[Person], records: Records) -> None:
        self._behaviour = behaviour
        self.people = list(people)
        self._records = records
        self._cursors = Cursors(behaviour)
        self._since = stamp()

    def routes(self) -> list[tuple[str, str, Handler]]:
        """Return path, method and handler of everything that it answers."""
        kept = "/users/{user}/{kind}"
        return [
            ("/users", "GET", self._users),
            ("/users/{user}", "GET", self._user),
            ("/completions", "GET", self._everything),
            ("/assignments", "GET", self._everything),
            (kept, "GET", self._listed),
            (kept, "POST", self._write),
            (f"{kept}/{{number}}", "GET", self._one),
            (f"{kept}/{{number}}", "DELETE", self._remove),
        ]

    async def _users(self, request: Request) -> Response:
        self._require_tenant()
        pairs = request.query_params.multi_items()
        asked = filters(pairs, ("email", "external_reference", "updated_after"))
        found = [person for person in self.people if self._matches(person, asked)]
        return reply(self._cursors.page([self._shown(person) for person in found], pairs, "users"))

    async def _user(self, request: Request) -> Response:
        self._require_tenant()
        person = next((each for each in self.people if each.id == _named(request, "user")), None)
        if person is None:
            raise Refused(404, "User not found")
        return reply({"data": self._shown(person), "raw": None})

    async def _everything(self, request: Request) -> Response:
        return self._list(request, cast("Kind", request.url.path.rpartition("/")[2]), None)

    async def _listed(self, request: Request) -> Response:
        return self._list(request, _kind(request), self._known(request))

    def _list(self, request: Request, kind: Kind, user: str | None) -> Response:
        self._require_reading()
        pairs = request.query_params.multi_items()
        filters(pairs, ("updated_after",))
        return reply(self._cursors.page(self._records.of(kind, user), pairs, f"{user} {kind}"))

    async def _one(self, request: Request) -> Response:
        self._require_reading()
        return reply({"data": self._record(request), "raw": None})

    async def _remove(self, request: Request) -> Response:
        if _kind(request) != "completions":
            raise Refused(405, "Method not allowed")
        self._records.remove("completions", self._record(request))
        return written(200, "Record removed successfully")

    async def _write(self, request: Request) -> Response:
        kind, user = _kind(request), self._known(request)
        fields = bodies.COMPLETION if kind == "completions" else bodies.ASSIGNMENT
        if kind == "assignments" and not self._behaviour.takes_progress:
            raise Refused(501, "Not implemented: assignments")
        body = bodies.parsed(await request.body(), request.headers.get("content-type", ""), fields)
        self._require_launch(body)
        content = self._behaviour.content
        if content is not None and bodies.object_of(body) not in content:
            raise Refused(404, "Learning object not found")
        record = self._records.add(kind, user, body)
        ids = {"id": record["id"], "remote_id": record["remote_id"]}
        return written(201, "Record created successfully", data=ids)

    def _require_tenant(self) -> None:
        # Content distribution: no users (wire facts §4.1).
        if self._behaviour.integration == "distribution":
            raise Refused(501, "Not implemented: users of this provider can't be read")

    def _require_reading(self) -> None:
        if not self._behaviour.reads_completions:
            raise Refused(501, "Not implemented: this provider can't be read")

    def _require_launch(self, body: dict[str, object]) -> None:
        # Cornerstone wants all launch parameters (wire facts §4.3).
        given = body.get("passthrough") or {}
        missing = [
            name for name in self._behaviour.wants_passthrough if name not in cast("dict[str, object]", given)
        ]
        if missing:
            url = "https://acme.csod.com/progress?sessionToken=provider-secret"
            error = {"status": 400, "url": url, "raw": {"message": f"{missing[0]} is missing"}, "headers": {}}
            raise Refused(400, "The provider refused the request", [error])

    def _known(self, request: Request) -> str:
        user = _named(request, "user")
        # In content distribution the id is the launch's, or made up: nobody can know it (wire facts §4.3).
        if self._behaviour.integration == "tenant" and all(each.id != user for each in self.people):
            raise Refused(404, "User not found")
        return user

    def _record(self, request: Request) -> dict[str, object]:
        found = self._records.one(_kind(request), self._known(request), _named(request, "number"))
        if found is None:
            raise Refused(404, "Record not found")
        return found

    def _matches(self, person: Person, asked: dict[str, str]) -> bool:
        wanted = asked.get("email")
        if wanted is not None and not self._behaviour.email_filter:
            if self._behaviour.unknown_filter != "ignored":
                raise Refused(
                    self._behaviour.unknown_filter, "filter[email] isn't supported by this provider"
                )
            wanted = None
        return (wanted is None or (person.email or "").lower() == wanted.lower()) and asked.get(
            "external_reference"
        ) in (None, person.external_reference)

    def _shown(self, person: Person) -> dict[str, object]:
        rest = {"phone_number": None, "created_at": self._since, "updated_at": self._since}
        return {**asdict(person), **rest, "unified_custom_fields": {}}


def _named(request: Request, parameter: str) -> str:
    return unquote(str(request.path_params[parameter]))


def _kind(request: Request) -> Kind:
    kind = request.path_params["kind"]
    if kind not in ("completions", "assignments"):
        raise Refused(404, f"Cannot {request.method} {request.url.path}")
    return cast("Kind", kind)
