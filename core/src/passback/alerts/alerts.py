"""Who delivers also watches: each quarter of a minute it's looked what somebody should be told."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import aclosing, suppress
from datetime import datetime, timedelta

import attrs
from sqlalchemy import Connection, select

from passback.alerts.channel import Channel, Parcel
from passback.alerts.hold import held, released
from passback.alerts.incidents import follow_incidents
from passback.alerts.notices import (
    Due,
    Outcome,
    due_notices,
    forget_old,
    give_up_stranded,
    note_outcome,
    post,
)
from passback.alerts.policy import AlertPolicy
from passback.alerts.watching import digest, expiring
from passback.clock import Clock
from passback.contract import Alerted, Observer
from passback.delivery import believed, tell
from passback.errors import PassbackError
from passback.store import Store, schema

__all__ = ["Alerts", "Watched"]

log = logging.getLogger("passback.alerts")

_EVERY = 15.0
_AT_LEAST = 0.2
_LONG_LOOK = timedelta(minutes=10)
_REMEMBERED = timedelta(days=90)
_AT_ONCE = 50
_AFTER_A_CRASH = 60.0


@attrs.frozen(kw_only=True)
class Watched:
    """Who is told, and how.

    Attributes:
        contacts: The configured connections, each with its contact; empty where that can't be read.
        channels: The ways on which people are told.
        observers: The host's own code that is told.
    """

    contacts: Mapping[str, str]
    channels: Sequence[Channel] = ()
    observers: Sequence[Observer] = ()

    def recipients(self, connection: str) -> Mapping[str, str]:
        """Return who is told of `connection` on each channel."""
        contact = self.contacts.get(connection, "")
        told = {each.name: each.recipient(contact) for each in self.channels}
        return {name: recipient for name, recipient in told.items() if recipient}


class Alerts:
    """Tells people what they should know, once.

    What is to be told is decided from the outbox alone, and kept there in the transaction that decides it, so
    that a restart neither forgets nor repeats anything.
    """

    def __init__(self, store: Store, clock: Clock, policy: AlertPolicy, watched: Watched, owner: str) -> None:
        """Prepare to watch.

        Args:
            store: The outbox's database.
            clock: What tells the time.
            policy: When somebody is told.
            watched: Who is told.
            owner: Who this is among those that may deliver from this database; only one of them tells people.
        """
        self._store = store
        self._clock = clock
        self._policy = policy
        self._watched = watched
        self._owner = owner
        self._looked_long: datetime | None = None

    async def run(self, stopping: asyncio.Event) -> None:
        """Watch, and send what is to be sent, until `stopping` is set."""
        spans = [self._policy.after, self._policy.calm, self._policy.gather]
        every = min(max(min(spans).total_seconds() / 2, _AT_LEAST), _EVERY)
        wait = every
        # Not at once: what is kept of a connection's health may be of days ago, until it's tried again.
        while not await self._clock.wait(stopping, wait):
            wait = every
            try:
                await self.step()
            except PassbackError as error:
                # The file may be locked, or its disk full: that passes.
                log.error("alerts rest for %g s: %s", _AFTER_A_CRASH, error)  # noqa: TRY400 - it's told
                wait = _AFTER_A_CRASH
            except Exception:
                log.exception("alerts stopped unexpectedly; they go on in %g s", _AFTER_A_CRASH)
                wait = _AFTER_A_CRASH
        with suppress(PassbackError):  # then others wait until it has run out
            await self._store.run_soft(released, self._owner)

    async def step(self) -> None:
        """Decide what is to be told by now, and send what is to be sent.

        Raises:
            OutboxError: The store can't be used.
        """
        now = self._clock.now()
        # The clock may have been ahead then.
        long = self._looked_long is None or abs(now - self._looked_long) >= _LONG_LOOK
        alerts = await self._store.run(self._decide, now, long=long)
        if alerts is None:
            return
        if long:
            self._looked_long = now
        for alert in alerts:
            said = {"alert": alert.kind.value}
            log.info("%s: %s", alert.connection, alert.kind.replace("_", " "), extra=said)
            tell(self._watched.observers, alert)
        for channel in self._watched.channels:
            await self._send(channel)

    def _decide(self, db: Connection, now: datetime, *, long: bool) -> Sequence[Alerted] | None:
        if not held(db, self._owner, now):
            return None
        contacts = self._watched.contacts
        rows = db.execute(select(schema.connection)).all()
        known = {row.name: row for row in rows if row.name in contacts}
        found = [
            *follow_incidents(db, known, self._policy, now),
            *digest(db, known, self._policy, now),
        ]
        if long:
            found += expiring(db, known, self._policy, now)
            give_up_stranded(db, [each.name for each in self._watched.channels], believed(db, now))
            forget_old(db, believed(db, now) - _REMEMBERED)
        for alert in found:
            post(db, alert, self._watched.recipients(alert.connection))
        return found

    async def _send(self, channel: Channel) -> None:
        now = self._clock.now()
        due = await self._store.run_soft(due_notices, channel.name, now, _AT_ONCE)
        if not due:
            return
        parcels = []
        for notice in due:
            if recipient := self._recipient(channel, notice):
                parcels.append((notice, Parcel(key=notice.key, recipient=recipient, alert=notice.alert)))
            else:
                await self._note(notice, "", "the configuration names nobody who is told of it")
        async with aclosing(channel.send([parcel for _, parcel in parcels])) as reasons:
            for notice, parcel in parcels:
                reason = await anext(reasons, None)
                if reason is None:
                    break
                await self._note(notice, parcel.recipient, reason)
                # Where that took long, others may have taken over by now.
                if not await self._store.run_soft(held, self._owner, self._clock.now()):
                    break

    async def _note(self, notice: Due, recipient: str, error: str) -> None:
        outcome = Outcome(notice=notice, recipient=recipient, error=error)
        await self._store.run(note_outcome, outcome, self._clock.now())
        if error:
            log.warning(
                "%s: %s to %s isn't sent: %s", notice.alert.connection, notice.channel, recipient, error
            )

    def _recipient(self, channel: Channel, notice: Due) -> str:
        # By the configuration as it is now: a contact that was repaired gets what the wrong one didn't.
        return self._watched.recipients(notice.alert.connection).get(channel.name, "")
