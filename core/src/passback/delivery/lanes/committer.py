"""Group commit: whoever submits while a transaction is under way shares the next one.

One synced transaction a result would be bounded by the disk; a hundred tasks that submit at once cost about
as much as one.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

import attrs

from passback.clock import Clock
from passback.delivery.outbox.accepting import Acceptance
from passback.delivery.outbox.outbox import Outbox
from passback.delivery.outbox.submission import Submission
from passback.errors import ContentConflict, OutboxError

__all__ = ["Answer", "Committer"]

Answer = Acceptance | ContentConflict

# Few enough that other processes get their turn at the file, enough that a transaction is worth it.
_MOST = 500


@attrs.frozen
class _Waiting:
    submissions: Sequence[Submission]
    done: asyncio.Future[list[Answer]]


class Committer:
    """Puts submissions into the outbox, as many as there are in one transaction."""

    def __init__(self, outbox: Outbox, clock: Clock, wake: Callable[[str], None] | None) -> None:
        """Prepare a committer; it belongs to the event loop that runs now.

        Args:
            outbox: Where to.
            clock: What tells the time.
            wake: What is called with each connection that has something new; None where the dispatcher is
                in another process.
        """
        self._outbox = outbox
        self._clock = clock
        self._wake = wake
        self._loop = asyncio.get_running_loop()
        self._queue: deque[_Waiting] = deque()
        self._task: asyncio.Task[None] | None = None

    async def put(self, submissions: Sequence[Submission]) -> list[Answer]:
        """Accept `submissions`, durably when this returns; who is cancelled meanwhile may find them accepted.

        Raises:
            OutboxError: The store can't take them.
        """
        if asyncio.get_running_loop() is not self._loop:
            raise OutboxError("this host was opened in another event loop; open one of its own in this one")
        waiting = _Waiting(submissions, self._loop.create_future())
        self._queue.append(waiting)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._commit(), name="passback committer")
        return await waiting.done

    async def finish(self) -> None:
        """Wait until everything that was put is on the disk."""
        if self._task is not None:
            await self._task

    async def _commit(self) -> None:
        while self._queue:
            group = self._take()
            submissions = [each for waiting in group for each in waiting.submissions]
            try:
                answers = await self._outbox.put(submissions, self._clock.now(), tell=self._wake is None)
            except Exception as error:  # noqa: BLE001 - it's raised again, to each who waits
                for waiting in group:
                    if not waiting.done.done():
                        waiting.done.set_exception(error)
                continue
            # Here rather than by who submitted: they may be cancelled by now.
            if self._wake is not None:
                fresh = [each for each in answers if isinstance(each, Acceptance) and each.new]
                for name in {name for each in fresh for name in each.connections}:
                    self._wake(name)
            for waiting in group:
                mine, answers = answers[: len(waiting.submissions)], answers[len(waiting.submissions) :]
                if not waiting.done.done():
                    waiting.done.set_result(mine)

    def _take(self) -> list[_Waiting]:
        group = [self._queue.popleft()]
        size = len(group[0].submissions)
        while self._queue and size + len(self._queue[0].submissions) <= _MOST:
            group.append(self._queue.popleft())
            size += len(group[-1].submissions)
        return group
