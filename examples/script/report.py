"""Report what a CSV file says, and wait until it's delivered: ``python report.py completions.csv``.

Run again with the same file, or a longer one, it reports only what is new: an id stands for one fact.
"""

import csv
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from passback import Activity, BlockingPassback, Learner, Result, Score


def results(path: Path) -> Iterator[Result]:
    """Yield the file's completions."""
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            yield Result(
                id=row["id"],
                kind="completed",
                learner=Learner(id=row["learner"]),
                activity=Activity(id=row["activity"]),
                score=Score(scaled=float(row["score"])),
                at=datetime.fromisoformat(row["at"]),
            )


with BlockingPassback.from_file("passback.toml") as pb:
    for answer in pb.submit_many(results(Path(sys.argv[1]))):
        print(answer)
    if not pb.drain(60):
        sys.exit("not all is delivered yet: `passback status` says why, and the next run goes on")
