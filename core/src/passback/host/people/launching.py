"""Content that an LMS lists and opens, and who it was that came."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from urllib.parse import quote

import attrs
from sqlalchemy import Connection as Database

from passback.delivery import release_launches, release_learners
from passback.errors import ConfigError, LaunchRefused
from passback.host.people.recognising import recognise
from passback.host.running.running import Running
from passback.identity import (
    AccountState,
    Finding,
    Launches,
    LaunchTicket,
    bonds,
    context_of,
    courses,
    offer,
    ticket_for,
)
from passback.model import Course, CourseListRequest, Incoming, LaunchQuery, Learner, Received

__all__ = ["Launching"]

_FROM_LAUNCHES = ("launch", "anonymous")


class Launching:
    """Lists courses, records launches, and tells whose they are."""

    def __init__(self, running: Running) -> None:
        self._running = running

    def link(self, activity: str, connection: str) -> str:
        """Return the address that an administrator enters in the LMS, so that it opens `activity`.

        Raises:
            ConfigError: The configuration has no such connection, or doesn't say where the app is.
        """
        self._running.organisation(connection)
        base = self._running.config.web.url
        if base is None:
            raise ConfigError("say where the mountable app is: [web] url", place="web.url")
        return f"{base}/launch/{quote(connection, safe='')}/{quote(activity, safe='')}"

    async def offer(self, connection: str, offered: Iterable[Course]) -> int:
        """Say what the system of `connection` may list, all of it; return how many courses changed by that.

        Args:
            connection: The connection's name.
            offered: Every course. What was offered before and isn't any longer, is listed as inactive.

        Raises:
            ConfigError: The configuration has no such connection, or doesn't say where the app is while a
                course has no address of its own.
        """
        self._running.organisation(connection)
        complete = [
            each if each.url else attrs.evolve(each, url=self.link(each.activity.id, connection))
            for each in offered
        ]
        return await self._running.store.run(offer, connection, complete, self._running.clock.now())

    async def listed(self, connection: str, incoming: Incoming) -> Received:
        """Return what to answer the system of `connection`, which pulls the list of courses by `incoming`.

        Raises:
            ConnectionNotReady: It can't serve; says why.
            Unsupported: Its system pulls no list.
            ContractError: Its connector raised something, or answered nonsense.
        """

        def read(db: Database) -> tuple[Course, ...]:
            return tuple(courses(db, connection))

        asked = self._running.roster.connection(connection)
        found = await self._running.store.run_soft(read)
        return asked.list_courses(CourseListRequest(incoming=incoming, courses=found))

    async def record(self, connection: str, activity: str, pairs: Iterable[tuple[str, str]]) -> LaunchTicket:
        """Keep the launch with which the system of `connection` opened `activity`.

        Args:
            connection: The connection's name.
            activity: The activity's id.
            pairs: The query in its order, repeats kept; hostile.

        Returns:
            What the host's page claims it with, once it knows who came.

        Raises:
            LaunchRefused: The query is no launch of this system, or the activity isn't attached to it.
            ConnectionNotReady: The connection can't serve; says why.
            ConfigError: There is no key to seal it with.
        """
        running = self._running
        launches = self._launches()
        organisation = running.organisation(connection)
        if connection not in await running.takes(organisation, activity):
            raise LaunchRefused(f"connection {connection!r}: the activity isn't attached to it")
        launch = running.roster.connection(connection).read_launch(LaunchQuery(pairs=tuple(pairs)))
        if launch is None:
            raise LaunchRefused(f"connection {connection!r}: the query is no launch of its system")
        ticket = ticket_for(connection, organisation, activity, launch.user_id)
        await running.store.run(launches.record, launch, ticket, running.clock.now())
        return ticket

    async def claim(self, reference: str, learner: str | Learner) -> LaunchTicket | None:
        """Say that it was `learner` who came by the launch `reference`; None if there is none for them.

        What waited for a launch is tried with it.

        Raises:
            ConfigError: No launches are recorded.
        """
        launches = self._launches()
        person = learner if isinstance(learner, Learner) else Learner(id=learner)

        def write(db: Database) -> LaunchTicket | None:
            ticket = launches.claim(db, reference, person.id)
            if ticket is not None:
                self._bond(db, ticket, person)
            return ticket

        return await self._running.store.run(write)

    def _launches(self) -> Launches:
        if self._running.launches is None:
            raise ConfigError("no launch is recorded without a key to seal it: [web] keys")
        return self._running.launches

    def _bond(self, db: Database, ticket: LaunchTicket, learner: Learner) -> None:
        now = self._running.clock.now()
        name, organisation = ticket.connection, ticket.organisation
        if ticket.user_id is not None:
            finding = Finding(
                learner=learner, state=AccountState.KNOWN, user_id=ticket.user_id, matched_by="launch"
            )
            _come(db, name, organisation, finding, now)
        release_launches(db, name, now, learner=(organisation, learner.id))
        # Whether its token is any good shows with one of the others; if so, the rest follows.
        release_launches(db, name, now, limit=1)


def _come(db: Database, name: str, organisation: str, finding: Finding, now: datetime) -> None:
    learner = finding.learner.id
    before = next(bonds(db, name, organisation, [learner]), None)
    # It came through a browser: what was found out otherwise is worth more.
    if before is not None and before.account is not None and before.matched_by not in _FROM_LAUNCHES:
        return
    if context_of(db, name).lists_users:
        # Who they are only the system says there; but while the launch lasts, their results go by it.
        release_learners(db, name, organisation, [learner], now, launched=True)
    else:
        recognise(db, name, organisation, finding, now)
