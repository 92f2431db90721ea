"""The outbox: accept, lease, settle. Accepted means on disk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import Connection

from passback.delivery.outbox import accepting, leasing, settling
from passback.delivery.outbox.accepting import Acceptance
from passback.delivery.outbox.leasing import Lease, Wish
from passback.delivery.outbox.settling import Settlement
from passback.delivery.outbox.submission import Submission
from passback.errors import ContentConflict
from passback.store import State, Store, milliseconds

__all__ = ["Outbox"]


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
        # Where several processes deliver, it may be another one's.
        tell = tell or self.store.shared
        return await self.store.run(accepting.accept, submissions, milliseconds(now), tell=tell)

    async def lease(self, wish: Wish, now: datetime) -> Lease:
        """Lease what is due, the oldest first."""
        return await self.store.run_soft(leasing.lease, wish, milliseconds(now))

    async def settle(
        self,
        lease: Lease,
        settlement: Settlement,
        now: datetime,
        also: Callable[[Connection], None] | None = None,
        wish: Wish | None = None,
    ) -> tuple[int, Lease | None]:
        """Apply `settlement` to what `lease` holds and give the rest of it back.

        Args:
            lease: What was leased.
            settlement: What became of it.
            now: The time.
            also: What else to write in the same transaction, once that is settled.
            wish: What to lease in the same transaction.

        Returns:
            How many changes took effect, fewer than given if the lease had ended meanwhile; and the next
            lease, if one was wished for.

        Raises:
            Erased: Learners were erased meanwhile of whom `settlement` doesn't know. Nothing is settled.
        """

        def work(db: Connection) -> tuple[int, Lease | None]:
            count = settling.settle(db, lease, settlement, milliseconds(now))
            if also is not None:
                also(db)
            return count, None if wish is None else leasing.lease(db, wish, milliseconds(now))

        # Only what can be done again safely may be lost in a power cut.
        durable = any(change.state is State.REJECTED for change in settlement.changes)
        run = self.store.run if durable else self.store.run_soft
        return await run(work)
