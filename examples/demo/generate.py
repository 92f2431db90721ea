"""Write results.jsonl anew: what 40 learners did in 3 activities, and two results that need somebody."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

ACTIVITIES = {
    "https://content.example.com/courses/ladder-safety": "Ladder safety",
    "https://content.example.com/courses/forklift-basics": "Forklift basics",
    "https://content.example.com/simulations/confined-space": "Confined space rescue",
}
NAMES = ("Ana", "Ben", "Chloé", "Deniz", "Emil", "Fatima", "Goran", "Hana", "Ines", "Jonas")
SURNAMES = ("Alvarez", "Brandt", "Costa", "Đurić")
START = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)


def learners() -> Iterator[dict[str, str]]:
    """Yield 40 people whose id is their e-mail address."""
    for surname in SURNAMES:
        for name in NAMES:
            address = f"{name}.{surname}".lower().translate(str.maketrans("éđć", "edc"))
            yield {"id": f"{address}@example.com", "name": f"{name} {surname}"}


def course(rng: random.Random, at: datetime) -> Iterator[dict[str, Any]]:
    """Yield what one learner does in one activity, without saying who and where."""
    yield {"kind": "started", "at": at}
    for progress in (0.33, 0.66):
        at += timedelta(minutes=rng.randint(3, 25))
        yield {"kind": "progressed", "at": at, "progress": progress}
    at += timedelta(minutes=rng.randint(3, 25))
    points = rng.randint(30, 100)
    score = {"raw": points, "min": 0, "max": 100, "scaled": points / 100}
    duration = f"PT{rng.randint(9, 80)}M{rng.randint(0, 59)}S"
    passed = points >= 60  # noqa: PLR2004 - the pass mark
    yield {"kind": "passed" if passed else "failed", "at": at, "score": score, "success": passed}
    at += timedelta(seconds=rng.randint(1, 20))
    yield {"kind": "completed", "at": at, "completion": True, "progress": 1.0, "duration": duration}


def results() -> Iterator[dict[str, Any]]:
    """Yield every result, in the order in which it happened."""
    rng = random.Random(26)  # noqa: S311 - the same file each time
    found: list[dict[str, Any]] = []
    for learner in learners():
        for activity, name in ACTIVITIES.items():
            at = START + timedelta(minutes=rng.randint(0, 14 * 24 * 60))
            who_and_where = {"learner": learner, "activity": {"id": activity, "name": name}}
            found += [what | who_and_where for what in course(rng, at)]
    # This one's id is no e-mail address, and the demo's connection identifies learners by theirs.
    found.append(found[7] | {"learner": {"id": "E-1041", "name": "Kim Without-Address"}, "at": START})
    found.sort(key=lambda result: (result["at"], result["learner"]["id"]))
    for result in found:
        moment = result["at"].isoformat().replace("+00:00", "Z")
        yield {"id": str(UUID(int=rng.getrandbits(128), version=4))} | result | {"at": moment}


if __name__ == "__main__":
    lines = [json.dumps(result, ensure_ascii=False) for result in results()]
    Path(__file__).with_name("results.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    print(f"{len(lines)} results")
