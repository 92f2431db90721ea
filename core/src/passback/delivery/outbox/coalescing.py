"""Coalescing: where a system keeps only a status, progress isn't sent that a later result says too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from passback.delivery.outbox.due import DueRow, subject
from passback.delivery.outbox.subjects import STATUS
from passback.model import ResultKind

__all__ = ["chosen", "covered"]


def covered(rows: Sequence[DueRow]) -> Mapping[int, int]:
    """Return progress → the delivery that says last how far its learner is in its activity.

    Args:
        rows: What is due, in order; as far as anybody looks.
    """
    by_subject: dict[tuple[str, str, str], list[DueRow]] = {}
    for row in rows:
        if row.kind in STATUS:
            by_subject.setdefault(subject(row), []).append(row)
    found: dict[int, int] = {}
    for those in by_subject.values():
        # What happened later counts, whenever it came; of two at the same time, what came later.
        last = max(reversed(those), key=lambda row: row.at)
        for row in those:
            if row.kind == ResultKind.PROGRESSED and row is not last:
                found[row.seq] = last.seq
    return found


def chosen(rows: Sequence[DueRow], limit: int, left_out: Mapping[int, int]) -> Sequence[DueRow]:
    """Return the first `limit` of `rows` that are sent, and what of them is left out as these say it too.

    Args:
        rows: What is due, in order.
        limit: The most that is sent.
        left_out: What `covered` says of them.
    """
    sent = [row.seq for row in rows if row.seq not in left_out][:limit]
    taken = {*sent}
    return [row for row in rows if row.seq in taken or left_out.get(row.seq) in taken]
