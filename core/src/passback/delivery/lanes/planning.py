"""What of a lease is sent: not what belongs to another organisation, nor what a later result says too."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import attrs

from passback.delivery.outbox.changes import Change
from passback.model import Delivery
from passback.store import State, WaitingFor

__all__ = ["Plan", "plan"]


@attrs.frozen(kw_only=True)
class Plan:
    """What of a lease is sent, and what follows for the rest.

    Attributes:
        send: What is sent, in order.
        covers: Delivery → the deliveries that needn't be sent once it has arrived.
        decided: What is known without asking the system.
        unsent: What isn't sent this time.
    """

    send: tuple[Delivery, ...] = ()
    covers: Mapping[int, Sequence[int]] = attrs.field(factory=dict)
    decided: tuple[Change, ...] = ()
    unsent: frozenset[int] = frozenset()

    def covered(self, changes: Sequence[Change]) -> list[Change]:
        """Return what `changes` make of the deliveries that they cover.

        They don't follow what was refused, nor what is tried alone from now on.

        Args:
            changes: Of deliveries that were sent.
        """
        if not self.covers:
            return []
        ids = {delivery.id: delivery.result.id for delivery in self.send}
        follow: list[Change] = []
        for change in changes:
            if change.state is State.REJECTED or change.alone:
                continue
            reason = f"the later result {ids[change.delivery]!r} says it too"
            for covered in self.covers.get(change.delivery, ()):
                said = reason if change.state is State.DELIVERED else change.reason
                # It wasn't sent, so this says nothing of whether an earlier attempt arrived.
                follow.append(attrs.evolve(change, delivery=covered, reason=said, absent=False))
        return follow


def plan(
    deliveries: Sequence[Delivery],
    organisation: str,
    limit: int,
    *,
    covered: Mapping[int, int] | None = None,
    overtaken: Collection[int] = (),
) -> Plan:
    """Return what of `deliveries` is sent.

    Args:
        deliveries: What is leased, in order.
        organisation: Whose results the connection takes.
        limit: The most that is sent at once.
        covered: Progress → the delivery that says it too, so that it needn't be sent.
        overtaken: Progress from before what has arrived already.
    """
    own = [each for each in deliveries if each.result.organisation == organisation]
    covered_by = covered or {}
    wanted = [each for each in own if each.id not in covered_by and each.id not in overtaken]
    send = tuple(wanted[:limit])
    sent = {each.id for each in send}
    covers: dict[int, list[int]] = {}
    for left_out, by in covered_by.items():
        if by in sent and left_out not in overtaken:
            covers.setdefault(by, []).append(left_out)
    decided = [
        *(_strange(each, organisation) for each in deliveries if each.result.organisation != organisation),
        *(_overtaken(each) for each in own if each.id in overtaken),
    ]
    known = sent | {change.delivery for change in decided}
    return Plan(
        send=send,
        covers=covers,
        decided=tuple(decided),
        unsent=frozenset(each.id for each in deliveries if each.id not in known),
    )


def _strange(delivery: Delivery, organisation: str) -> Change:
    return Change(
        delivery=delivery.id,
        state=State.WAITING,
        waiting_for=WaitingFor.CONNECTION,
        reason=f"it belongs to organisation {delivery.result.organisation!r}, "
        f"and this connection serves {organisation!r}",
    )


def _overtaken(delivery: Delivery) -> Change:
    return Change(
        delivery=delivery.id,
        state=State.DELIVERED,
        reason="what was delivered before is later, and says it too",
    )
