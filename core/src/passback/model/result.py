"""A learning result: one immutable fact about a learner and an activity."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import UUID

import attrs

from passback.errors import InvalidResult
from passback.model import checks

__all__ = [
    "DEFAULT_ORGANISATION",
    "Activity",
    "Counters",
    "Item",
    "JSONValue",
    "Learner",
    "Result",
    "ResultKind",
    "Score",
]

if TYPE_CHECKING:
    JSONValue: TypeAlias = "bool | int | float | str | list[JSONValue] | dict[str, JSONValue] | None"
else:  # msgspec resolves annotations at run time and knows no recursive alias
    JSONValue = Any

# The customer of a host that has only one.
DEFAULT_ORGANISATION = "default"
_ATOM = r"[^\s@<>()\[\],;:\\\".]+"
_ADDRESS = re.compile(rf"{_ATOM}(\.{_ATOM})*@{_ATOM}(\.{_ATOM})+")


# Learners come again and again.
@lru_cache(maxsize=4096)
def _is_address(text: str) -> bool:
    return text.isprintable() and _ADDRESS.fullmatch(text) is not None


def _new_id() -> str:
    # It begins with the time, so that what is new lies together in the index of an outbox of millions.
    # The rest is random, and it says so (version 4): many systems know no younger kind.
    milliseconds = time.time_ns() // 1_000_000
    return str(UUID(int=(milliseconds << 80 | secrets.randbits(80)) % 2**128, version=4))


class ResultKind(StrEnum):
    """What happened. The last four concern one item of the activity: a scene, a task or a badge."""

    STARTED = "started"
    PROGRESSED = "progressed"
    COMPLETED = "completed"
    PASSED = "passed"
    FAILED = "failed"
    SCENE_ENTERED = "scene_entered"
    TASK_STARTED = "task_started"
    TASK_COMPLETED = "task_completed"
    BADGE_AWARDED = "badge_awarded"

    @property
    def concerns_item(self) -> bool:
        """Whether a result of this kind says which scene, task or badge it is about."""
        return self in _ITEM_KINDS


_ITEM_KINDS = frozenset(
    {
        ResultKind.SCENE_ENTERED,
        ResultKind.TASK_STARTED,
        ResultKind.TASK_COMPLETED,
        ResultKind.BADGE_AWARDED,
    }
)


def _kind(value: str) -> ResultKind:
    try:
        return ResultKind(value)
    except ValueError:
        raise InvalidResult("kind", f"expected one of {', '.join(ResultKind)}, got {value!r}") from None


@attrs.frozen(kw_only=True)
class Learner:
    """The person, as the host knows them.

    Attributes:
        id: The host's own id.
        email: Their address; what is no address is kept, and connections that need one say so.
        name: As shown to people.
        username: Their login name at the LMS, where the host knows it.
        external_id: Their id in the customer's own systems (employee number, SSO subject).
        openid: Their OpenID URI, where there is one.
    """

    id: str = attrs.field(validator=checks.text)
    email: str | None = None
    name: str | None = None
    username: str | None = None
    external_id: str | None = None
    openid: str | None = None

    @property
    def address(self) -> str | None:
        """A usable e-mail address: `email`, or `id` where the host uses addresses as ids; else None."""
        if self.email and _is_address(self.email):
            return self.email
        return self.id if _is_address(self.id) else None


@attrs.frozen(kw_only=True)
class Activity:
    """What was done: a course, a simulation, a training.

    Attributes:
        id: The host's own id; an IRI where there is one.
        name: As shown to people.
    """

    id: str = attrs.field(validator=checks.text)
    name: str | None = None


@attrs.frozen(kw_only=True)
class Item:
    """The scene, task or badge inside an activity that a result is about.

    Attributes:
        id: The host's own id, unique inside the activity.
        name: As shown to people.
    """

    id: str = attrs.field(validator=checks.text)
    name: str | None = None


@attrs.frozen(kw_only=True)
class Score:
    """How well it was done.

    Attributes:
        raw: Points, between `min` and `max` where those are given.
        min: The fewest points possible; below `max`.
        max: The most points possible.
        scaled: The score as a share, from -1 to 1.
    """

    raw: float | None = attrs.field(default=None, converter=checks.as_number, validator=checks.number)
    min: float | None = attrs.field(default=None, converter=checks.as_number, validator=checks.number)
    max: float | None = attrs.field(default=None, converter=checks.as_number, validator=checks.number)
    scaled: float | None = attrs.field(
        default=None, converter=checks.as_number, validator=checks.signed_share
    )

    def __attrs_post_init__(self) -> None:
        if self.min is not None and self.max is not None and self.min >= self.max:
            raise InvalidResult("score.min", f"expected less than max ({self.max}), got {self.min}")
        if self.raw is not None and self.min is not None and self.raw < self.min:
            raise InvalidResult("score.raw", f"expected at least min ({self.min}), got {self.raw}")
        if self.raw is not None and self.max is not None and self.raw > self.max:
            raise InvalidResult("score.raw", f"expected at most max ({self.max}), got {self.raw}")


@attrs.frozen(kw_only=True)
class Counters:
    """How many tasks and awards there are, and how many the learner has.

    Attributes:
        total_awards: Awards that the activity offers.
        awards_unlocked: Awards that the learner has.
        total_tasks: Tasks that the activity has.
        tasks_completed: Tasks that the learner completed.
    """

    total_awards: int | None = attrs.field(default=None, validator=checks.count)
    awards_unlocked: int | None = attrs.field(default=None, validator=checks.count)
    total_tasks: int | None = attrs.field(default=None, validator=checks.count)
    tasks_completed: int | None = attrs.field(default=None, validator=checks.count)


@attrs.frozen(kw_only=True)
class Result:
    """One immutable fact about a learner and an activity.

    The same id with the same content is the same fact, however often it's submitted; the same id in the same
    organisation with other content is refused.

    Attributes:
        id: The host's own id; made (a UUID that begins with the time) where the host has none.
        kind: What happened.
        at: When it happened; with a time zone.
        learner: Who.
        activity: In what.
        organisation: The customer whose learner and activity these are; ids count inside it, and nothing
            crosses it. A host with one customer needs no other than the default.
        started: When the learner began the activity; with a time zone.
        item: The scene, task or badge; given exactly for the kinds that concern one.
        score: How well.
        success: Whether it was passed.
        completion: Whether it was completed.
        progress: How much of it is done, from 0 to 1.
        duration: Time spent; not negative.
        counters: Tasks and awards.
        extensions: Whatever else the host knows; kept with the result.

    Raises:
        InvalidResult: A field is wrong; it names the field and what was expected.
    """

    kind: ResultKind = attrs.field(converter=_kind)
    learner: Learner
    activity: Activity
    at: datetime = attrs.field(validator=checks.moment)
    id: str = attrs.field(factory=_new_id, validator=checks.text)
    organisation: str = attrs.field(default=DEFAULT_ORGANISATION, validator=checks.text)
    started: datetime | None = attrs.field(default=None, validator=checks.moment)
    item: Item | None = None
    score: Score | None = None
    success: bool | None = None
    completion: bool | None = None
    progress: float | None = attrs.field(default=None, converter=checks.as_number, validator=checks.share)
    duration: timedelta | None = attrs.field(default=None, validator=checks.length)
    counters: Counters | None = None
    extensions: Mapping[str, JSONValue] = attrs.field(factory=dict, validator=checks.content)

    def __attrs_post_init__(self) -> None:
        if self.kind.concerns_item and self.item is None:
            raise InvalidResult("item", f"a {self.kind} result says which item it is about: expected item.id")
        if not self.kind.concerns_item and self.item is not None:
            raise InvalidResult("item", f"a {self.kind} result is about the whole activity: leave item out")

    @property
    def utc(self) -> datetime:
        """`at` in UTC."""
        return self.at.astimezone(UTC)
