"""Accounts for a host: what is known of learners at a connection, and what a person decides."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection as Database

from passback.delivery import last_seen
from passback.host.lookups.matching import lookup_for
from passback.host.people.recognising import recognise
from passback.host.running.running import Running
from passback.identity import (
    PERSON,
    AccountState,
    Bond,
    Finding,
    Launches,
    SyncReport,
    UserContext,
    bonds,
    context_of,
    forget,
    known,
)
from passback.identity.linking import erase_person, find
from passback.model import Access, Activity, Learner, SignIn, SignInRequest

__all__ = ["Accounts", "forgetting"]


def forgetting(learner: str, organisation: str, now: datetime) -> Callable[[Database], None]:
    """Return what removes the accounts, links and launches of `learner`, within a transaction."""

    def remove(db: Database) -> None:
        forget(db, organisation, learner)
        Launches.forget(db, organisation, learner)
        erase_person(db, organisation, learner, now)

    return remove


class Accounts:
    """Which user of each system a learner is."""

    def __init__(self, running: Running) -> None:
        self._running = running

    async def of(self, connection: str) -> list[Bond]:
        """Return what is known of learners at `connection`.

        Raises:
            ConfigError: The configuration has no such connection.
        """
        organisation = self._running.organisation(connection)

        def read(db: Database) -> list[Bond]:
            return list(bonds(db, connection, organisation))

        return await self._running.store.run_soft(read)

    async def context(self, connection: str) -> UserContext:
        """Return whether the system of `connection` tells who its users are, as far as that's known."""
        return await self._running.store.run_soft(context_of, connection)

    async def sync(self, connection: str, progress: Callable[[int], None] = lambda _: None) -> SyncReport:
        """Compare all users of `connection` with all learners known there; what waited for one goes.

        Args:
            connection: The connection's name.
            progress: Told how many users were read by now.

        Raises:
            ConnectionNotReady: It can't serve; says why.
            Unsupported: Its system doesn't tell who its users are.
            ConnectionFailure: The system can't be asked.
        """
        running = self._running
        lookup = lookup_for(connection, running.config, running.roster, running.store, running.clock)
        return await lookup.all(progress)

    async def sign_in(
        self,
        connection: str,
        learner: str | Learner,
        activity: Activity | None = None,
        *,
        return_to: str = "",
        access: Access | None = None,
    ) -> SignIn:
        """Return where to send the browser of `learner`, so that it's signed in to `connection`'s system.

        It's a credential: redirect to it, with ``Referrer-Policy: no-referrer``, and keep it nowhere.

        Args:
            connection: The connection's name.
            learner: Who it is; you must know that it's them.
            activity: What is opened there; None for its first page.
            return_to: Where the system wants the browser to go on over there, if it sent it here: hostile.
            access: What they may learn and manage there; None says nothing about it.

        Raises:
            ConnectionNotReady: The connection can't serve; says why.
            Unsupported: Its system signs nobody in for us.
            ConnectionFailure: It doesn't now; says why.
        """
        running = self._running
        organisation = running.organisation(connection)
        given = learner if isinstance(learner, Learner) else None
        name = learner.id if isinstance(learner, Learner) else learner

        def read(db: Database) -> SignInRequest:
            person = find(db, organisation, name)
            known_as = person.learner if person else last_seen(db, organisation, name)
            return SignInRequest(
                learner=given or known_as or Learner(id=name),
                account=known(db, connection, organisation, [name]).get(name),
                activity=activity,
                return_to=return_to,
                access=access,
            )

        request = await running.store.run_soft(read)
        return await running.roster.connection(connection).sign_in_url(request)

    async def forget(self, learner: str, organisation: str) -> None:
        """Remove the accounts, links and launches of `learner`."""
        await self._running.store.run(forgetting(learner, organisation, self._running.clock.now()))

    async def decide(self, connection: str, learner: str, user_id: str) -> Bond:
        """Say that `learner` is the user `user_id` of `connection`; what waited for that goes.

        Nothing but another decision changes it.

        Raises:
            ConfigError: The configuration has no such connection.
        """
        organisation = self._running.organisation(connection)
        now = self._running.clock.now()

        finding = Finding(
            learner=Learner(id=learner), state=AccountState.KNOWN, user_id=user_id, matched_by=PERSON
        )
        return await self._running.store.run(recognise, connection, organisation, finding, now)
