"""Many first visits of one person at once, by processes rather than tasks, make one learner."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROCESSES, PEOPLE = 4, 50

VISIT = """
import asyncio, json, sys
from datetime import UTC, datetime
from pathlib import Path
from passback import Assertion
from passback.identity.linking import Claim, LinkPolicy, Merge, decide, map_profile
from passback.store import Store
from passback.store.engines import DatabaseURL

place, people = sys.argv[1], int(sys.argv[2])
NOW = datetime(2026, 11, 22, tzinfo=UTC)


def claim(subject):
    said = Assertion(issuer="https://idp.example", subject=subject, attributes={"email": ("ana@x.example",)})
    profile = map_profile(said, {})
    return Claim(connection="okta", organisation="acme", assertion=said, profile=profile, policy=LinkPolicy())


async def visit():
    store = Store(DatabaseURL(place) if "://" in place else Path(place))
    await store.open()
    print("ready", flush=True)
    sys.stdin.readline()
    decided = [await store.run(decide, claim(str(number)), NOW) for number in range(people)]
    await store.close()
    print(json.dumps([[each.outcome, each.learner.id] for each in decided]))


asyncio.run(visit())
"""


@pytest.fixture
def url(place):
    return str(place) if isinstance(place, Path) else place.url


def test_200_first_visits_by_processes_make_one_learner_each(url):
    """Four processes race for each of fifty people."""
    running = [
        subprocess.Popen(
            [sys.executable, "-c", VISIT, url, str(PEOPLE)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(PROCESSES)
    ]
    for each in running:
        assert each.stdout.readline() == "ready\n"
    for each in running:
        each.stdin.write("go\n")
        each.stdin.flush()
    came = [json.loads(each.communicate(timeout=60)[0]) for each in running]
    for visits in zip(*came, strict=True):
        assert len({learner for _, learner in visits}) == 1
        assert sorted(outcome for outcome, _ in visits) == ["created", "known", "known", "known"]
