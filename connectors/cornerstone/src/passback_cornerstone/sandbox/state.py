"""What a portal remembers: people, courses, tokens, transcripts, and what time it is there."""

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from passback_cornerstone.sandbox.behaviour import Behaviour
from passback_cornerstone.sandbox.population import Person, seeded

_COURSES = UUID("5d1d6a0e-6a5c-4d0c-8f58-6c5b0a6b2d10")


@dataclass(kw_only=True)
class Entry:
    """What is known of one user in one course.

    Attributes:
        status: In Progress, or Completed.
        completed: When it was completed, as it was told.
        success: Pass or Fail.
        way: How it came last: ``callback`` or ``api``.
        more: What else was told.
    """

    status: str
    completed: str | None = None
    success: str | None = None
    way: str
    more: dict[str, object] = field(default_factory=dict)


@dataclass(kw_only=True)
class Assignment:
    """A course that somebody was told to take."""

    number: str
    guid: str
    course: str
    status: str = "Not Started"
    accessed: str | None = None


@dataclass(frozen=True, kw_only=True)
class Grant:
    """An access token: what for, and until when."""

    scopes: frozenset[str]
    until: datetime


@dataclass(frozen=True, kw_only=True)
class Place:
    """What the token of a next page stands for."""

    numbers: tuple[int, ...]
    until: datetime


class State:
    """One portal's memory."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.people = seeded(behaviour.employees)
        self.courses: dict[str, dict[str, object]] = {each: {"ID": each} for each in behaviour.courses}
        self.entries: dict[tuple[str, str], Entry] = {}
        self.assignments: list[Assignment] = []
        self.grants: dict[str, Grant] = {}
        self.places: dict[str, Place] = {}
        self.sessions: dict[str, datetime] = {}
        self.used: dict[str, tuple[datetime, int]] = {}
        self.offset = timedelta()

    def now(self) -> datetime:
        """Return the time over there."""
        return datetime.now(UTC) + self.offset

    def session(self) -> str:
        """Make the token of a launch; its characters need escaping in a query, as a token's may."""
        token = f"{secrets.token_hex(12)}+/{secrets.token_hex(4)}=="
        self.sessions[token] = self.now() + timedelta(seconds=self.behaviour.session_seconds)
        return token

    def person(self, guid: object) -> Person | None:
        """Return whose guid it is."""
        wanted = str(guid).lower()
        return next((each for each in self.people if each.guid == wanted), None)

    def external(self, external_id: object) -> Person | None:
        """Return whose external id it is."""
        return next((each for each in self.people if each.external_id == external_id), None)

    def learning_object(self, course: str) -> str:
        """Return how the tenant API knows a course (wire facts §2.3: not known for sure)."""
        return course if self.behaviour.learning_objects == "course" else str(uuid5(_COURSES, course))

    def course(self, learning_object: object) -> str | None:
        """Return which course a learning object is."""
        return next((each for each in self.courses if self.learning_object(each) == learning_object), None)
