"""What is told as it is when it's sent: what was decided may have waited for days for a mail server."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

import attrs
from sqlalchemy import Connection

from passback.alerts.expiring import expiring_still
from passback.alerts.notices import Due, withdraw
from passback.alerts.policy import AlertPolicy
from passback.alerts.watching import digested_still
from passback.contract import Alerted, AlertKind
from passback.delivery import wellbeing

__all__ = ["afresh"]

# They tell how something stands, and not what happened.
_STANDING = (AlertKind.EXPIRING, AlertKind.DIGEST)


def afresh(
    db: Connection, notices: Collection[Due], configured: Collection[str], policy: AlertPolicy, now: datetime
) -> Iterator[Due]:
    """Yield `notices` as they are to be told by now; those that tell of nothing any more are withdrawn.

    Args:
        db: The database.
        notices: What is due.
        configured: The connections that the configuration names.
        policy: When somebody is told.
        now: The time.
    """
    doing = wellbeing(db) if any(each.alert.kind in _STANDING for each in notices) else {}

    def still(alert: Alerted) -> Alerted | None:
        if alert.kind is AlertKind.EXPIRING:
            return expiring_still(db, alert.connection, doing, configured, policy, now)
        if alert.kind is AlertKind.DIGEST:
            return digested_still(db, alert, doing.get(alert.connection))
        # What came of that try, it doesn't say.
        past = alert.next_try is not None and alert.next_try <= now
        return attrs.evolve(alert, next_try=None) if past else alert

    for notice in notices:
        alert = still(notice.alert)
        if alert is None:
            withdraw(db, notice)
        else:
            yield attrs.evolve(notice, alert=alert)
