"""Who delivers also watches: each quarter of a minute it's looked what somebody should be told."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import Connection

from passback.alerts.audience import Watched
from passback.alerts.channel import Channel
from passback.alerts.expiring import expiring
from passback.alerts.going_out import AFTER_A_CRASH, GoingOut, done
from passback.alerts.hold import held, released
from passback.alerts.incidents import follow_incidents
from passback.alerts.letter import counted
from passback.alerts.notices import bring_forward, forget_old, give_up_stranded, post
from passback.alerts.policy import AlertPolicy
from passback.alerts.watching import digest
from passback.clock import Clock
from passback.contract import Alerted
from passback.delivery import believed, tell, wellbeing
from passback.errors import PassbackError
from passback.store import Store

__all__ = ["Alerts"]

log = logging.getLogger("passback.alerts")

_EVERY = 15.0
_AT_LEAST = 0.2
_LONG_LOOK = timedelta(minutes=10)
_REMEMBERED = timedelta(days=90)


class Alerts:
    """Tells people what they should know, once.

    What is to be told is decided from the outbox alone, and kept there in the transaction that decides it, so
    that a restart neither forgets nor repeats anything.

    Attributes:
        going_out: What sends it, by the channel's name.
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
        self.going_out: dict[str, GoingOut] = {}
        self._sending: list[asyncio.Task[None]] | None = None
        self._store = store
        self._clock = clock
        self._policy = policy
        self._watched = watched
        self._owner = owner
        self._looked_long: datetime | None = None
        self._renewed = False
        self._decided_for: Watched | None = None
        self._add(watched.channels)

    def renew(self, policy: AlertPolicy, watched: Watched) -> None:
        """Watch by `policy` and tell who is `watched` from now on; what is being sent arrives as it went."""
        self._policy, self._watched, self._renewed = policy, watched, True
        channels = {each.name: each for each in watched.channels}
        for name, each in self.going_out.items():
            each.renew(channels.pop(name, None), policy, watched)
        self._add(channels.values())

    async def run(self, stopping: asyncio.Event) -> None:
        """Watch, and send what is to be sent, until `stopping` is set."""
        sending = self._sending = [_begun(each) for each in self.going_out.values()]
        try:
            await self._watch(stopping)
            for each in self.going_out.values():
                each.end()
            # Who loses patience with them cancels this, and them with it.
            await asyncio.gather(*sending, return_exceptions=True)
        finally:
            for task in sending:
                task.cancel()
            await asyncio.gather(*sending, return_exceptions=True)
        with suppress(PassbackError):  # then others wait until it has run out
            await self._store.run_soft(released, self._owner)

    async def _watch(self, stopping: asyncio.Event) -> None:
        # Not at once: what is kept of a connection's health may be of days ago, until it's tried again.
        wait, put_off = self._every(), False
        while not await self._clock.wait(stopping, wait):
            # So it may where a connection is in the configuration again. But at most every other look is put
            # off, as the configuration may change more often than it's looked.
            put_off, self._renewed = self._renewed and not put_off, False
            wait = self._every() if put_off or await done(self.look()) else AFTER_A_CRASH

    async def look(self) -> None:
        """Decide what is to be told by now, tell observers, and wake what sends it to people.

        Raises:
            OutboxError: The store can't be used.
        """
        now = self._clock.now()
        # The clock may have been ahead then.
        long = self._looked_long is None or abs(now - self._looked_long) >= _LONG_LOOK
        watched = self._watched
        # A password, a contact or a secret may be right by now.
        changed = watched is not self._decided_for
        alerts = await self._store.run(self._decide, now, long=long, changed=changed)
        if alerts is None:
            return
        self._decided_for = watched
        if long:
            self._looked_long = now
        for each in self.going_out.values():
            each.wake()
        for alert in alerts:
            _say(alert)
            tell(self._watched.observers, alert)

    def _every(self) -> float:
        spans = [self._policy.after, self._policy.calm, self._policy.gather]
        return min(max(min(spans).total_seconds() / 2, _AT_LEAST), _EVERY)

    def _add(self, channels: Iterable[Channel]) -> None:
        for channel in channels:
            added = GoingOut(self._store, self._clock, channel, self._policy, self._watched, self._owner)
            self.going_out[added.name] = added
            if self._sending is not None:
                self._sending.append(_begun(added))

    def _decide(
        self, db: Connection, now: datetime, *, long: bool, changed: bool
    ) -> Sequence[Alerted] | None:
        if not held(db, self._owner, now):
            return None
        if changed:
            bring_forward(db, now)
        # The configuration may change meanwhile, in another thread.
        watched, policy = self._watched, self._policy
        contacts = watched.contacts
        doing = wellbeing(db)
        known = {name: does for name, does in doing.items() if name in contacts}
        found = [
            *follow_incidents(db, known, policy, now),
            *digest(db, known, policy, now),
        ]
        if long:
            found += expiring(db, doing, contacts, policy, now)
            give_up_stranded(db, [each.name for each in watched.channels], believed(db, now))
            forget_old(db, believed(db, now) - _REMEMBERED)
        for alert in found:
            post(db, alert, watched.recipients(alert.connection))
        return found


def _begun(going_out: GoingOut) -> asyncio.Task[None]:
    return asyncio.create_task(going_out.run(), name=f"passback alerts by {going_out.name}")


def _say(alert: Alerted) -> None:
    said = {"alert": alert.kind.value}
    if alert.configured:
        log.info("%s: %s", alert.connection, alert.kind.replace("_", " "), extra=said)
        return
    # Perhaps nobody else hears of it: who its contact was stands nowhere any more.
    log.warning(
        "%s: %s about to be given up, and the configuration doesn't name this connection any more",
        alert.connection,
        counted(alert.undelivered),
        extra=said,
    )
