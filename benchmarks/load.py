"""The results that are measured with, and the configuration that sends them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import attrs

from passback import Activity, Learner, Result, Score

__all__ = ["BATCH", "made", "write_configuration"]

BATCH = 100
_CONNECTION = """
[connections.lrs{number}]
connector = "xapi"
contact = "a@example.com"
organisation = "customer-{number}"
options = {{ url = "http://127.0.0.1:{port}/xapi/", key = "k", secret = "s" }}
network = {{ allow_http = true, allow = ["127.0.0.0/8"] }}
sending = {{ batch = {batch}, linger = 0 }}
"""


def _configuration(port: int, connections: int = 1, dead: Sequence[int] = ()) -> str:
    """Return a configuration with so many customers, each with a connection to the sink at `port`.

    There is one more for each port in `dead`.
    """
    ports = enumerate([port] * connections + [*dead])
    return "".join(_CONNECTION.format(number=number, port=each, batch=BATCH) for number, each in ports)


def write_configuration(
    folder: Path, port: int, connections: int = 1, store: str = "", dead: Sequence[int] = ()
) -> Path:
    """Write a configuration into `folder`, whose outbox is at the URL `store` or in a file beside it."""
    config = folder / "passback.toml"
    where = f'store = "{store}"\n' if store else ""
    config.write_text(where + _configuration(port, connections, dead), "utf-8")
    return config


def made(
    count: int, connections: int = 1, *, in_a_row: int = BATCH, random_ids: bool = False
) -> Iterator[Result]:
    """Yield `count` different results, shared out among the customers, `in_a_row` to each.

    With ids that Passback makes, or with random ones as a host may have them.
    """
    for number in range(count):
        result = Result(
            kind="completed",
            organisation=f"customer-{number // in_a_row % connections}",
            learner=Learner(id=f"learner-{number % 500}@example.com", name="A Learner"),
            activity=Activity(id=f"https://content.example.com/{number % 20}", name="An activity"),
            at=datetime(2026, 11, 21, 9, number % 60, tzinfo=UTC),
            score=Score(raw=number % 101, min=0, max=100, scaled=number % 101 / 100),
            success=True,
        )
        yield attrs.evolve(result, id=str(uuid4())) if random_ids else result
