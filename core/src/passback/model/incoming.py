"""What a system sends to us: a webhook in, and what is answered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import attrs

from passback.model.result import Activity, JSONValue, Result

__all__ = ["Course", "CourseListRequest", "Incoming", "Received"]


@attrs.frozen(kw_only=True)
class Incoming:
    """One request that somebody sent to a connection's address: hostile until its signature is checked.

    Attributes:
        method: ``GET``, ``POST``, …
        path: Below the connection's address, without a slash at its start; empty for the address itself.
        query: Names and values in their order, repeats kept.
        headers: By lower-case name; of a repeated one the last.
        body: The raw bytes: what a signature is made of. Isn't shown.
        received: When it came.
    """

    method: str
    path: str = ""
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    body: bytes = attrs.field(default=b"", repr=False)
    received: datetime


@attrs.frozen(kw_only=True)
class Received:
    """What a connector makes of what came in.

    Attributes:
        results: What it says; accepted before it's answered. Their organisation is the connection's,
            whatever they say.
        status: What is answered once they are accepted.
        body: What is answered, as JSON; None for nothing.
        headers: What is answered besides.
        users: A learner's id, as the results name them, → the id of the user who they are in the system.
            Where one learner is known to be that user, the results are accepted as theirs; else as they are.
    """

    results: tuple[Result, ...] = ()
    status: int = 202
    body: JSONValue = None
    headers: Mapping[str, str] = attrs.field(factory=dict)
    users: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Course:
    """An activity as a system's catalogue shows it.

    Attributes:
        activity: What it is.
        url: Where a browser opens it; where none is offered, the address that records the launch.
        description: What it's about.
        image: The address of a picture.
        seconds: How long it takes, as a guess.
        languages: By their tags, as ``en-GB``.
        subjects: What it's filed under.
        active: Whether it may still be taken.
        changed: When anything of this changed last; the core notes it.
    """

    activity: Activity
    url: str = ""
    description: str = ""
    image: str | None = None
    seconds: int | None = None
    languages: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    active: bool = True
    changed: datetime = datetime(1970, 1, 1, tzinfo=UTC)


@attrs.frozen(kw_only=True)
class CourseListRequest:
    """Ask a connector for the list of courses that its system pulls.

    Attributes:
        incoming: The system's request: hostile until its credentials are checked.
        courses: Everything that is offered to the system, and what no longer is.
    """

    incoming: Incoming
    courses: tuple[Course, ...]
