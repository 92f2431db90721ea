"""From a result to its statement: valid under every policy, the same fact, always the same."""

import json
from datetime import datetime, timedelta, timezone
from uuid import UUID

import attrs
import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from passback import Activity, Counters, Item, Learner, Result, ResultKind, Score, canonical, read_result
from passback_xapi import XapiOptions
from passback_xapi.actors import UnknownActor
from passback_xapi.sandbox import body, validation
from passback_xapi.statements import statement, statement_id

ADL = "http://adlnet.gov/expapi/verbs/"
VERBS = {
    "started": f"{ADL}initialized",
    "progressed": f"{ADL}progressed",
    "completed": f"{ADL}completed",
    "passed": f"{ADL}passed",
    "failed": f"{ADL}failed",
    "scene_entered": f"{ADL}experienced",
    "task_started": f"{ADL}initialized",
    "task_completed": f"{ADL}completed",
    "badge_awarded": "http://id.tincanapi.com/verb/earned",
}

filled = st.text(min_size=1, max_size=30).filter(str.strip)
iris = st.builds("{}{}".format, st.sampled_from(["https://a.example/", "urn:b:", "x-y+z.1:"]), filled)
ids = filled | st.uuids().map(str) | iris
names = st.none() | st.text(max_size=20)
addresses = st.emails() | st.sampled_from(
    ["zoë+a%b&c=d/e?f#g@example.com", "o'hara@exämple.com", "{|}`^~@a.bc"]
)
learners = st.builds(
    Learner,
    id=ids | addresses,
    email=st.none() | filled | addresses,
    name=names,
    username=names,
    external_id=names,
    openid=st.none() | iris | filled,
)
numbers = st.floats(-1e9, 1e9)
shares = st.none() | st.floats(0, 1)
counts = st.none() | st.integers(0, 10**6)
counters = st.builds(
    Counters, total_awards=counts, awards_unlocked=counts, total_tasks=counts, tasks_completed=counts
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-1e300, 1e300) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def scores(draw):
    low, high = draw(st.tuples(numbers, numbers).filter(lambda pair: pair[0] < pair[1]))
    chosen = {
        "raw": draw(st.floats(low, high)),
        "min": low,
        "max": high,
        "scaled": draw(st.floats(-1, 1)),
    }
    return Score(**{name: chosen[name] for name in draw(st.sets(st.sampled_from(sorted(chosen))))})


@st.composite
def results(draw):
    kind = draw(st.sampled_from(ResultKind))
    zone = timezone(timedelta(minutes=draw(st.integers(-14 * 60, 14 * 60))))
    moments = st.datetimes(datetime(1970, 1, 3), datetime(9999, 12, 29))  # noqa: DTZ001 - the zone follows
    made = Result(
        id=draw(ids),
        kind=kind,
        at=draw(moments).replace(tzinfo=zone),
        learner=draw(learners),
        activity=Activity(id=draw(ids), name=draw(names)),
        item=Item(id=draw(ids), name=draw(names)) if kind.concerns_item else None,
        score=draw(st.none() | scores()),
        success=draw(st.none() | st.booleans()),
        completion=draw(st.none() | st.booleans()),
        progress=draw(shares),
        duration=draw(st.none() | st.timedeltas(timedelta(), timedelta(days=10**6))),
        counters=draw(st.none() | counters),
        extensions=draw(st.dictionaries(st.text(max_size=20) | iris, anything, max_size=3)),
    )
    # What a delivery carries is what the outbox kept.
    return read_result(canonical(made))


def options(**more):
    return XapiOptions(url="https://lrs.example.com/xapi/", key="k", secret="s", **more)


policies = st.builds(
    options,
    actor=st.sampled_from(["mbox", "mbox_sha1sum", "account", "openid"]),
    home_page=st.just("https://hr.example.com"),
    account_name=st.sampled_from(["id", "username", "external_id"]),
    send_names=st.booleans(),
    activity_base=st.sampled_from([None, "https://lms.example.com/activities/", "urn:x-lms:"]),
    language=st.sampled_from(["en", "de-CH", "zh-Hant-TW"]),
)


def said(result, policy):
    """Return the statement as the LRS reads it, None where the policy can't identify the learner."""
    try:
        return json.loads(msgspec.json.encode(statement(result, policy)))
    except UnknownActor:
        return None


@settings(max_examples=200, deadline=None)
@given(results(), policies)
def test_every_statement_is_valid_in_both_editions(result, policy):
    if (made := said(result, policy)) is not None:
        content = body.parsed(json.dumps(made).encode())
        validation.statement(content, "1.0")
        validation.statement(content, "2.0")


@settings(max_examples=200, deadline=None)
@given(results(), policies)
def test_the_statement_keeps_the_fact(result, policy):
    made = said(result, policy)
    if made is None:
        return
    outcome = made.get("result", {})
    score = result.score or Score()
    wanted = {"scaled": score.scaled, "raw": score.raw, "min": score.min, "max": score.max}
    assert made["verb"]["id"] == VERBS[result.kind]
    assert outcome.get("score", {}) == {name: value for name, value in wanted.items() if value is not None}
    assert outcome.get("success") == {"passed": True, "failed": False}.get(result.kind, result.success)
    assert outcome.get("completion") == (True if result.kind == "completed" else result.completion)
    late = result.at - datetime.fromisoformat(made["timestamp"])
    assert timedelta() <= late < timedelta(milliseconds=1)
    assert made["timestamp"].endswith("Z")
    assert len(made["timestamp"]) == len("2026-11-21T09:30:00.000Z")
    kept = outcome.get("extensions", {})
    own = [value for value in (result.progress, *_counts(result)) if value is not None]
    assert len(kept) == len(result.extensions) + len(own)
    assert all(value in kept.values() for value in result.extensions.values())


def _counts(result):
    counters = result.counters or Counters()
    return counters.total_awards, counters.awards_unlocked, counters.total_tasks, counters.tasks_completed


@settings(max_examples=200, deadline=None)
@given(results(), policies)
def test_the_same_result_gives_the_same_statement_wherever_its_clock_stands(result, policy):
    again = attrs.evolve(result, at=result.at.astimezone(timezone(timedelta(hours=5))))
    made = said(result, policy)
    assert said(again, policy) == made
    assert made is None or made["id"] == statement_id(result) == str(UUID(made["id"]))
