"""Launches: what a system handed over when it opened the content, sealed, and kept for the answer."""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import attrs
import msgspec
from sqlalchemy import Connection, Row, Select, delete, func, or_, select, update

from passback.identity.sealing import Seal
from passback.model import Launch
from passback.store import milliseconds, moment, parts, schema

__all__ = ["LaunchTicket", "Launches"]

log = logging.getLogger("passback.identity")

_l = schema.launch.c
# How many of a connection's launches are offered to those who have none of their own: what the system took
# before, and what it may take. Whoever knows the address can make up any number of launches, but claims one
# only as a learner of the host's; and none can be made up before those that are there.
_PROVEN = 3
_CLAIMED = 2
_OLDEST = 2
_NEWEST = 1


@attrs.frozen(kw_only=True)
class LaunchTicket:
    """A recorded launch, as the host's own page gets it.

    Attributes:
        reference: What to claim it with; whoever has it can, so it's for the browser that came.
        connection: The connection whose system opened the content.
        organisation: The customer whose system that is.
        activity: The activity that was opened.
        user_id: Who the system says it is; from a browser, so it's no proof of anybody.
    """

    reference: str = attrs.field(repr=False)
    connection: str
    organisation: str
    activity: str
    user_id: str | None = None


class Launches:
    """Reads and writes launches within a transaction of the store."""

    def __init__(self, seal: Seal, lifetime: timedelta) -> None:
        """Prepare.

        Args:
            seal: What encrypts them.
            lifetime: How long a launch is kept that doesn't say when it expires.
        """
        self._seal = seal
        self._lifetime = lifetime
        # The connections of which it was said that launches of theirs can't be opened.
        self._told: set[str] = set()

    def record(self, db: Connection, launch: Launch, ticket: LaunchTicket, now: datetime) -> None:
        """Keep `launch`, to be claimed with the reference of `ticket`."""
        content = {"parameters": dict(launch.parameters), "passthrough": launch.passthrough}
        row = {
            "reference": _fingerprint(ticket.reference),
            "connection": ticket.connection,
            "organisation": ticket.organisation,
            "activity": ticket.activity,
            "user_id": launch.user_id,
            "body": self._seal.close(msgspec.json.encode(content)),
            "at": milliseconds(now),
            "expires": milliseconds(launch.expires or now + self._lifetime),
        }
        db.execute(schema.launch.insert(), row)

    def claim(self, db: Connection, reference: str, learner: str) -> LaunchTicket | None:
        """Note that it was `learner` who came; return the launch, None if there's none to claim.

        The same learner may claim it again; nobody else may.
        """
        mine = (_l.reference == _fingerprint(reference), or_(_l.learner.is_(None), _l.learner == learner))
        row = db.execute(
            update(schema.launch).where(*mine).values(learner=learner).returning(*_l)
        ).one_or_none()
        if row is None:
            return None
        return LaunchTicket(
            reference=reference,
            connection=row.connection,
            organisation=row.organisation,
            activity=row.activity,
            user_id=row.user_id,
        )

    def own(
        self, db: Connection, connection: str, subjects: Collection[tuple[str, str]], now: datetime
    ) -> Mapping[tuple[str, str], Launch]:
        """Return learner and activity → the launch by which they came last, of those that can be used."""
        learners = sorted({learner for learner, _ in subjects})
        found: dict[tuple[str, str], Launch] = {}
        for some in parts(learners):
            mine = _l.learner.in_(some)
            for row in db.execute(_usable(connection, now).where(mine).order_by(_l.at)):
                launch = self._opened(row)
                if launch is not None and (row.learner, row.activity) in subjects:
                    found[row.learner, row.activity] = launch
        return found

    def anybody(self, db: Connection, connection: str, now: datetime) -> tuple[Launch, ...]:
        """Return the launches of `connection` that may be used for others: those first that are proven.

        Of the others, the last of one learner and another, the oldest, and the newest: what is refused makes
        room for the next, so each is tried, however many were made up.
        """
        return tuple(launch for _, launch in self._offered(db, connection, now))

    def came(self, db: Connection, connection: str, before: Collection[Launch], now: datetime) -> bool:
        """Return whether somebody came by a launch that may be used for others, since those were `before`.

        Not while one of those may still be: whoever wasn't served by it needs one of their own.
        """
        numbers = {each.id for each in before}
        newest = max(numbers, default=0)
        there = self._offered(db, connection, now)
        if any(launch.id in numbers for _, launch in there):
            return False
        # One that nobody claimed may be made up.
        return any(launch.id > newest for row, launch in there if row.learner is not None)

    def note(self, db: Connection, proven: Iterable[int], refused: Iterable[int], now: datetime) -> bool:
        """Note which launches the system took and which it refused; return whether one is newly proven."""
        at = milliseconds(now)
        fresh = False
        for number in sorted(set(proven)):
            before = db.scalar(select(_l.proven).where(_l.id == number))
            fresh |= before is None
            db.execute(update(schema.launch).where(_l.id == number).values(proven=at, refused=None))
        for number in sorted(set(refused)):
            db.execute(update(schema.launch).where(_l.id == number).values(refused=at))
        return fresh

    @staticmethod
    def user_of(db: Connection, connection: str, learner: str) -> str | None:
        """Return as whom `learner` came last from the system of `connection`; None if it never said."""
        named = (_l.connection == connection, _l.learner == learner, _l.user_id.is_not(None))
        return db.scalar(select(_l.user_id).where(*named).order_by(_l.at.desc()).limit(1))

    @staticmethod
    def forget(db: Connection, organisation: str, learner: str) -> None:
        """Remove the launches of `learner`."""
        db.execute(delete(schema.launch).where(_l.organisation == organisation, _l.learner == learner))

    @staticmethod
    def purge(db: Connection, before: datetime) -> int:
        """Remove what expired before; return how many launches that were."""
        return db.execute(delete(schema.launch).where(_l.expires < milliseconds(before))).rowcount

    def _offered(
        self, db: Connection, connection: str, now: datetime
    ) -> list[tuple[Row[tuple[Any, ...]], Launch]]:
        usable = _usable(connection, now)
        new = usable.where(_l.proven.is_(None))
        last = new.where(_l.learner.is_not(None)).with_only_columns(func.max(_l.id)).group_by(_l.learner)
        queries = (
            usable.where(_l.proven.is_not(None)).order_by(_l.proven.desc()).limit(_PROVEN),
            new.where(_l.id.in_(last)).order_by(_l.id.desc()).limit(_CLAIMED),
            new.order_by(_l.id).limit(_OLDEST),
            new.order_by(_l.id.desc()).limit(_NEWEST),
        )
        found = {row.id: row for query in queries for row in db.execute(query).all()}
        opened = ((row, self._opened(row)) for row in found.values())
        return [(row, launch) for row, launch in opened if launch is not None]

    def _opened(self, row: Row[tuple[Any, ...]]) -> Launch | None:
        content = self._seal.open(row.body)
        if content is None:
            self._warn(row.connection)
            return None
        kept = msgspec.json.decode(content)
        return Launch(
            id=row.id,
            user_id=row.user_id,
            parameters=kept["parameters"],
            passthrough=tuple((name, value) for name, value in kept["passthrough"]),
            expires=None if row.expires is None else moment(row.expires),
        )

    def _warn(self, connection: str) -> None:
        if connection not in self._told:
            self._told.add(connection)
            log.warning(
                "%s: a launch that is kept can't be used, as none of `web.keys` opens it; put the key of "
                "before at the end of them, or what waits for it goes once its learner comes again",
                connection,
            )


def ticket_for(connection: str, organisation: str, activity: str, user_id: str | None) -> LaunchTicket:
    """Return a ticket with a reference that nobody can guess."""
    return LaunchTicket(
        reference=secrets.token_urlsafe(32),
        connection=connection,
        organisation=organisation,
        activity=activity,
        user_id=user_id,
    )


def _usable(connection: str, now: datetime) -> Select[tuple[Any, ...]]:
    return select(schema.launch).where(
        _l.connection == connection, _l.refused.is_(None), _l.expires > milliseconds(now)
    )


def _fingerprint(reference: str) -> str:
    return hashlib.sha256(reference.encode()).hexdigest()
