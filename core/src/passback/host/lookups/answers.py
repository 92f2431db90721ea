"""What a system's answers to look-ups say of it: what it tells, how it does, and when its list rests."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection as Database

from passback.clock import Clock
from passback.delivery import looked_up
from passback.errors import PassbackError
from passback.identity import context_of, forget_context, learn_context, rest_listing
from passback.store import Store

__all__ = ["Answers"]

# A list costs much, and where it failed, each by themselves may be found all the same.
_LIST_RESTS = timedelta(minutes=15)


class Answers:
    """The answers of one connection's system to one look-up after the other.

    Attributes:
        any: Whether it answered anything this time.
        lists: Whether all its users may be asked for.
        unclear: Whether it never answered or failed last: it's asked even if there is nobody to ask for.
        blind: Whether somebody is to be looked for in the list of all users, and that can't be had.
    """

    def __init__(self, store: Store, clock: Clock, name: str, fingerprint: str) -> None:
        self.any = self.blind = False
        self.lists = True
        self.unclear = False
        self._store = store
        self._clock = clock
        self._name = name
        self._fingerprint = fingerprint

    @property
    def good(self) -> bool:
        """Whether it answered, and nobody but single learners is the matter where anything failed."""
        return self.any and not self.blind

    async def begin(self) -> None:
        """Begin another look-up."""
        context = await self._store.run_soft(context_of, self._name)
        self.any = self.blind = False
        self.unclear = not context.known or context.failing is not None
        self.lists = not context.rests(self._fingerprint, self._clock.now())

    def told(self, db: Database, *, lists_users: bool, synced: bool) -> None:
        """Take note that it told who its users are, or that it doesn't; and whether that was of everybody."""
        self.any, self.unclear = True, False
        learn_context(db, self._name, self._clock.now(), lists_users=lists_users, synced=synced)
        if synced:
            looked_up(db, self._name, None, self._clock.now())

    def unaskable(self, db: Database) -> None:
        """Take note that nobody can be asked for by this configuration, whatever was told by another one."""
        forget_context(db, self._name)

    def passed(self, db: Database) -> None:
        """Take note that this look-up is over, and nothing ended it."""
        if self.good:
            looked_up(db, self._name, None, self._clock.now())

    def failed(self, db: Database, error: PassbackError) -> None:
        """Take note that `error` ended this look-up."""
        looked_up(db, self._name, error, self._clock.now())

    def unlisted(self, db: Database) -> None:
        """Take note that all users couldn't be asked for: this configuration doesn't do so for a while."""
        rest_listing(db, self._name, self._clock.now() + _LIST_RESTS, self._fingerprint)
