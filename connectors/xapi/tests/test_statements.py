"""From a result to its statement and back: valid under every policy, the same fact, always the same."""

import json
from datetime import datetime, timedelta, timezone
from uuid import UUID

import attrs
import msgspec
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from passback import Activity, Counters, Item, Learner, Result, ResultKind, Score, canonical, read_result
from passback_xapi import ActorPolicy, UnknownActor, XapiOptions, from_statement, to_statement
from passback_xapi.actors import actor
from passback_xapi.endpoint import is_iri
from passback_xapi.sandbox import body, validation
from passback_xapi.statements import statement_id

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
uuids = st.uuids().map(str)
related = st.lists(iris.filter(is_iri), min_size=1, max_size=2)
contexts = st.fixed_dictionaries(
    {"registration": uuids},
    optional={
        "contextActivities": st.dictionaries(
            st.sampled_from(["parent", "grouping", "category", "other"]), related, min_size=1
        ),
        "revision": st.text(max_size=9),
        "platform": st.text(max_size=9),
        "language": st.sampled_from(["en", "de-CH"]),
        "statement": uuids,
        "extensions": st.dictionaries(iris.filter(is_iri), anything, min_size=1, max_size=2),
    },
)
kept = st.fixed_dictionaries({}, optional={"response": st.text(max_size=9), "context": contexts})


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
    moments = st.datetimes(datetime(1970, 1, 3), datetime(9998, 12, 29))  # noqa: DTZ001 - the zone follows
    made = Result(
        id=draw(ids),
        kind=kind,
        organisation=draw(st.sampled_from(["default", "acme"])),
        at=draw(moments).replace(tzinfo=zone),
        learner=draw(learners),
        activity=Activity(id=draw(ids), name=draw(names)),
        item=Item(id=draw(ids), name=draw(names)) if kind.concerns_item else None,
        score=draw(st.none() | scores()),
        success=draw(st.none() | st.booleans()),
        completion=draw(st.none() | st.booleans()),
        started=draw(st.none() | moments.map(lambda at: at.replace(tzinfo=zone))),
        progress=draw(shares),
        duration=draw(st.none() | st.timedeltas(timedelta(), timedelta(days=10**6))),
        counters=draw(st.none() | counters),
        extensions=draw(st.dictionaries(st.text(max_size=20) | iris, anything, max_size=3))
        | draw(st.just({}) | st.fixed_dictionaries({"xapi": kept | anything})),
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
        return json.loads(msgspec.json.encode(to_statement(result, policy)))
    except UnknownActor:
        return None


@settings(max_examples=100, deadline=None)
@given(results(), policies)
def test_every_statement_is_valid_in_both_editions(result, policy):
    if (made := said(result, policy)) is not None:
        content = body.parsed(json.dumps(made).encode())
        validation.statement(content, "1.0")
        validation.statement(content, "2.0")


@settings(max_examples=100, deadline=None)
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
    known = outcome.get("extensions", {})
    own = [value for value in (result.progress, result.started, *_counts(result)) if value is not None]
    others = {key: value for key, value in result.extensions.items() if key != "xapi"}
    assert len(known) - len(own) in {len(others), len(result.extensions)}
    assert all(value in known.values() for value in others.values())


def _counts(result):
    counters = result.counters or Counters()
    return counters.total_awards, counters.awards_unlocked, counters.total_tasks, counters.tasks_completed


@settings(max_examples=100, deadline=None)
@given(results(), policies)
def test_the_same_result_gives_the_same_statement_wherever_its_clock_stands(result, policy):
    again = attrs.evolve(result, at=result.at.astimezone(timezone(timedelta(hours=5))))
    made = said(result, policy)
    assert said(again, policy) == made
    assert made is None or made["id"] == statement_id(result) == str(UUID(made["id"]))


def carried(result, learner):
    """Return `result` as far as a statement carries it; the list in docs/explanation/xapi.md."""
    progress = result.progress
    score, counters = result.score, result.counters
    return attrs.evolve(
        result,
        id=statement_id(result),
        at=to_the(timedelta(milliseconds=1), result.at),
        started=result.started and to_the(timedelta(milliseconds=1), result.started),
        learner=learner,
        activity=attrs.evolve(result.activity, name=result.activity.name or None),
        item=result.item and attrs.evolve(result.item, name=result.item.name or None),
        score=None if score == Score() else score,
        counters=None if counters == Counters() else counters,
        success={"passed": True, "failed": False}.get(result.kind, result.success),
        completion=True if result.kind == "completed" else result.completion,
        progress=progress and (1.0 if progress == 1 else min(99, int(round(progress * 100, 6))) / 100),
        duration=result.duration and result.duration - result.duration % timedelta(milliseconds=10),
    )


def to_the(step, moment):
    return moment - (moment - datetime.fromtimestamp(0, moment.tzinfo)) % step


def identified(made, policy):
    agent, name = made["actor"], made["actor"].get("name")
    match policy.actor:
        case "account":
            return Learner(id=agent["account"]["name"], name=name)
        case "openid":
            return Learner(id=agent["openid"], openid=agent["openid"], name=name)
        case "mbox_sha1sum":
            return Learner(id=agent["mbox_sha1sum"], name=name)


@settings(max_examples=100, deadline=None)
@given(results(), policies)
def test_what_we_say_comes_back_as_the_same_result_as_far_as_a_statement_carries_it(result, policy):
    made = said(result, policy)
    assume(made is not None and made["actor"].get("account", {"name": "-"})["name"].strip())
    back = from_statement(
        made,
        activity_base=policy.activity_base,
        home_page=policy.home_page,
        organisation=result.organisation,
    )
    learner = identified(made, policy)
    if learner is None:
        learner = back.learner
        assert learner.id == learner.email
        assert msgspec.json.decode(actor(learner, policy)) == made["actor"]
    assert back == carried(result, learner)


@settings(max_examples=100, deadline=None)
@given(results(), policies, st.builds(Learner, id=addresses, name=names))
def test_what_came_back_gives_the_same_statement_again(result, policy, learner):
    policy = policy.model_copy(update={"actor": ActorPolicy.MBOX})
    made = said(attrs.evolve(result, learner=learner), policy)
    back = from_statement(made, activity_base=policy.activity_base, organisation=result.organisation)
    assert said(back, policy) == made
