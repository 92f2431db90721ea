"""The outbox's database: one thread that uses it, and how durable each transaction must be."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, RootTransaction
from sqlalchemy.exc import DBAPIError

from passback.errors import OutboxError, OutboxNotRewritten, OutboxTooNew
from passback.store import migrations
from passback.store.engines import DatabaseURL, engine_for
from passback.store.kind import Kind
from passback.store.thread import WorkThread

__all__ = ["Store"]

P = ParamSpec("P")
T = TypeVar("T")

log = logging.getLogger("passback.store")

# How often a transaction is tried that others were in the way of.
_TRIES = 5
# How long a server is waited for, in seconds.
_PATIENCE = 15.0
_BREATH = 0.2
# How long a transaction may take: longer than it waits for anybody's lock.
_LONGEST = 60.0


class Store:
    """The database that holds the outbox.

    Attributes:
        name: What people call it.
        file: The file that it is; None if it's a server.
        shared: Whether several processes may deliver from it.
        member: What those that share it know this one by; no other has it.
    """

    def __init__(self, where: Path | DatabaseURL) -> None:
        """Prepare a store; `open` opens it.

        Raises:
            OutboxError: There is no driver for it, or the URL is none.
        """
        self._engine = engine_for(where)
        self.name = self._engine.name
        self.file = self._engine.file
        self.shared = self.file is None
        self.member = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._thread = WorkThread("passback-store")
        self._failures: tuple[type[Exception], ...] = (DBAPIError, *self._engine.failures, OSError)
        self._connection: Connection | None = None
        self._watching: asyncio.Task[None] | None = None

    async def open(self, *, patient: bool = False) -> None:
        """Connect, and bring the tables up to date.

        Args:
            patient: Whether to wait a while for a server that isn't there yet.

        Raises:
            OutboxError: The database can't be used.
            OutboxTooNew: A newer Passback wrote it.
        """
        await self._in_thread(lambda: self._open(patient and self.shared))
        if self.shared:
            self._watching = asyncio.create_task(self._watch(), name="passback store")

    async def run(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `work` as one transaction that is on the disk when this returns.

        Where others are in its way, it's run again from the start.

        Raises:
            OutboxError: The database can't do it. Where the connection broke, nobody knows whether it did.
        """
        return await self._in_thread(
            lambda: self._transact(Kind.DURABLE, lambda db: work(db, *args, **kwargs))
        )

    async def run_soft(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `work` as `run` does, as one transaction that a power cut may undo, but nothing else.

        For leases and receipts: to lose one means to send once more, never to lose a result.
        """
        return await self._in_thread(lambda: self._transact(Kind.SOFT, lambda db: work(db, *args, **kwargs)))

    async def read(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `work`, which only reads: all of its statements see the outbox as it was at one moment."""
        return await self._in_thread(
            lambda: self._transact(Kind.READING, lambda db: work(db, *args, **kwargs))
        )

    async def run_ahead(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `work` as `run_soft` does, before everything that waits: others take us for dead without it."""
        return await self._in_thread(
            lambda: self._transact(Kind.SOFT, lambda db: work(db, *args, **kwargs)),
            ahead=True,
        )

    async def check(self) -> None:
        """Look whether this is still the outbox that was opened, and its tables those that this knows.

        Raises:
            OutboxGone: Its file was removed or replaced.
            OutboxTooNew: A newer Passback has changed the tables.
        """
        await self._in_thread(self._engine.require)
        self._require_known(await self.run_soft(migrations.revision))

    async def rewrite(self) -> None:
        """Have nothing of what was removed stand in the file or beside it; a server's are its own business.

        Raises:
            OutboxNotRewritten: It stands there still; says why.
        """
        await self._in_thread(self._rewrite)

    async def close(self) -> None:
        """Disconnect."""
        await self._in_thread(self._close)
        await self._thread.end()
        if self._watching is not None:
            self._watching.cancel()

    async def _watch(self) -> None:
        # What lies between us and a server may have forgotten the connection, and still take what is sent.
        limit = _LONGEST
        while True:
            await asyncio.sleep(_LONGEST / 10)
            busy = self._thread.busy
            if busy <= _LONGEST:
                limit = _LONGEST
            elif busy > limit:
                log.warning(
                    "the outbox %s hasn't answered for %.0f s; its connection is ended", self.name, busy
                )
                self._engine.sever()
                # The same is tried by another connection, which gets as long.
                limit = busy + _LONGEST

    async def _in_thread(self, work: Callable[[], T], *, ahead: bool = False) -> T:
        try:
            return await self._thread.run(work, ahead=ahead)
        except self._failures as error:
            raise OutboxError(f"the outbox {self.name} can't be used: {self._engine.said(error)}") from error
        except (UnicodeEncodeError, OverflowError):
            # Somebody asks for an id that no database can hold.
            raise OutboxError("what was asked for holds a character or a number that can't be kept") from None

    def _open(self, waits: bool) -> None:  # noqa: FBT001
        told, give_up = False, time.monotonic() + _PATIENCE
        while True:
            try:
                self._try_to_open()
            except self._failures as error:
                # Who has reached it once knows where it is, and waits while it's started again.
                waits = waits or self._engine.broke(error)
                if not waits or time.monotonic() > give_up:
                    raise
                if not told:
                    log.warning("waiting for the outbox %s: %s", self.name, self._engine.said(error))
                told = True
                time.sleep(_BREATH)
            else:
                return

    def _try_to_open(self) -> None:
        self._close()
        self._connection = self._engine.create().connect()
        found = self._transact(Kind.SOFT, migrations.revision)
        self._require_known(found)
        if found != migrations.NEWEST:
            self._require_known(self._transact(Kind.DURABLE, self._migrate))

    def _migrate(self, db: Connection) -> str | None:
        self._engine.reserve(db)
        # Another process may have done it meanwhile.
        found = migrations.revision(db)
        if found is None or found < migrations.NEWEST:
            migrations.upgrade(db)
        return found

    def _require_known(self, found: str | None) -> None:
        if found is not None and found > migrations.NEWEST:
            raise OutboxTooNew(
                f"the outbox {self.name} was written by a newer Passback (revision {found}, "
                f"this one knows {migrations.NEWEST}); upgrade this installation"
            )

    def _transact(self, kind: Kind, work: Callable[[Connection], T]) -> T:
        for _ in range(_TRIES - 1):
            try:
                return self._once(kind, work)
            except DBAPIError as error:
                if not self._engine.passes(error):
                    raise
        return self._once(kind, work)

    def _once(self, kind: Kind, work: Callable[[Connection], T]) -> T:
        with self._transaction(kind) as db:
            return work(db)

    @contextmanager
    def _transaction(self, kind: Kind) -> Iterator[Connection]:
        db = self._connection
        if db is None:
            raise OutboxError(f"the outbox {self.name} isn't open")
        try:
            with self._begun(db, kind):
                yield db
        except BaseException as error:
            self._engine.abandon(db, error)
            raise

    def _begun(self, db: Connection, kind: Kind) -> RootTransaction:
        for idle in (True, False):
            # A connection that broke is made anew here.
            transaction = db.begin()
            try:
                self._engine.begin(db, kind)
            except BaseException as error:
                transaction.rollback()
                # It was ended while nobody used it, and nothing was done by it yet.
                if not (idle and isinstance(error, DBAPIError) and error.connection_invalidated):
                    raise
            else:
                break
        return transaction

    def _rewrite(self) -> None:
        if self._connection is None:
            return
        try:
            self._engine.rewrite(self._connection)
        except self._failures as error:
            raise OutboxNotRewritten(
                "what was removed is gone from the outbox, but parts of it may still stand in the file "
                f"{self.name} or beside it: that can't be written anew ({self._engine.said(error)}); ask for "
                "the same again once there is room for two more such files, and nobody holds this one"
            ) from error

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
