"""Where delivery and identity meet: deliveries get the accounts and launches of their learners."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import attrs
from sqlalchemy import Connection as Database

from passback.clock import Clock
from passback.connection import Connection
from passback.delivery import (
    complete,
    lacks,
    release_better_known,
    release_incomplete,
    release_learners,
    said_of,
)
from passback.host.running.launched import note_launches, reads_launches
from passback.identity import Launches, bonds, known, refuse, take
from passback.model import (
    ActivityUnknown,
    AlreadyThere,
    Batch,
    Delivered,
    Delivery,
    Learner,
    Receipt,
    Rejected,
    UserUnknown,
)
from passback.store import Store

__all__ = ["Bonding", "bonds_people"]

_NAMES = frozenset({"lookup_users", "map_identity"})
_ARRIVED = (Delivered, AlreadyThere)
# What a system says of results only of users whom it knows.
_KNOWS_THEM = (*_ARRIVED, ActivityUnknown, Rejected)


def bonds_people(connection: Connection) -> bool:
    """Return whether the system of `connection` has users of its own that learners are matched with."""
    if reads_launches(connection):
        return True
    return bool(connection.connector.keys and connection.capabilities & _NAMES)


class Bonding:
    """Equips deliveries, and keeps what their receipts say of accounts and launches."""

    def __init__(
        self, store: Store, clock: Clock, launches: Launches | None, wanted: Callable[[str], None]
    ) -> None:
        """Prepare.

        Args:
            store: Where accounts and launches are kept.
            clock: What tells the time.
            launches: What reads launches; None where none are recorded.
            wanted: Told of each connection at which somebody is unknown.
        """
        self._store = store
        self._clock = clock
        self._launches = launches
        self._wanted = wanted

    async def equip(self, connection: Connection, deliveries: Sequence[Delivery]) -> Batch:
        """Return `deliveries` with the accounts and launches of their learners.

        Where one was tried before, its learner is completed by what the host said in other results.
        """
        batch = Batch(deliveries=tuple(deliveries))
        if any(map(_is_lacking, deliveries)):
            batch = await self._store.run_soft(_completed, batch)
        if not deliveries or not bonds_people(connection):
            return batch
        return await self._store.run_soft(self._equipped, connection, batch)

    def _equipped(self, db: Database, connection: Connection, batch: Batch) -> Batch:
        name, results = connection.name, [each.result for each in batch.deliveries]
        # A connection serves one organisation, and nothing crosses it.
        accounts = known(db, name, results[0].organisation, {each.learner.id for each in results})
        subjects = {(each.learner.id, each.activity.id) for each in results}
        now = self._clock.now()
        launched = self._launches if reads_launches(connection) else None
        own = launched.own(db, name, subjects, now) if launched else {}
        equipped = (
            attrs.evolve(
                each,
                account=accounts.get(each.result.learner.id),
                launch=own.get((each.result.learner.id, each.result.activity.id)),
            )
            for each in batch.deliveries
        )
        anybody = launched.anybody(db, name, now) if launched else ()
        return Batch(deliveries=tuple(equipped), launches=anybody)

    def note(self, db: Database, connection: Connection, batch: Batch, receipts: Sequence[Receipt]) -> None:
        """Keep which users the system doesn't know, and which launches it took or refused.

        Where users can't be looked up, what says more of a learner is what others of theirs may wait for.
        """
        if not bonds_people(connection):
            self._try_again(db, connection, batch, receipts)
            return
        self._note_users(db, connection.name, batch, receipts)
        if self._launches is not None:
            note_launches(db, connection, self._launches, batch, receipts, self._clock.now())

    def _note_users(self, db: Database, name: str, batch: Batch, receipts: Sequence[Receipt]) -> None:
        sent = {each.id: each for each in batch.deliveries}
        now = self._clock.now()
        taken: set[str] = set()
        unknown: set[str] = set()
        for receipt in receipts:
            delivery = sent[receipt.delivery]
            result, account = delivery.result, delivery.account
            if isinstance(receipt, UserUnknown):
                unknown.add(result.learner.id)
                if account is not None:
                    refuse(db, name, result.organisation, result.learner.id, account.user_id, now)
            # Nearly all go at the first attempt, which costs no look at accounts.
            elif account is not None and delivery.attempt > 1 and isinstance(receipt, _KNOWS_THEM):
                taken.add(result.learner.id)
        if not taken and not unknown:
            return
        organisation = batch.deliveries[0].result.organisation
        # Who was found while this was on the wire had nothing waiting for that yet.
        found = [each.learner.id for each in bonds(db, name, organisation, unknown) if each.usable]
        known_again = take(db, name, organisation, taken) if taken else ()
        release_learners(db, name, organisation, {*known_again, *found}, now)

    def noted(self, connection: Connection, receipts: Sequence[Receipt]) -> None:
        """Have those looked up whom the system doesn't know."""
        if bonds_people(connection) and any(isinstance(each, UserUnknown) for each in receipts):
            self._wanted(connection.name)

    def _try_again(
        self, db: Database, connection: Connection, batch: Batch, receipts: Sequence[Receipt]
    ) -> None:
        unknown = {each.delivery for each in receipts if isinstance(each, UserUnknown)}
        there = {each.delivery for each in receipts if isinstance(each, _ARRIVED)}
        now = self._clock.now()
        if unknown:
            sent = [each for each in batch.deliveries if each.id in unknown]
            release_incomplete(db, connection.name, sent, now)
        if arrived := [each.result for each in batch.deliveries if each.id in there]:
            learners = {each.learner.id for each in arrived}
            release_better_known(db, connection.name, arrived[0].organisation, learners, now)


def _is_lacking(delivery: Delivery) -> bool:
    # Nearly all go at the first attempt, which costs no look at other results.
    return delivery.attempt > 1 and lacks(delivery.result.learner)


def _completed(db: Database, batch: Batch) -> Batch:
    lacking = [each.result for each in batch.deliveries if _is_lacking(each)]
    said = said_of(db, lacking[0].organisation, {each.learner.id for each in lacking})
    return Batch(deliveries=tuple(_as_said(each, said) for each in batch.deliveries))


def _as_said(delivery: Delivery, said: Mapping[str, Sequence[Learner]]) -> Delivery:
    if not _is_lacking(delivery):
        return delivery
    return complete(delivery, said.get(delivery.result.learner.id, ()))
