"""What an attempt makes of its deliveries, and of what is known of the connection."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import attrs

from passback.delivery.lanes.condition import Condition
from passback.delivery.lanes.planning import Plan
from passback.delivery.lanes.sending import Sent
from passback.delivery.outbox.changes import Change, change_for
from passback.delivery.outbox.leasing import Lease
from passback.delivery.outbox.settling import Settlement
from passback.errors import Unsupported
from passback.http import LONGEST_WAIT
from passback.model import Delivery, Receipt
from passback.store import State, WaitingFor

__all__ = ["settlement"]

_LONGEST_ALONE = timedelta(minutes=15)


def settlement(lease: Lease, planned: Plan, sent: Sent, condition: Condition, now: datetime) -> Settlement:
    """Return what became of `lease`, and take note of it in `condition`.

    Args:
        lease: What was leased.
        planned: What of it was to be sent.
        sent: What came of that.
        condition: What is known of the connection.
        now: The time.
    """
    count = len(planned.send)
    changes = [_change(receipt, planned, now) for receipt in sent.receipts]
    if sent.failure is None:
        if planned.send:
            condition.answered(lease, sent, now, count=count)
    elif isinstance(sent.failure, Unsupported):
        changes += _parked(planned, changes, str(sent.failure))
        condition.answered(lease, sent, now, count=count)
    elif condition.failed(lease, sent, sent.failure, now, count=count):
        absent = planned.send[0].id in {*sent.unsent, *(each.delivery for each in sent.doubted)}
        later = _later(planned.send[0], lease, str(sent.failure), now)
        changes.append(attrs.evolve(later, absent=absent))
    else:
        changes += [_doubted(each, lease, str(sent.failure)) for each in sent.doubted]
    changes += [*planned.covered(changes), *planned.decided, *_unreadable(lease)]
    done = {change.delivery for change in changes}
    return Settlement(
        changes=changes,
        failure=str(sent.failure or "the attempt ended before its turn"),
        unsent=planned.unsent.union(sent.unsent) - done,
    )


def _change(receipt: Receipt, planned: Plan, now: datetime) -> Change:
    change = change_for(receipt)
    if change.due is None:
        return change
    attempt = next(each.attempt for each in planned.send if each.id == receipt.delivery)
    # "At once", again and again, is not to be taken at its word, nor is "never".
    least = timedelta(seconds=min(2 ** min(attempt - 1, 10), 900))
    return attrs.evolve(change, due=min(max(change.due, now + least), now + LONGEST_WAIT))


def _unreadable(lease: Lease) -> list[Change]:
    # It would fail again each time, and hold up all that comes after it.
    return [
        Change(
            delivery=delivery,
            state=State.REJECTED,
            reason=f"what the outbox keeps of it can't be read ({problem}): it was damaged, or written by "
            "another version of Passback; replay it with that one, or submit it again under another id",
        )
        for delivery, problem in lease.unreadable.items()
    ]


def _parked(planned: Plan, changes: Sequence[Change], reason: str) -> list[Change]:
    done = {change.delivery for change in changes}
    return [
        Change(delivery=each.id, state=State.WAITING, waiting_for=WaitingFor.CONNECTION, reason=reason)
        for each in planned.send
        if each.id not in done
    ]


def _doubted(receipt: Receipt, lease: Lease, failure: str) -> Change:
    return Change(
        delivery=receipt.delivery, state=State.PENDING, reason=failure, alone=lease.alone, absent=True
    )


def _later(delivery: Delivery, lease: Lease, failure: str, now: datetime) -> Change:
    # What it was tried in an outage before says nothing of it.
    tried = delivery.attempt if lease.alone else 1
    wait = min(timedelta(minutes=1) * 2 ** min(tried, 10), _LONGEST_ALONE)
    return Change(
        delivery=delivery.id,
        state=State.PENDING,
        due=now + wait,
        reason=f"{failure}; others pass, so this one is tried alone",
        alone=True,
    )
