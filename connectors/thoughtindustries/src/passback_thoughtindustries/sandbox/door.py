"""``/access/jwt``: who comes in, and what they may learn from then on (wire facts §6.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from passback_thoughtindustries.sandbox.behaviour import Behaviour, Person
from passback_thoughtindustries.sandbox.refusal import Refused
from passback_thoughtindustries.sandbox.tickets import client_of, licenses_of, read
from passback_thoughtindustries.sandbox.users import Users


@dataclass
class Held:
    """What somebody may learn and manage.

    Attributes:
        courses: Slugs.
        bundles: Slugs.
        learning_paths: Slugs.
        student: Ids of licences.
        manager: Ids of licences.
        role: A role's slug.
    """

    courses: set[str] = field(default_factory=set)
    bundles: set[str] = field(default_factory=set)
    learning_paths: set[str] = field(default_factory=set)
    student: set[str] = field(default_factory=set)
    manager: set[str] = field(default_factory=set)
    role: str = "learner"


class Door:
    """Lets people in that bring a token.

    Attributes:
        held: What they may learn, by their ids.
    """

    def __init__(self, behaviour: Behaviour, users: Users) -> None:
        self._behaviour = behaviour
        self._users = users
        self._used: set[str] = set()
        self.held: dict[str, Held] = {}

    async def enter(self, request: Request) -> Response:
        """Let a browser in, once."""
        token = request.query_params.get("jwt", "")
        if request.method == "POST":
            if not self._behaviour.form:
                raise Refused(405, "a form isn't taken here")
            token = dict(parse_qsl((await request.body()).decode("utf-8", "replace"))).get("jwt", "")
        claims = read(token, self._behaviour)
        used = str(claims.get("jti", ""))
        if used in self._used:
            raise Refused(403, "jwt: it was used before")
        self._used |= {used} - {""}
        person = self._person(claims)
        if not person.active:
            raise Refused(403, "the user may not come in")
        self._apply(person.id, claims)
        path = str(claims.get("returnTo", "/"))
        if not path.startswith("/") or path.startswith(("//", "/\\")):
            raise Refused(400, "returnTo must be a path of the school")
        return PlainTextResponse(f"signed in as {person.id} at {path}")

    def _person(self, claims: Mapping[str, object]) -> Person:
        external, email = claims.get("externalCustomerId"), claims.get("email")
        if not external and not email:
            raise Refused(400, "email or externalCustomerId is needed")
        # The external id first: with it, a changed address makes no second user.
        person = self._users.find("external", external) or self._users.find("email", email)
        said = {
            "email": email,
            "external": external,
            "first": claims.get("firstName"),
            "last": claims.get("lastName"),
        }
        known = {name: str(value) for name, value in said.items() if value}
        if person is None:
            person = Person(id=f"u-{1000 + len(self._users.known)}", email=None, first="")
        person = replace(person, **known)  # type: ignore[arg-type] # none of them is `active`
        self._users.known[person.id] = person
        return person

    def _apply(self, identity: str, claims: Mapping[str, object]) -> None:
        held = self.held.setdefault(identity, Held())
        courses = _named(claims, "courseSlugs")
        if claims.get("replaceCourseAccess") is True:
            held.courses.clear()
        held.courses |= courses
        held.bundles |= _named(claims, "bundleSlugs")
        held.learning_paths |= _named(claims, "learningPathSlugs")
        client = client_of(claims, self._behaviour)
        if claims.get("replaceLicenseAccess") is True:
            owned = set(self._behaviour.clients[client].licenses) if client else held.student | held.manager
            held.student -= owned
            held.manager -= owned
        held.student |= set(licenses_of(claims, self._behaviour, "student"))
        held.manager |= set(licenses_of(claims, self._behaviour, "manager"))
        held.role = str(claims.get("role", held.role))


def _named(claims: Mapping[str, object], name: str) -> set[str]:
    value = claims.get(name, [])
    return {str(each) for each in value} if isinstance(value, list) else set()
