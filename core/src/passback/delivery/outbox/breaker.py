"""The connection carries the outage: when it failed, when it is probed next, and what is said of it."""

from __future__ import annotations

import json
import random
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import attrs
from sqlalchemy import Connection, Row, bindparam, select, update

from passback.contract import Health, HealthChanged
from passback.errors import CannotConnect, PassbackError, RateLimited, ServerError
from passback.http import LONGEST_WAIT, QuotaUsedUp, Used
from passback.store import Prepared, insert_new, milliseconds, moment, schema

__all__ = ["Backoff", "Breaker", "breaker_of", "load_breaker", "save_breaker", "save_used"]

_c = schema.connection.c
# A system's quota of a day is spent for a day; whoever asks to wait for longer and takes nothing needs
# somebody. So does one that is out of order for longer than a short maintenance takes.
_PATIENCE = timedelta(hours=25)
_MAINTENANCE = timedelta(minutes=15)
# Some result or other may have its reasons for as long.
_DAWDLING = timedelta(hours=1)
# "At once" from a system that asks to slow down is not to be taken at its word.
_LEAST = timedelta(seconds=1)


@attrs.frozen(kw_only=True)
class Backoff:
    """How long to wait before the next probe.

    Attributes:
        first: After the first failure, in seconds; doubled after each further one.
        ceiling: Never longer than this, in seconds: the bound of the promise that everything flows soon
            after the system is back.
    """

    first: float = 1.0
    ceiling: float = 900.0

    def after(self, fails: int, rng: random.Random) -> timedelta:
        """Return how long to wait after `fails` failures in a row, with jitter."""
        longest = min(self.ceiling, self.first * 2 ** min(fails - 1, 30))
        return timedelta(seconds=longest * rng.uniform(0.5, 1.0))


@attrs.frozen(kw_only=True)
class Breaker:
    """How a connection does.

    Attributes:
        health: In one word.
        detail: Why.
        since: Since when.
        fails: How many attempts failed in a row.
        next_probe: When it may be tried; None means now.
        decided: When that was decided.
        last_success: When something was delivered last.
        asked: Since when the system does nothing but ask to wait; None if it doesn't.
    """

    health: Health
    since: datetime
    detail: str = ""
    fails: int = 0
    next_probe: datetime | None = None
    decided: datetime | None = None
    last_success: datetime | None = None
    asked: datetime | None = None

    @property
    def closed(self) -> bool:
        """Whether everything flows."""
        return self.fails == 0

    def failed(self, error: PassbackError, now: datetime, backoff: Backoff, rng: random.Random) -> Breaker:
        """Return the breaker after an attempt that `error` ended."""
        after = self.judged(error, now)
        until = error.until if isinstance(error, RateLimited) else None
        if until is not None and until > now:
            # The system's own word decides; "at once" is none.
            return attrs.evolve(after, next_probe=min(max(until, now + _LEAST), now + LONGEST_WAIT), fails=0)
        fails = self.fails + 1
        return attrs.evolve(after, next_probe=now + backoff.after(fails, rng), fails=fails)

    def judged(self, error: PassbackError, now: datetime) -> Breaker:
        """Return the breaker with what `error` says of the health, whenever it's tried next."""
        asked = (self.asked or now) if isinstance(error, RateLimited) else None
        if isinstance(error, QuotaUsedUp):
            # The system wasn't asked, so it's neither worse nor better, and what is told of it is still so.
            detail = str(error) if self.health is Health.OK else self.detail
            return self._told(self.health, detail, asked, now)
        until = error.until if isinstance(error, RateLimited) else None
        health = Health.CANNOT_CONNECT if isinstance(error, CannotConnect) else Health.SERVER_ERROR
        if asked is not None and max(now, until or now) - asked < _patience(error):
            # Asked to wait is not ill, and whoever asks was reached.
            health = Health.SERVER_ERROR if self.health is Health.CANNOT_CONNECT else self.health
        return self._told(health, str(error), asked, now)

    def misconfigured(self, why: str, now: datetime) -> Breaker:
        """Return the breaker while nothing is sent, as the configuration can't be used."""
        since = self.since if self.health is Health.MISCONFIGURED else now
        return Breaker(health=Health.MISCONFIGURED, since=since, detail=why, last_success=self.last_success)

    def put_off(self, why: str, now: datetime, backoff: Backoff, rng: random.Random) -> Breaker:
        """Return the breaker after an attempt of which the system put off everything, and took nothing.

        That ends no outage; and a system that does nothing else for long is ill.
        """
        if not self.closed:
            return self.failed(ServerError(why), now, backoff, rng)
        asked = self.asked or now
        health = self.health if now - asked < _DAWDLING else Health.SERVER_ERROR
        return attrs.evolve(self._told(health, why, asked, now), next_probe=None)

    def succeeded(self, now: datetime, *, arrived: bool) -> Breaker:
        """Return the breaker after an attempt that the system answered; `arrived` if it took something."""
        since = self.since if self.health is Health.OK else now
        return Breaker(health=Health.OK, since=since, last_success=now if arrived else self.last_success)

    def changed_from(self, before: Breaker, name: str) -> HealthChanged | None:
        """Return what is told of the connection called `name`, if its health was another `before`."""
        if self.health is before.health:
            return None
        return HealthChanged(
            connection=name, before=before.health, now=self.health, detail=self.detail, at=self.since
        )

    def _told(self, health: Health, detail: str, asked: datetime | None, now: datetime) -> Breaker:
        since = self.since if health is self.health else now
        return attrs.evolve(self, health=health, since=since, detail=detail, decided=now, asked=asked)

    def wait(self, now: datetime, backoff: Backoff) -> timedelta:
        """Return how long to wait until the next attempt."""
        if self.next_probe is None:
            return timedelta()
        if self.decided is not None and now < self.decided - _LEAST:
            return timedelta()
        wait = max(self.next_probe - now, timedelta())
        # A clock that was set back mustn't make a probe later than it can be.
        return wait if self.closed else min(wait, timedelta(seconds=backoff.ceiling))


def _patience(error: PassbackError) -> timedelta:
    return _MAINTENANCE if isinstance(error, RateLimited) and error.down else _PATIENCE


def load_breaker(db: Connection, name: str, now: datetime) -> tuple[Breaker, Used]:
    """Return how the connection called `name` does, as the outbox knows it, and what it used of its quota."""
    row = db.execute(select(schema.connection).where(_c.name == name)).one_or_none()
    if row is None:
        return Breaker(health=Health.OK, since=now), {}
    used = {span: (began, count) for span, (began, count) in json.loads(row.used or "{}").items()}
    return breaker_of(row), used


def breaker_of(row: Row[*tuple[Any, ...]]) -> Breaker:
    """Return how the connection of `row` does."""
    return Breaker(
        health=Health(row.health),
        detail=row.detail,
        since=moment(row.since),
        fails=row.fails,
        next_probe=None if row.next_probe is None else moment(row.next_probe),
        decided=None if row.decided is None else moment(row.decided),
        last_success=None if row.last_success is None else moment(row.last_success),
        asked=None if row.asked is None else moment(row.asked),
    )


def save_used(db: Connection, name: str, used: Used) -> None:
    """Keep what the connection called `name` used of its quota."""
    _saving("used").run(db, {"b_name": name, "used": json.dumps(used)})


def save_breaker(
    db: Connection, name: str, breaker: Breaker, used: Used | None = None, *, said: str | None = None
) -> None:
    """Keep how the connection called `name` does, and what it used of its quota.

    Args:
        db: Where to.
        name: The connection's name.
        breaker: How it does.
        used: What it used of its quota, if it has one.
        said: The detail that was kept before. The same isn't kept again: whoever was erased since isn't
            named any more by what stands there.
    """
    values = {
        "health": breaker.health.value,
        "since": milliseconds(breaker.since),
        "fails": breaker.fails,
        "next_probe": None if breaker.next_probe is None else milliseconds(breaker.next_probe),
        "decided": None if breaker.decided is None else milliseconds(breaker.decided),
        "last_success": None if breaker.last_success is None else milliseconds(breaker.last_success),
        "asked": None if breaker.asked is None else milliseconds(breaker.asked),
    }
    if used:
        values["used"] = json.dumps(used)
    changed = values if breaker.detail == said else {**values, "detail": breaker.detail}
    saving = _saving(*changed)
    if not saving.run(db, {"b_name": name, **changed}).rowcount:
        db.execute(insert_new(schema.connection), {"name": name, "detail": breaker.detail} | values)
        saving.run(db, {"b_name": name, **changed})


# Each few columns that are given are another statement.
@cache
def _saving(*columns: str) -> Prepared:
    this = update(schema.connection).where(_c.name == bindparam("b_name"))
    return Prepared(lambda _: this.values({name: bindparam(name) for name in columns}))
