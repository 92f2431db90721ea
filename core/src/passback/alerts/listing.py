"""The notices that there are, and what became of each."""

from __future__ import annotations

from datetime import datetime

import attrs
from sqlalchemy import Row, select

from passback.store import Store, moment, schema

__all__ = ["Notice", "list_notices"]

_n = schema.notice.c


@attrs.frozen(kw_only=True)
class Notice:
    """One mail or webhook, and what became of it.

    Attributes:
        id: Its number.
        connection: Of which connection it tells.
        kind: What it tells, in the words of `AlertKind`.
        channel: ``mail`` or ``webhook``.
        recipient: The address, or the webhook's host.
        created: When there was something to tell.
        state: ``due``, ``failing`` (tried, and tried again), ``sent`` or ``given up``.
        attempts: How often it was tried.
        due: When it's tried next.
        sent: When it was taken over there.
        error: Why the last attempt failed.
    """

    id: int
    connection: str
    kind: str
    channel: str
    recipient: str
    created: datetime
    state: str
    attempts: int
    due: datetime | None
    sent: datetime | None
    error: str


async def list_notices(store: Store, limit: int) -> list[Notice]:
    """Return the latest notices, the newest first."""
    query = select(schema.notice).order_by(_n.id.desc()).limit(limit)
    return await store.run_soft(lambda db: [_notice(row) for row in db.execute(query)])


def _notice(row: Row[tuple[object, ...]]) -> Notice:
    if row.due is None:
        state = "given up" if row.sent is None else "sent"
    else:
        state = "failing" if row.attempts else "due"
    return Notice(
        id=row.id,
        connection=row.connection,
        kind=row.kind,
        channel=row.channel,
        recipient=row.recipient,
        created=moment(row.created),
        state=state,
        attempts=row.attempts,
        due=None if row.due is None else moment(row.due),
        sent=None if row.sent is None else moment(row.sent),
        error=row.error,
    )
