"""How far delivery had got when a worker was killed, as database and other side tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any

STARTING = "starting"
BETWEEN = "between two leases"
LEASED = "leased, not sent yet"
ON_THE_WIRE = "on the wire"
TAKEN = "taken over there, no answer yet"
ANSWERED = "answered, not settled yet"
OPEN = (LEASED, ON_THE_WIRE, TAKEN, ANSWERED)

_BY_TOLD = {"arrived": ON_THE_WIRE, "taken": TAKEN, "refused": ON_THE_WIRE, "answered": ANSWERED}


def phase(
    leased: Collection[tuple[str, str]], told: Iterable[Mapping[str, Any]], began: float, at: float
) -> str:
    """Return the phase that a kill hit.

    Args:
        leased: Connection and result id of everything whose lease was open.
        told: What the other side told.
        began: When the worker began, on the monotonic clock.
        at: When it was killed.
    """
    mine = [each for each in told if began <= each["at"] <= at]
    if not leased:
        return BETWEEN if mine else STARTING
    furthest = LEASED
    for name in {name for name, _ in leased}:
        ids = {result for connection, result in leased if connection == name}
        last = next((each for each in reversed(mine) if each["by"] == name and ids & {*each["ids"]}), None)
        if last is not None:
            furthest = max(furthest, _BY_TOLD[last["how"]], key=OPEN.index)
    return furthest


def share_open(phases: Counter[str]) -> float:
    """Return the share of kills that hit an open lease."""
    return sum(phases[each] for each in OPEN) / max(1, phases.total())
