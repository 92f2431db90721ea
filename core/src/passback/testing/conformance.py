"""What a connector's author writes: a subclass of `Conformance`."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Generic, TypeVar

from passback.clock import Clock
from passback.contract import Connector, implemented
from passback.model import (
    Account,
    Activity,
    Delivery,
    Departure,
    Incoming,
    Learner,
    Result,
    ResultKind,
    User,
)
from passback.sandbox import Stage
from passback.testing.breaking import Broken
from passback.testing.clocks import Unhurried

__all__ = ["Conformance", "capabilities"]

StageT = TypeVar("StageT", bound=Stage)

_AT = datetime(2026, 11, 2, 8, 30, tzinfo=UTC)


class Conformance(ABC, Generic[StageT]):
    """One connector against its sandbox; subclass it as ``class TestAcme(Conformance[Sandbox])``.

    pytest collects one test for each rule that applies to what the connector can do. Nothing but the members
    below, and names that begin with an underscore, may stand in a subclass.

    Attributes:
        connector: The connector's class.
        activity: The id of an activity that the sandbox knows.
        waivers: Rules that can't be kept because of the vendor, each with the reason.
    """

    connector: ClassVar[type[Connector[Any]]]
    activity: ClassVar[str] = "activity-1"
    waivers: ClassVar[Mapping[str, str]] = {}

    @abstractmethod
    def sandbox(self) -> StageT:
        """Return a fresh sandbox; each rule has its own."""

    @abstractmethod
    def options(self, sandbox: StageT, url: str) -> Mapping[str, object]:
        """Return the connection's options as a configuration has them, for a sandbox reached at `url`."""

    def arrived(self, sandbox: StageT) -> Iterable[str]:  # noqa: ARG002 - for those who override it
        """Return the mark of each result that the sandbox has, in the order of arrival, repeats kept.

        Read the sandbox itself, never through the connector: this is the account that it's measured by.
        """
        raise self._missing("arrived", "submit_results")

    def mark(self, delivery: Delivery) -> str:
        """Return how `arrived` shows a delivery: by default the result's id."""
        return delivery.result.id

    def population(self, sandbox: StageT) -> Iterable[User]:  # noqa: ARG002
        """Return everybody whom a look-up must find."""
        if "lookup_users" in capabilities(type(self)):
            raise self._missing("population", "lookup_users")
        return ()

    def delivery(self, sandbox: StageT, number: int) -> Delivery:
        """Return the `number`-th delivery, from 1: one that the system takes."""
        user = self._user(sandbox, number)
        name = f"learner-{number}"
        learner = Learner(
            id=name, email=f"{name}@example.com" if user is None else user.email, name=f"Learner {number}"
        )
        account = None if user is None else Account(user_id=user.id, matched_by="id", checked=_AT)
        result = Result(
            id=f"result-{number}",
            kind=ResultKind.COMPLETED,
            at=_AT + timedelta(minutes=number),
            learner=learner,
            activity=Activity(id=self.activity, name="An activity"),
        )
        return Delivery(id=number, result=result, account=account)

    def error_bodies(self, sandbox: StageT) -> Iterable[str]:  # noqa: ARG002
        """Return bodies by which the system says that it failed; each is tried under a status of 200, too."""
        return ()

    def launch(self, sandbox: StageT, url: str) -> Iterable[tuple[str, str]]:  # noqa: ARG002
        """Return the query with which the system, reached at `url`, opens the content."""
        raise self._missing("launch", "read_launch")

    def event(self, sandbox: StageT) -> Incoming:  # noqa: ARG002
        """Return a genuine request of the system that carries at least one result."""
        raise self._missing("event", "receive_results")

    def signed(self, sandbox: StageT, body: bytes) -> Incoming | None:  # noqa: ARG002
        """Return a request with `body` that proves itself as the system's; None leaves that untried."""
        return None

    def course_request(self, sandbox: StageT) -> Incoming:  # noqa: ARG002
        """Return a genuine request of the system for the list of courses."""
        raise self._missing("course_request", "list_courses")

    def sign_in(self, sandbox: StageT, departure: Departure) -> Incoming:  # noqa: ARG002
        """Return what a browser brings back that went where `departure` says and signed in there."""
        raise self._missing("sign_in", "finish_sign_in")

    def clock(self, sandbox: StageT) -> Clock:  # noqa: ARG002
        """Return the clock by which the connector goes; on the usual one, waiting takes no time."""
        return Unhurried()

    def _user(self, sandbox: StageT, number: int) -> User | None:
        people = list(self.population(sandbox))
        if not people:
            return None
        shared = Counter((each.email or "").casefold() for each in people)
        usable = [
            each for each in people if each.active and each.email and shared[each.email.casefold()] == 1
        ]
        if number > len(usable):
            raise Broken(
                f"the sandbox has {len(usable)} users who can be told apart, and {number} are needed",
                "Give the sandbox more people who are active and have an address of their own, as population "
                "returns them; or write delivery into the suite.",
            )
        return usable[number - 1]

    def _missing(self, member: str, capability: str) -> Exception:
        what = (inspect.getdoc(getattr(Conformance, member)) or "").partition("\n")[0]
        return Broken(
            f"{type(self).__name__}.{member} is missing, so this can't be tried",
            f"Write {member} into the suite, as a connector with {capability} needs it. {what}",
        )


def capabilities(suite: type[Conformance[Any]]) -> frozenset[str]:
    """Return the hooks that the connector of `suite` implements."""
    return implemented(suite.connector, Connector)
