"""Results as they stand, streamed out: for reports, archives and repairs by hand."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from datetime import datetime

import attrs
from sqlalchemy import Connection, select

from passback.delivery.outbox.selection import Selection
from passback.delivery.upkeep.overview import DeliveryState, delivery_states
from passback.errors import InvalidResult
from passback.model import Result, read_result
from passback.store import Store, milliseconds, moment, schema

__all__ = ["Exported", "export"]

_d = schema.delivery.c
_r = schema.result.c

_CHUNK = 500

log = logging.getLogger("passback.delivery")


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
    after: int | None = 0
    while after is not None:
        after, chunk = await store.run_soft(_chunk, selection, after, milliseconds(now))
        for each in chunk:
            yield each


def _chunk(db: Connection, selection: Selection, after: int, now: int) -> tuple[int | None, list[Exported]]:
    """Return after which result to go on, None if there are no more, and the next of them."""
    query = (
        select(_r.seq, _r.id, _r.body, _r.accepted)
        .where(_r.seq > after, *selection.of_results())
        .order_by(_r.seq)
        .limit(_CHUNK)
    )
    rows = db.execute(query).all()
    deliveries: dict[int, list[DeliveryState]] = {}
    chosen = [_d.result.in_([row.seq for row in rows])]
    for seq, delivery in delivery_states(db, chosen, now):
        deliveries.setdefault(seq, []).append(delivery)
    exported: list[Exported] = []
    for row in rows:
        try:
            result = read_result(row.body)
        except InvalidResult as error:
            log.warning("result %r is left out: what is kept of it can't be read (%s)", row.id, error)
            continue
        accepted, those = moment(row.accepted), tuple(deliveries.get(row.seq, ()))
        exported.append(Exported(result=result, accepted=accepted, deliveries=those))
    return (rows[-1].seq if len(rows) == _CHUNK else None), exported
