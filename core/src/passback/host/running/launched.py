"""What a system's receipts say of launches, and what goes by one that came meanwhile."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection as Database

from passback.connection import Connection
from passback.delivery import release_launches
from passback.identity import Launches
from passback.model import Batch, Delivered, Delivery, NeedsLaunch, Receipt

__all__ = ["note_launches", "reads_launches"]


def reads_launches(connection: Connection) -> bool:
    """Return whether the system of `connection` opens content by launches."""
    return "read_launch" in connection.capabilities


def note_launches(
    db: Database,
    connection: Connection,
    launches: Launches,
    batch: Batch,
    receipts: Sequence[Receipt],
    now: datetime,
) -> None:
    """Keep which launches the system took or refused, and release what goes by that or by a new one."""
    proven = {each.launch for each in receipts if isinstance(each, Delivered) and each.launch}
    spoke = (each for each in receipts if isinstance(each, Delivered | NeedsLaunch))
    refused = {launch for each in spoke for launch in each.refused}
    if launches.note(db, proven, refused - proven, now):
        release_launches(db, connection.name, now)
        return
    needing = {each.delivery for each in receipts if isinstance(each, NeedsLaunch)}
    if not needing or not reads_launches(connection):
        return
    without = [each for each in batch.deliveries if each.id in needing]
    # Who opened the content while this was on the wire had nothing waiting for that yet.
    if launches.came(db, connection.name, batch.launches, now):
        learners = {each.result.learner.id for each in without}
    else:
        learners = _who_came(db, connection.name, launches, without, now)
    for learner in sorted(learners):
        whose = without[0].result.organisation, learner
        release_launches(db, connection.name, now, learner=whose)


def _who_came(
    db: Database, name: str, launches: Launches, without: Collection[Delivery], now: datetime
) -> set[str]:
    # What they had when it was sent, or before, isn't tried again for that.
    had = {
        (each.result.learner.id, each.result.activity.id): each.launch.id if each.launch else 0
        for each in without
    }
    own = launches.own(db, name, had, now)
    return {about[0] for about, launch in own.items() if launch.id > had[about]}
