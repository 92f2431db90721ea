"""Results as they stand, streamed out: for reports, archives and repairs by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

import attrs
from sqlalchemy import Connection, select

from passback.delivery.overview import DeliveryState, delivery_states
from passback.delivery.selection import Selection
from passback.model import Result, read_result
from passback.store import Store, milliseconds, moment, schema

__all__ = ["Exported", "export"]

_d = schema.delivery.c
_r = schema.result.c

_CHUNK = 500


@attrs.frozen(kw_only=True)
class Exported:
    """One result and where it stands.

    Attributes:
        result: The result.
        accepted: When it was accepted.
        deliveries: Its deliveries; none while it's unrouted.
    """

    result: Result
    accepted: datetime
    deliveries: tuple[DeliveryState, ...]


async def export(store: Store, selection: Selection, now: datetime) -> AsyncIterator[Exported]:
    """Yield the results that `selection` chooses with all their deliveries, in the order of acceptance.

    What is accepted meanwhile may be left out.
    """
    after = 0
    while True:
        after, chunk = await store.run_soft(_chunk, selection, after, milliseconds(now))
        for each in chunk:
            yield each
        if len(chunk) < _CHUNK:
            return


def _chunk(db: Connection, selection: Selection, after: int, now: int) -> tuple[int, list[Exported]]:
    query = (
        select(_r.seq, _r.body, _r.accepted)
        .where(_r.seq > after, *selection.of_results())
        .order_by(_r.seq)
        .limit(_CHUNK)
    )
    rows = db.execute(query).all()
    deliveries: dict[int, list[DeliveryState]] = {}
    chosen = [_d.result.in_([row.seq for row in rows])]
    for seq, delivery in delivery_states(db, chosen, now):
        deliveries.setdefault(seq, []).append(delivery)
    exported = [
        Exported(
            result=read_result(row.body),
            accepted=moment(row.accepted),
            deliveries=tuple(deliveries.get(row.seq, ())),
        )
        for row in rows
    ]
    return rows[-1].seq if rows else after, exported
