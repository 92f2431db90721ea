"""Many first visits of one person at once, by processes rather than tasks, make one learner."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

PEOPLE = 50

VISIT = """
import asyncio, json, multiprocessing, sys
from datetime import UTC, datetime
from pathlib import Path
from passback import Assertion
from passback.identity.linking import AttributeRule, Claim, LinkPolicy, decide, map_profile
from passback.store import Store
from passback.store.engines import DatabaseURL

place, people, connections = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
forks = multiprocessing.get_context("fork")
ready = forks.Barrier(len(connections))
NOW = datetime(2026, 11, 22, tzinfo=UTC)


def claim(connection, subject):
    said = Assertion(issuer="https://idp.example", subject=subject, attributes={"number": (subject,)})
    return Claim(
        connection=connection,
        organisation="acme",
        assertion=said,
        profile=map_profile(said, {"external_id": AttributeRule(source="number")}),
        policy=LinkPolicy(by_external_id=True),
    )


async def visit(connection):
    store = Store(DatabaseURL(place) if "://" in place else Path(place))
    await store.open()
    ready.wait()
    decided = [await store.run(decide, claim(connection, str(number)), NOW) for number in range(people)]
    await store.close()
    return [[each.outcome, each.learner.id] for each in decided]


def visitor(connection):
    return asyncio.run(visit(connection))


with forks.Pool(len(connections)) as pool:
    print(json.dumps(pool.map(visitor, connections, 1)))
"""


@pytest.fixture
def url(place):
    return str(place) if isinstance(place, Path) else place.url


def raced(url, connections):
    """Return what became of each person's visits, of which there is one by each of `connections`."""
    done = subprocess.run(
        [sys.executable, "-c", VISIT, url, str(PEOPLE), *connections],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    came = json.loads(done.stdout)
    return list(zip(*came, strict=True))


@pytest.mark.parametrize(
    ("connections", "outcomes"),
    [
        (["okta"] * 4, ["created", "known", "known", "known"]),
        (["okta", "okta", "entra", "entra"], ["created", "known", "known", "merged"]),
    ],
)
def test_200_first_visits_by_processes_make_one_learner_each(url, connections, outcomes):
    """Four processes race for each of fifty people, by one connection or by two that recognise them."""
    for visits in raced(url, connections):
        assert len({learner for _, learner in visits}) == 1
        assert sorted(outcome for outcome, _ in visits) == outcomes
