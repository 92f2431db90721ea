"""The account: what was submitted against what the LRS really holds.

It reads the LRS by itself and knows nothing of the connector, so neither can cover for the other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs

from passback import DeliveryState, Result

__all__ = ["Account", "take"]


@attrs.frozen(kw_only=True)
class Account:
    """Every accepted result, accounted for.

    Attributes:
        accepted: How many results were accepted.
        delivered: How many of them Passback says are delivered.
        there: How many of those the LRS holds exactly once, telling what was submitted.
        waiting: How many wait, by reason.
        rejected: How many were rejected, by reason.
        faults: What doesn't add up; empty when all is well.
    """

    accepted: int
    delivered: int
    there: int
    waiting: Mapping[str, int]
    rejected: Mapping[str, int]
    faults: Sequence[str]


def take(
    results: Sequence[Result],
    deliveries: Sequence[DeliveryState],
    listing: Iterable[Mapping[str, Any]],
    seeded: Mapping[str, Any],
) -> Account:
    """Hold what was submitted against the LRS's whole listing.

    Args:
        results: What was submitted.
        deliveries: Where Passback says that each stands.
        listing: Every statement that the LRS holds.
        seeded: The statement that it held before.
    """
    held: dict[str, list[Mapping[str, Any]]] = {}
    for statement in listing:
        held.setdefault(str(statement["id"]), []).append(statement)
    states = {delivery.result_id: delivery for delivery in deliveries}
    faults = [f"result {result.id} has no state" for result in results if result.id not in states]
    faults += [f"{len(copies)} copies of {key}" for key, copies in held.items() if len(copies) > 1]
    faults += [f"a stranger: {key}" for key in held.keys() - {result.id for result in results}]
    there = 0
    for result in results:
        state = states[result.id].state if result.id in states else "nowhere"
        copies = held.get(result.id, [])
        if state == "delivered":
            fault = _fault(result, copies)
            there += not fault
            faults += [fault] if fault else []
        elif state not in ("waiting", "rejected"):
            faults.append(f"result {result.id} is {state}")
        elif copies and copies != [{**seeded, **_set_by_lrs(copies[0])}]:
            faults.append(f"result {result.id} is {state}, but the LRS holds it")
    return Account(
        accepted=len(results),
        delivered=sum(delivery.state == "delivered" for delivery in deliveries),
        there=there,
        waiting=Counter(
            f"{each.waiting_for}: {each.reason}" for each in deliveries if each.state == "waiting"
        ),
        rejected=Counter(each.reason for each in deliveries if each.state == "rejected"),
        faults=faults,
    )


def _fault(result: Result, copies: Sequence[Mapping[str, Any]]) -> str | None:
    if not copies:
        return f"result {result.id} is said to be delivered, but the LRS doesn't hold it"
    statement = copies[0]
    told = {
        "learner": statement["actor"].get("mbox") == f"mailto:{result.learner.id}",
        "activity": statement["object"]["id"] == result.activity.id,
        "verb": result.kind.value in {_word(statement["verb"]["id"]), statement["verb"]["display"]["en"]},
        "time": datetime.fromisoformat(statement["timestamp"]) == result.at,
        "score": statement.get("result", {}).get("score", {}).get("raw")
        == (result.score and result.score.raw),
    }
    wrong = [part for part, right in told.items() if not right]
    return f"result {result.id} arrived with another {' and '.join(wrong)}" if wrong else None


def _word(verb: str) -> str:
    return verb.rsplit("/", 1)[-1]


def _set_by_lrs(statement: Mapping[str, Any]) -> dict[str, Any]:
    names = ("stored", "authority", "version", "timestamp")
    return {name: statement[name] for name in names if name in statement}
