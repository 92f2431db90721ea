"""The people whom a host knows, and what administrators do to their links."""

from __future__ import annotations

from sqlalchemy import Connection as Database

from passback.errors import ConfigError
from passback.host.running.running import Running
from passback.identity.linking import (
    Link,
    LinkChange,
    Person,
    changes_of,
    end_link,
    find,
    know,
    links_of,
    relink,
    rename_issuer,
)
from passback.model import DEFAULT_ORGANISATION

__all__ = ["Linking"]


class Linking:
    """Who may sign in, and as whom."""

    def __init__(self, running: Running) -> None:
        self._running = running

    async def know(self, person: Person) -> None:
        """Keep `person`, as the host knows them now.

        Only who is known can be recognised when they sign in for the first time, and only who isn't closed
        is let in. Those whom a sign-in created are known already.
        """
        await self._running.store.run(know, person, self._running.clock.now())

    async def find(self, learner: str, organisation: str = DEFAULT_ORGANISATION) -> Person | None:
        """Return the person with the id `learner`; None if nobody is known by it."""
        return await self._running.store.run_soft(find, organisation, learner)

    async def links(
        self,
        *,
        connection: str | None = None,
        learner: str | None = None,
        organisation: str = DEFAULT_ORGANISATION,
    ) -> list[Link]:
        """Return the links of `connection`, of `learner`, of both, or all; those that have ended as well."""
        theirs = None if learner is None else (organisation, learner)
        return await self._running.store.run_soft(links_of, connection=connection, learner=theirs)

    async def changes(self, link: Link) -> list[LinkChange]:
        """Return what was done to `link`, the oldest first."""
        return await self._running.store.run_soft(changes_of, link.key)

    async def end(self, link: Link, by: str) -> None:
        """Let nobody in by `link` any longer; its identity becomes nobody else's.

        Args:
            link: Which.
            by: Who says so; it's kept.
        """
        await self._running.store.run(end_link, link, by, self._running.clock.now())

    async def relink(self, link: Link, learner: str, by: str) -> None:
        """Say that whoever comes by `link` is `learner` from now on.

        Args:
            link: Which.
            learner: The learner's id, of the same organisation.
            by: Who says so; it's kept.

        Raises:
            SignInRefused: The learner has another identity at that connection.
        """
        await self._running.store.run(relink, link, learner, by, self._running.clock.now())

    async def rename_issuer(self, connection: str, before: str, after: str, by: str) -> int:
        """Say that issuer `before` of `connection` calls itself `after` now, and means the same people.

        Returns:
            How many links follow it.

        Raises:
            ConfigError: The configuration has no such connection.
            SignInRefused: The new issuer has links already.
        """
        self._running.organisation(connection)
        if before == after:
            raise ConfigError("both names of the issuer are the same")

        def write(db: Database) -> int:
            return rename_issuer(db, connection, before, after, by, self._running.clock.now())

        return await self._running.store.run(write)
