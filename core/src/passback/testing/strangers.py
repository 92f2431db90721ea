"""Somebody whom a system doesn't know."""

from __future__ import annotations

import attrs

from passback.model import Delivery

__all__ = ["NOBODY", "of_nobody"]

NOBODY = "nobody-of-theirs"


def of_nobody(delivery: Delivery) -> Delivery:
    """Return `delivery` as one of somebody whom the system doesn't know."""
    learner = attrs.evolve(
        delivery.result.learner, id=NOBODY, email=f"{NOBODY}@example.com", external_id=NOBODY
    )
    account = delivery.account and attrs.evolve(delivery.account, user_id=NOBODY)
    return attrs.evolve(delivery, result=attrs.evolve(delivery.result, learner=learner), account=account)
