"""What people are told of a connection, once and in time."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import attrs

from passback.contract.health import Health

__all__ = ["AMBIGUOUS", "GIVEN_UP", "AlertKind", "Alerted", "Setback"]

# So begins the reason of what was rejected because its time was up, and not by the system.
GIVEN_UP = "not delivered within"
# And so that of what waits for a person to say which user its learner is.
AMBIGUOUS = "several users there could be this learner"


class AlertKind(StrEnum):
    """What somebody is told."""

    INCIDENT_BEGAN = "incident_began"
    INCIDENT_LASTS = "incident_lasts"
    INCIDENT_OVER = "incident_over"
    EXPIRING = "expiring"
    DIGEST = "digest"
    TEST = "test"


@attrs.frozen(kw_only=True)
class Setback:
    """Deliveries that were rejected, or wait, for one reason.

    Attributes:
        state: ``rejected`` or ``waiting``.
        waiting_for: What they wait for: ``account``, ``activity``, ``launch``, ``connection``.
        reason: What the system or the connector said.
        count: How many.
        example: The id of one of their results.
    """

    state: str
    waiting_for: str | None = None
    reason: str
    count: int
    example: str


@attrs.frozen(kw_only=True)
class Alerted:
    """Somebody is told of a connection.

    Attributes:
        kind: What is told.
        connection: The connection's name.
        at: When.
        configured: Whether the configuration still names it; where not, people are told only that what waits
            there is about to be given up.
        health: How it does.
        detail: Why, where it's ill.
        since: Since when it's ill, or was; for a `DIGEST` that couldn't be sent for a while, since when there
            was something for it.
        until: For `INCIDENT_OVER`, when it became well; that is told once it stayed so for a while.
        accepted: For incidents, whether anything is known to have been accepted for it; where not, perhaps
            nothing ever is, as people only sign in by it.
        undelivered: How many results go by themselves once it's well; for `EXPIRING`, how many are given up
            soon.
        next_try: When the system is asked again.
        asks_to_wait: Whether all that the system does is to ask to wait.
        looks_up: Whether users are found there; where not, nobody knows whether those whose results wait for
            an account are known.
        delivered: How many arrived since `since`, once it's over.
        came_and_went: For `INCIDENT_OVER`, whether some of them arrived in between, before it became well for
            the last time.
        setbacks: What needs somebody, the most frequent reasons first; for `INCIDENT_LASTS`, what was given
            up meanwhile.
        more: How many deliveries have other reasons than those.
        deadline: When the first of `undelivered` is given up, if that's soon.
        last_success: For `DIGEST`, when something was delivered there last; None if nothing ever was.
    """

    kind: AlertKind
    connection: str
    at: datetime
    configured: bool = True
    health: Health = Health.OK
    detail: str = ""
    since: datetime | None = None
    until: datetime | None = None
    accepted: bool = True
    undelivered: int = 0
    next_try: datetime | None = None
    asks_to_wait: bool = False
    looks_up: bool = True
    delivered: int = 0
    came_and_went: bool = False
    setbacks: tuple[Setback, ...] = ()
    more: int = 0
    deadline: datetime | None = None
    last_success: datetime | None = None

    @property
    def needs(self) -> int:
        """How many deliveries need somebody."""
        return self.more + sum(each.count for each in self.setbacks)
