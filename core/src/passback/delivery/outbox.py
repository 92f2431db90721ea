"""The outbox: accept, lease, settle. Accepted means on disk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from passback.delivery import accepting, leasing, schema
from passback.delivery.accepting import Acceptance, Submission
from passback.delivery.leasing import Lease
from passback.delivery.states import Change, State
from passback.delivery.store import Store
from passback.delivery.times import milliseconds, moment
from passback.errors import ContentConflict

__all__ = ["Outbox"]

_d = schema.delivery.c


class Outbox:
    """Accepts results and hands them out for delivery."""

    def __init__(self, store: Store) -> None:
        self.store = store

    async def put(
        self, submissions: Sequence[Submission], now: datetime, *, tell: bool
    ) -> list[Acceptance | ContentConflict]:
        """Accept `submissions` in one transaction, durably.

        Args:
            submissions: What to accept.
            now: The time.
            tell: Whether the dispatcher is in another process and must be told.

        Returns:
            For each of them its acceptance, or why it isn't accepted.
        """
        return await self.store.run(accepting.accept, submissions, milliseconds(now), tell=tell)

    async def lease(
        self, connection: str, limit: int, now: datetime, until: datetime, *, pass_over: int = 0
    ) -> Lease:
        """Lease the deliveries of `connection` that are due, at most `limit`, oldest first.

        Args:
            connection: Whose.
            limit: How many.
            now: The time.
            until: When the lease ends.
            pass_over: How many of the oldest to leave out.
        """
        return await self.store.run_soft(
            leasing.lease, connection, limit, milliseconds(now), milliseconds(until), pass_over
        )

    async def settle(
        self,
        lease: Lease,
        changes: Sequence[Change],
        now: datetime,
        also: Callable[[Connection], None] | None = None,
    ) -> int:
        """Apply `changes` to what `lease` holds and give the rest of it back.

        Args:
            lease: What was leased.
            changes: What became of it.
            now: The time.
            also: What else to write in the same transaction.

        Returns:
            How many changes took effect; fewer than given if the lease had ended meanwhile.
        """
        # Only what can be done again safely may be lost in a power cut.
        durable = any(change.state is State.REJECTED for change in changes)
        run = self.store.run if durable else self.store.run_soft
        return await run(leasing.settle, lease, changes, milliseconds(now), also)

    async def next_due(self, connection: str) -> datetime | None:
        """Return when the next pending delivery of `connection` is due, None if there is none."""
        query = (
            select(_d.due)
            .where(_d.connection == connection, _d.state == State.PENDING)
            .order_by(_d.due)
            .limit(1)
        )
        value = await self.store.run_soft(lambda db: db.scalar(query))
        return None if value is None else moment(value)
