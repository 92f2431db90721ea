"""What a connector answers to results: one receipt for each, of which none shows a secret."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from passback.connection.asking import Asking
from passback.contract import discreet, hush
from passback.model import Batch, CutShort, Receipt

__all__ = ["fitted", "fitting"]


def fitting(asking: Asking, batch: Batch, receipts: object) -> Sequence[Receipt]:
    """Return `receipts`, which answer `batch`, in the order of its deliveries.

    Raises:
        ContractError: They aren't one for each of the deliveries.
    """
    by_delivery: dict[int, Receipt] = {}
    if isinstance(receipts, Sequence):
        by_delivery = {receipt.delivery: receipt for receipt in receipts if isinstance(receipt, Receipt)}
    wanted = [delivery.id for delivery in batch.deliveries]
    if not isinstance(receipts, Sequence) or len(receipts) != len(wanted) or set(by_delivery) != set(wanted):
        raise asking.unfit(
            f"submit_results must return one receipt for each of the {len(wanted)} deliveries, "
            "and for no other"
        )
    return discreet([by_delivery[delivery] for delivery in wanted], asking.secrets)


def fitted(asking: Asking, batch: Batch, cut: CutShort) -> CutShort:
    """Return `cut`, which ended `batch`, with what fits it.

    Raises:
        ContractError: Its receipts aren't for deliveries of the batch.
    """
    rest = {each.id for each in batch.deliveries} - {each.delivery for each in cut.receipts}
    done = tuple(each for each in batch.deliveries if each.id not in rest)
    receipts = fitting(asking, attrs.evolve(batch, deliveries=done), cut.receipts)
    hush(cut.failure, asking.secrets)
    return CutShort(receipts, cut.failure, rest.intersection(cut.unsent))
