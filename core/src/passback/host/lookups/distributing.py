"""Learners for whom nobody is asked: their system doesn't tell who its users are, or they say too little."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection as Database

from passback.connection import Connection
from passback.errors import Unsupported
from passback.host.lookups.answers import Answers
from passback.host.lookups.bonds import Bonds
from passback.identity import AccountState, Finding, context_of, given
from passback.model import Learner
from passback.store import Store

__all__ = ["Distribution"]

_NOT_THERE = 501


class Distribution:
    """Gives the learners at one connection accounts without asking its system for them."""

    def __init__(
        self, store: Store, connection: Connection, organisation: str, found: Bonds, answers: Answers
    ) -> None:
        self._store = store
        self._connection = connection
        self._organisation = organisation
        self._found = found
        self._answers = answers

    def lacks_users(self, error: Unsupported) -> bool:
        """Return whether `error` says that nobody can be asked for, and not only that there is no list."""
        return error.status == _NOT_THERE or not self._connection.connector.filters

    async def learn(self, error: Unsupported) -> None:
        """Take note that its users weren't told, as `error` says."""
        # Only the system's own 501 says so: that a look-up isn't configured is nothing of the system's.
        if error.status == _NOT_THERE:
            await self._store.run_soft(self._answers.told, lists_users=False, synced=True)
        elif self.lacks_users(error):
            await self._store.run_soft(self._answers.unaskable)

    async def give(self, learners: Sequence[Learner], error: Unsupported) -> int:
        """Give `learners` the ids under which they came, or made-up ones where the system names nobody."""
        await self.learn(error)
        self._answers.any = True

        def write(db: Database) -> int:
            return self._found.keep(db, self._given(db, learners, anonymous=error.status == _NOT_THERE))

        return await self._store.run(write)

    def keep(self, db: Database, findings: Sequence[Finding], unasked: Sequence[Learner]) -> int:
        """Keep `findings`; those about whom nobody was asked are who they were, or as in distribution."""
        lists = context_of(db, self._connection.name).lists_users
        distributed = () if lists else self._given(db, unasked, anonymous=lists is False)
        found = {each.learner.id: each for each in distributed if each.state is AccountState.KNOWN}
        same = [each for each in unasked if each.id not in found]
        return self._found.keep(db, [*findings, *found.values()], same)

    def _given(self, db: Database, learners: Sequence[Learner], *, anonymous: bool) -> list[Finding]:
        return given(db, self._connection.name, self._organisation, learners, anonymous=anonymous)
