"""The results that are submitted: which one a number is, and where it must end."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from uuid import NAMESPACE_URL, uuid5

from passback import Activity, Learner, Result

FACT = "https://torture.example/fact"
REFUSED = "https://torture.example/refused"
KINDS = ("started", "progressed", "completed", "passed")
BEGAN = datetime(2026, 1, 5, 8, tzinfo=UTC)


def identifier(seed: int, producer: int, number: int) -> str:
    """Return the id of a result, which is the id of its statement too."""
    return str(uuid5(NAMESPACE_URL, f"{seed}/{producer}/{number}"))


def ends(number: int) -> str:
    """Return the word for the state in which a result must end."""
    if number % 53 == 7:
        return "waiting"
    return "rejected" if number % 211 == 3 else "delivered"


def result(seed: int, producer: int, number: int) -> Result:
    """Return the result that has a number."""
    end = ends(number)
    known = f"learner-{producer}-{number % 40}"
    chosen = random.Random(f"{seed}/{producer}/{number}")
    fact = identifier(seed, producer, number)
    return Result(
        id=fact,
        kind=KINDS[number % len(KINDS)],
        # Who has no address can't be named to the other side: the result waits for an account.
        learner=Learner(id=known if end == "waiting" else f"{known}@example.com"),
        activity=Activity(id=f"https://content.example.com/{number % 7}", name="x" * chosen.randint(1, 400)),
        at=BEGAN + timedelta(seconds=number),
        progress=0.5 if KINDS[number % len(KINDS)] == "progressed" else None,
        extensions={FACT: fact} | ({REFUSED: True} if end == "rejected" else {}),
    )
