"""The results that are measured with, and the configuration that sends them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import uuid4

from passback import Activity, Learner, Result, Score

__all__ = ["BATCH", "configuration", "made"]

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


def configuration(port: int, connections: int = 1) -> str:
    """Return a configuration with so many customers, each with a connection to the sink at `port`."""
    return "".join(_CONNECTION.format(number=number, port=port, batch=BATCH) for number in range(connections))


def made(count: int, connections: int = 1) -> Iterator[Result]:
    """Yield `count` different results, shared out among the customers in batches."""
    for number in range(count):
        yield Result(
            id=str(uuid4()),
            kind="completed",
            organisation=f"customer-{number // BATCH % connections}",
            learner=Learner(id=f"learner-{number % 500}@example.com", name="A Learner"),
            activity=Activity(id=f"https://content.example.com/{number % 20}", name="An activity"),
            at=datetime(2026, 11, 21, 9, number % 60, tzinfo=UTC),
            score=Score(raw=number % 101, min=0, max=100, scaled=number % 101 / 100),
            success=True,
        )
