"""The whole way, over real LRSs: from a configuration file to statements that a second reader finds."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

import attrs
import pytest

from passback import Activity, Counters, Item, Learner, Passback, Result, ResultKind, Score, State
from passback_testbed import LearningLocker, Ralph, walk
from passback_testbed.install import install_learning_locker, install_ralph
from passback_testbed.places import workspace

# The first of them may have to install the server.
pytestmark = pytest.mark.timeout(600)

NAMESPACE = UUID(int=7)
START = datetime(2026, 11, 2, 8, 0, 0, 123000, tzinfo=UTC)
COURSE = "https://content.example.com/courses/ladder-1"
VERBS = {
    "started": "initialized",
    "progressed": "progressed",
    "completed": "completed",
    "passed": "passed",
    "failed": "failed",
    "scene_entered": "experienced",
    "task_started": "initialized",
    "task_completed": "completed",
    "badge_awarded": "earned",
}
CONFIG = """
store = "{store}"

[connections.lrs]
connector = "xapi"
contact = "lms-admin@example.com"

[connections.lrs.options]
url = "{url}"
key = "{key}"
secret = {{ env = "REAL_LRS_SECRET" }}

[connections.lrs.network]
allow_http = true
allow = ["127.0.0.0/8"]

[connections.lrs.sending]
linger = 0.05
first_probe = 0.2
longest_probe = 0.5
"""


@pytest.fixture(scope="module", params=[Ralph, LearningLocker], ids=lambda server: server.name)
def lrs(request, tmp_path_factory):
    home = workspace() / ".testbed"
    {Ralph: install_ralph, LearningLocker: install_learning_locker}[request.param](home)
    with request.param(tmp_path_factory.mktemp("lrs"), home=home) as server:
        yield server


@pytest.fixture
def configured(lrs, tmp_path, monkeypatch):
    """Write a configuration for the LRS; return where it is."""

    def configure(store="passback.db", secret=lrs.secret):
        monkeypatch.setenv("REAL_LRS_SECRET", secret)
        path = tmp_path / "passback.toml"
        path.write_text(CONFIG.format(store=store, url=lrs.url, key=lrs.key), "utf-8")
        return path

    return configure


def made(space, n):
    """Make the n-th of results of all kinds; in another space the same, with other ids."""
    kind = list(ResultKind)[n % len(ResultKind)]
    return Result(
        id=str(uuid5(NAMESPACE, f"{space} {n}")),
        kind=kind,
        at=START + timedelta(seconds=n, milliseconds=n),
        learner=Learner(id=f"learner{n % 5}@example.com", name=f"Zoë Ñandú {n % 5} 学"),
        activity=Activity(id=COURSE, name="Ladder safety 梯子"),
        item=Item(id=f"item {n}/ä", name="It") if kind.concerns_item else None,
        score=Score(raw=n, min=0, max=100, scaled=n / 100) if n % 2 else None,
        completion=True if n % 3 == 0 else None,
        progress=n / 100 if n % 4 else None,
        duration=timedelta(seconds=n * 7.25) if n % 5 else None,
        counters=Counters(total_tasks=9, tasks_completed=n % 9) if n % 7 == 0 else None,
        extensions={"attempt no": n, "https://lms.example.com/x": {"deep": [None, "é", 1.5]}}
        if n % 6 == 0
        else {},
    )


def deliver(config, results):
    """Deliver `results`; return what Passback says of each, by result id."""

    async def delivered():
        async with Passback.from_file(config) as pb:
            await pb.submit_many(results)
            assert await pb.drain(60)
            return {state.result_id: state for state in await pb.deliveries(limit=1000)}

    return asyncio.run(delivered())


def held(lrs):
    listed = list(walk(lrs.url, lrs.key, lrs.secret))
    found = {statement["id"]: statement for statement in listed}
    assert len(found) == len(listed), "a statement is there twice"
    return found


def facts(result):
    """Return what a reader must find of `result`, without the connector's help."""
    score = {name: getattr(result.score, name, None) for name in ("scaled", "raw", "min", "max")}
    return {
        "verb": VERBS[result.kind],
        "actor": f"mailto:{result.learner.id}",
        "name": result.learner.name,
        "at": result.at,
        "score": {name: value for name, value in score.items() if value is not None},
        "success": {"passed": True, "failed": False}.get(result.kind, result.success),
        "completion": True if result.kind == "completed" else result.completion,
        "course": COURSE,
        "title": "It" if result.item else result.activity.name,
        "extensions": sorted(
            str(value)
            for value in (
                *([] if result.progress is None else [int(round(result.progress * 100, 6))]),
                *([9, result.counters.tasks_completed] if result.counters else []),
                *result.extensions.values(),
            )
        ),
        "timed": result.duration is not None,
    }


def found(statement):
    """Return the same of a statement as an LRS lists it."""
    outcome, target = statement.get("result", {}), statement["object"]
    parents = statement.get("context", {}).get("contextActivities", {}).get("parent", [target])
    return {
        "verb": statement["verb"]["id"].rsplit("/", 1)[-1],
        "actor": statement["actor"]["mbox"],
        "name": statement["actor"]["name"],
        "at": datetime.fromisoformat(statement["timestamp"]),
        "score": outcome.get("score", {}),
        "success": outcome.get("success"),
        "completion": outcome.get("completion"),
        "course": parents[0]["id"],
        "title": target["definition"]["name"]["en"],
        "extensions": sorted(str(value) for value in outcome.get("extensions", {}).values()),
        "timed": "duration" in outcome,
    }


def test_results_of_all_kinds_arrive_once_and_as_they_were_and_a_second_time_changes_nothing(lrs, configured):
    results = [made("all", n) for n in range(63)]
    states = deliver(configured(), results)
    assert {state.state for state in states.values()} == {"delivered"}
    there = held(lrs)
    for result in results:
        assert found(there[result.id]) == facts(result)
    again = deliver(configured("another.db"), results)
    assert {state.state for state in again.values()} == {"delivered"}
    assert len(again) == len(results)
    assert held(lrs) == there


def test_a_host_that_sends_more_later_adds_what_is_new(lrs, configured):
    first, all_of_them = [made("more", n) for n in range(10)], [made("more", n) for n in range(30)]
    deliver(configured(), first)
    before = held(lrs)
    states = deliver(configured("another.db"), all_of_them)
    assert {state.state for state in states.values()} == {"delivered"}
    after = held(lrs)
    assert after.keys() - before.keys() == {result.id for result in all_of_them[10:]}
    assert {key: after[key] for key in before} == before


def test_a_wrong_secret_is_a_server_error_and_everything_waits_until_it_is_right(lrs, configured):
    results = [made("secret", n) for n in range(20)]

    async def refused():
        async with Passback.from_file(configured(secret="not-it")) as pb:
            await pb.submit_many(results)
            async with asyncio.timeout(30):
                while (await pb.totals()).connections[0].health != "server error":
                    await asyncio.sleep(0.05)
            outcome = await pb.check("lrs")
            return await pb.totals(), outcome

    totals, outcome = asyncio.run(refused())
    assert totals.count(State.PENDING) + totals.connections[0].counts.get("sending", 0) == len(results)
    assert "credentials" in totals.connections[0].detail
    assert "credentials" in str(outcome.error)
    assert "not-it" not in f"{totals} {outcome}"
    assert not held(lrs).keys() & {result.id for result in results}
    states = deliver(configured(), [])
    assert {state.state for state in states.values()} == {"delivered"}
    assert held(lrs).keys() >= {result.id for result in results}


# Hosts accept both as mailboxes; each of these LRSs refuses one of them, with the whole batch.
DISLIKED = {LearningLocker.name: "wow!@example.com", Ralph.name: "ana@ladder.test"}


def test_the_one_result_that_the_lrs_refuses_is_rejected_alone(lrs, configured):
    results = [made("refused", n) for n in range(40)]
    bad = results[23] = attrs.evolve(results[23], learner=Learner(id=DISLIKED[lrs.name], name="Wow"))
    states = deliver(configured(), results)
    assert [key for key, state in states.items() if state.state != "delivered"] == [bad.id]
    assert states[bad.id].state == "rejected"
    assert "mbox" in states[bad.id].reason
    assert held(lrs).keys() & states.keys() == states.keys() - {bad.id}
