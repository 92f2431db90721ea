"""What goes out through one channel, beside the others and beside what decides: none holds another up."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Sequence
from contextlib import aclosing, suppress

from sqlalchemy import Connection

from passback.alerts.afresh import afresh
from passback.alerts.audience import Watched
from passback.alerts.channel import Channel, InDoubt, Parcel
from passback.alerts.hold import held
from passback.alerts.notices import Due, Outcome, due_notices, is_due, note_outcome
from passback.alerts.policy import AlertPolicy
from passback.clock import Clock
from passback.errors import PassbackError
from passback.store import Store

__all__ = ["AFTER_A_CRASH", "GoingOut", "done"]

log = logging.getLogger("passback.alerts")

AFTER_A_CRASH = 60.0
_AT_ONCE = 50


async def done(work: Awaitable[object]) -> bool:
    """Return whether `work` was done; what kept it from that is told."""
    try:
        await work
    except PassbackError as error:
        # The file may be locked, or its disk full: that passes.
        log.error("alerts rest for %g s: %s", AFTER_A_CRASH, error)  # noqa: TRY400 - it's told
    except Exception:
        log.exception("alerts stopped unexpectedly; they go on in %g s", AFTER_A_CRASH)
    else:
        return True
    return False


class GoingOut:
    """Sends what is to be sent through one channel, one after another.

    Attributes:
        name: The channel's name.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        channel: Channel,
        policy: AlertPolicy,
        watched: Watched,
        owner: str,
    ) -> None:
        """Prepare to send.

        Args:
            store: The outbox's database.
            clock: What tells the time.
            channel: The way on which people are told.
            policy: When somebody is told.
            watched: Who is told.
            owner: Who this is among those that may tell people.
        """
        self.name = channel.name
        self._store = store
        self._clock = clock
        self._channel: Channel | None = channel
        # Those of older configurations; something may still be on its way through one.
        self._before: list[Channel] = []
        self._policy = policy
        self._watched = watched
        self._owner = owner
        self._due = False
        self._woken = asyncio.Event()
        self._ending = asyncio.Event()

    def renew(self, channel: Channel | None, policy: AlertPolicy, watched: Watched) -> None:
        """Send by these from now on (no channel: nothing), once what is on its way has arrived."""
        self._policy, self._watched = policy, watched
        self._leave()
        self._channel = channel
        self._woken.set()

    def wake(self) -> None:
        """Take note that something may be due."""
        self._due = True
        self._woken.set()

    def end(self) -> None:
        """Have `run` let what is being sent arrive, and return."""
        self._ending.set()
        self._woken.set()

    async def run(self) -> None:
        """Send what is due whenever this is woken, until it's to end; close each channel after its use."""
        try:
            await self._woken.wait()
            while not self._ending.is_set():
                self._woken.clear()
                due, self._due = self._due, False
                if due and not await done(self.send()):
                    await self._clock.wait(self._ending, AFTER_A_CRASH)
                await self._close_before()
                await self._woken.wait()
        finally:
            self._leave()
            await self._close_before()

    async def send(self) -> None:
        """Send what is due now.

        Raises:
            OutboxError: The store can't be used.
        """
        channel = self._channel
        if channel is None:
            return
        due = await self._store.run_soft(self._due_now)
        parcels = []
        for notice in due:
            if recipient := self._recipient(notice):
                parcels.append((notice, Parcel(key=notice.key, recipient=recipient, alert=notice.alert)))
            else:
                await self._note(notice, "", "the configuration names nobody who is told of it")
        if parcels:
            await self._send(channel, parcels)

    async def _send(self, channel: Channel, parcels: Sequence[tuple[Due, Parcel]]) -> None:
        async with aclosing(channel.send([parcel for _, parcel in parcels])) as reasons:
            for notice, parcel in parcels:
                if channel is not self._channel:
                    # The others go by the configuration as it is now.
                    self.wake()
                    break
                if self._ending.is_set() or not await self._store.run_soft(self._may_go, notice):
                    break
                try:
                    reason = await anext(reasons, None)
                except asyncio.CancelledError as left:
                    await self._note_left(notice, parcel.recipient, left.args)
                    raise
                if reason is None:
                    break
                await self._note(notice, parcel.recipient, reason)

    def _leave(self) -> None:
        if self._channel is not None:
            self._before.append(self._channel)
        self._channel = None

    async def _close_before(self) -> None:
        before, self._before = self._before, []
        for each in before:
            await each.aclose()

    def _due_now(self, db: Connection) -> list[Due]:
        now = self._clock.now()
        if not held(db, self._owner, now):
            return []
        due = due_notices(db, self.name, now, _AT_ONCE)
        return list(afresh(db, due, self._watched.contacts, self._policy, now))

    def _may_go(self, db: Connection, notice: Due) -> bool:
        # Where the one before took long, others may have taken over by now, or this one was withdrawn.
        return held(db, self._owner, self._clock.now()) and is_due(db, notice)

    async def _note_left(self, notice: Due, recipient: str, said: Sequence[object]) -> None:
        for each in said:
            if isinstance(each, InDoubt):
                with suppress(PassbackError):  # then it's sent again at once by whoever is next
                    await self._note(notice, recipient, each)

    async def _note(self, notice: Due, recipient: str, error: str) -> None:
        in_doubt = isinstance(error, InDoubt)
        outcome = Outcome(notice=notice, recipient=recipient, error=error, in_doubt=in_doubt)
        await self._store.run(note_outcome, outcome, self._clock.now())
        if error:
            log.warning(
                "%s: %s to %s isn't sent: %s", notice.alert.connection, notice.channel, recipient, error
            )

    def _recipient(self, notice: Due) -> str:
        if notice.heard:
            return notice.recipient
        # By the configuration as it is now: a contact that was repaired gets what the wrong one didn't.
        recipient = self._watched.recipients(notice.alert.connection).get(self.name, "")
        return recipient or ("" if notice.alert.configured else notice.recipient)
