"""From statements of other programs to results: whatever comes is one, or is refused by its place."""

import copy
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from passback import Activity, Counters, InvalidResult, Item, Learner, Result, Score, canonical, read_result
from passback_xapi import XapiOptions, from_statement, to_statement
from passback_xapi.sandbox import body, validation

ADL = "http://adlnet.gov/expapi/verbs/"
CMI5 = "https://w3id.org/xapi/adl/verbs/"
TYPES = "http://adlnet.gov/expapi/activities/"
ID = "5b0c3d1a-7f0e-4f0b-9a65-0d6f6f1f9a11"
REGISTRATION = "0d9f0a5e-3a3e-4f53-9d1a-6f1f1d8b2c33"
COURSE = "https://content.example.com/courses/ladder-1"
ANA = {"objectType": "Agent", "mbox": "mailto:ana@example.com"}
WHOLE = {
    "id": ID,
    "actor": {"objectType": "Agent", "account": {"homePage": "https://hr.example.com", "name": "E-1001"}},
    "verb": {"id": f"{ADL}completed", "display": {"en": "completed"}},
    "object": {
        "objectType": "Activity",
        "id": COURSE,
        "definition": {"type": f"{TYPES}course", "name": {"en": "Ladder safety"}},
    },
    "result": {
        "score": {"scaled": 0.9, "raw": 9, "min": 0, "max": 10},
        "success": True,
        "completion": True,
        "response": "b[,]c",
        "duration": "PT12M30.25S",
        "extensions": {"https://w3id.org/xapi/cmi5/result/extensions/progress": 100, "urn:x:attempt": None},
    },
    "context": {
        "registration": REGISTRATION,
        "contextActivities": {
            "grouping": {"id": "https://content.example.com/safety"},
            "category": [{"id": "https://w3id.org/xapi/cmi5/context/categories/cmi5"}],
        },
        "revision": "3",
        "platform": "Headset",
        "language": "de-CH",
        "statement": {"objectType": "StatementRef", "id": ID},
        "extensions": {"https://w3id.org/xapi/cmi5/context/extensions/sessionid": "s-1"},
        "instructor": {"mbox": "mailto:ben@example.com"},
        "contextAgents": [{"objectType": "contextAgent", "agent": ANA}],
    },
    "timestamp": "2026-01-02T03:04:05.678Z",
    "stored": "2026-01-02T03:04:06.000Z",
    "version": "1.0.0",
    "authority": {"mbox": "mailto:lrs@example.com"},
}


def options(**more):
    return XapiOptions(url="https://lrs.example.com/xapi/", key="k", secret="s", **more)


def changed(path, value=None):
    """Return WHOLE with `value` at the dotted `path`; without what stands there for None."""
    document = copy.deepcopy(WHOLE)
    *parents, last = path.split("/")
    place = document
    for name in parents:
        place = place.setdefault(name, {})
    if value is None:
        del place[last]
    else:
        place[last] = value
    return document


def with_parent(verb, object_type=None):
    definition = {"type": object_type} if object_type else {}
    return WHOLE | {
        "verb": {"id": verb},
        "object": {"id": "urn:x:part", "definition": definition},
        "context": {"contextActivities": {"parent": [{"id": COURSE}, {"id": "urn:x:programme"}]}},
    }


def test_everything_that_a_statement_tells_of_a_result_has_its_place():
    result = from_statement(WHOLE, home_page="https://hr.example.com", organisation="acme")
    assert result.id == ID
    assert (result.kind, result.organisation) == ("completed", "acme")
    assert result.learner == Learner(id="E-1001")
    assert result.activity == Activity(id=COURSE, name="Ladder safety")
    assert result.at == datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
    assert result.score == Score(raw=9, min=0, max=10, scaled=0.9)
    assert (result.success, result.completion, result.progress) == (True, True, 1.0)
    assert result.duration == timedelta(minutes=12, seconds=30.25)
    assert result.extensions == {
        "urn:x:attempt": None,
        "xapi": {
            "response": "b[,]c",
            "context": {
                "registration": REGISTRATION,
                "contextActivities": {
                    "grouping": ["https://content.example.com/safety"],
                    "category": ["https://w3id.org/xapi/cmi5/context/categories/cmi5"],
                },
                "revision": "3",
                "platform": "Headset",
                "language": "de-CH",
                "statement": ID,
                "extensions": {"https://w3id.org/xapi/cmi5/context/extensions/sessionid": "s-1"},
            },
        },
    }


def test_all_of_it_is_written_where_xapi_wants_it():
    result = read_result(canonical(from_statement(WHOLE, home_page="https://hr.example.com")))
    again = to_statement(result, options(actor="account", home_page="https://hr.example.com"))
    expected = copy.deepcopy(WHOLE)
    # Who else took part, and what an LRS adds, is not the learner's result.
    for name in ("stored", "version", "authority"):
        del expected[name]
    for name in ("instructor", "contextAgents"):
        del expected["context"][name]
    activities = expected["context"]["contextActivities"]
    activities["grouping"] = [{"objectType": "Activity", **activities["grouping"]}]
    activities["category"] = [{"objectType": "Activity", **each} for each in activities["category"]]
    assert again == expected


@pytest.mark.parametrize(
    ("verb", "kind"),
    [
        (f"{ADL}initialized", "started"),
        (f"{ADL}launched", "started"),
        (f"{ADL}attempted", "started"),
        ("http://activitystrea.ms/schema/1.0/start", "started"),
        (f"{ADL}progressed", "progressed"),
        (f"{ADL}experienced", "progressed"),
        (f"{ADL}answered", "progressed"),
        (f"{ADL}terminated", "progressed"),
        (f"{CMI5}abandoned", "progressed"),
        (f"{ADL}completed", "completed"),
        (f"{CMI5}satisfied", "completed"),
        (f"{CMI5}waived", "completed"),
        ("http://activitystrea.ms/schema/1.0/complete", "completed"),
        (f"{ADL}passed", "passed"),
        (f"{ADL}mastered", "passed"),
        (f"{ADL}failed", "failed"),
    ],
)
def test_a_verb_says_the_kind_and_is_kept_where_it_is_another_than_ours(verb, kind):
    result = from_statement(WHOLE | {"verb": {"id": verb}, "actor": ANA})
    assert result.kind == kind
    assert to_statement(result, options())["verb"]["id"] == verb


@pytest.mark.parametrize(
    ("verb", "object_type", "kind"),
    [
        (f"{ADL}experienced", None, "scene_entered"),
        ("http://id.tincanapi.com/verb/viewed", None, "scene_entered"),
        (f"{ADL}answered", f"{TYPES}cmi.interaction", "task_completed"),
        (f"{ADL}initialized", f"{TYPES}interaction", "task_started"),
        (f"{ADL}completed", f"{TYPES}cmi.interaction", "task_completed"),
        ("http://id.tincanapi.com/verb/earned", None, "badge_awarded"),
    ],
)
def test_what_is_said_of_a_part_is_about_an_item_of_its_first_parent(verb, object_type, kind):
    result = from_statement(with_parent(verb, object_type) | {"actor": ANA})
    assert (result.kind, result.item, result.activity) == (kind, Item(id="urn:x:part"), Activity(id=COURSE))
    again = to_statement(result, options())
    assert again["verb"]["id"] == verb
    parents = again["context"]["contextActivities"]["parent"]
    assert [each["id"] for each in parents] == [COURSE, "urn:x:programme"]


@pytest.mark.parametrize("verb", ["completed", "passed", "initialized"])
def test_a_part_that_is_no_task_is_an_activity_of_its_own(verb):
    result = from_statement(with_parent(f"{ADL}{verb}", f"{TYPES}module"))
    assert (result.item, result.activity) == (None, Activity(id="urn:x:part"))
    related = result.extensions["xapi"]["context"]["contextActivities"]
    assert related == {"parent": [COURSE, "urn:x:programme"]}


@pytest.mark.parametrize(
    ("agent", "learner"),
    [
        ({"mbox": "mailto:ana@example.com"}, Learner(id="ana@example.com", email="ana@example.com")),
        ({"mbox": "mailto:ana@xn--fa-hia.de"}, Learner(id="ana@faß.de", email="ana@faß.de")),
        ({"mbox": "mailto:zo%C3%AB@xn--exmple-cua.com"},
         Learner(id="zoë@exämple.com", email="zoë@exämple.com")),
        ({"mbox": "mailto:a%2Bb@example.com"}, Learner(id="a+b@example.com", email="a+b@example.com")),
        ({"mbox_sha1sum": "5807F05D" + "0" * 32}, Learner(id="5807f05d" + "0" * 32)),
        ({"openid": "https://id.example.com/a"},
         Learner(id="https://id.example.com/a", openid="https://id.example.com/a")),
        ({"account": {"homePage": "https://hr.example.com", "name": "E 1"}}, Learner(id="E 1")),
        ({"account": {"homePage": "https://lms.example.com", "name": "E 1"}},
         Learner(id="https://lms.example.com#E%201", external_id="E 1")),
        ({"mbox": "mailto:ana@example.com", "name": "Ana"},
         Learner(id="ana@example.com", email="ana@example.com", name="Ana")),
    ],
)  # fmt: skip
def test_an_actor_becomes_the_learner_whom_its_identifier_names(agent, learner):
    assert from_statement(WHOLE | {"actor": agent}, home_page="https://hr.example.com").learner == learner


def test_what_only_our_statements_hold_comes_back():
    extensions = {
        "urn:x-passback:result:started": "2026-01-01T00:00:00.000Z",
        "urn:x-passback:result:total-tasks": 10.0,
        "urn:x-passback:extension:attempt%20no": 2,
        "urn:x-passback:extension:xapi": "a host's own",
    }
    result = from_statement(
        changed("result/extensions", extensions), activity_base="https://content.example.com/"
    )
    assert result.started == datetime(2026, 1, 1, tzinfo=UTC)
    assert result.counters == Counters(total_tasks=10)
    assert result.extensions["attempt no"] == 2
    assert result.extensions["urn:x-passback:extension:xapi"] == "a host's own"


@pytest.mark.parametrize(
    ("iri", "own"),
    [
        ("urn:x-passback:activity:a%20b", "a b"),
        ("https://lms.example.com/a/ladder-1", "ladder-1"),
        ("https://lms.example.com/a/", "https://lms.example.com/a/"),
        ("https://lms.example.com/a/%20", "https://lms.example.com/a/%20"),
        ("https://lms.example.com/a/b/c", "https://lms.example.com/a/b/c"),
        ("https://lms.example.com/a/urn%3Ax%3Ay", "https://lms.example.com/a/urn%3Ax%3Ay"),
    ],
)
def test_an_id_comes_back_without_its_base_exactly_where_we_would_put_it_there_again(iri, own):
    base = "https://lms.example.com/a/" if iri.startswith("https") else None
    result = from_statement(changed("object/id", iri) | {"actor": ANA}, activity_base=base)
    assert result.activity.id == own
    assert to_statement(result, options(activity_base=base))["object"]["id"] == iri


@pytest.mark.parametrize(
    "kept",
    [
        {"verb": f"{ADL}passed", "response": "b"},
        {"verb": "urn:x:danced"},
        {"context": {"registration": "r-7"}},
        {"context": {"instructor": ANA}},
        {"answer": "b"},
        "b",
        {},
    ],
    ids=str,
)
def test_what_a_host_keeps_in_another_form_goes_as_any_other_extension(kept):
    plain = Result(
        kind="started",
        learner=Learner(id="ana@example.com"),
        activity=Activity(id=COURSE),
        at=datetime(2026, 1, 2, tzinfo=UTC),
        extensions={"xapi": kept},
    )
    made = to_statement(plain, options())
    assert made["verb"]["id"] == f"{ADL}initialized"
    assert made["result"] == {"extensions": {"urn:x-passback:extension:xapi": kept}}
    assert "context" not in made
    assert from_statement(made).extensions == {"xapi": kept}


@pytest.mark.parametrize(
    ("iri", "value"),
    [
        ("https://w3id.org/xapi/cmi5/result/extensions/progress", 33.5),
        ("https://w3id.org/xapi/cmi5/result/extensions/progress", 101),
        ("https://w3id.org/xapi/cmi5/result/extensions/progress", True),
        ("urn:x-passback:result:started", "yesterday"),
        ("urn:x-passback:result:started", "2026-01-01T00:00:00"),
        ("urn:x-passback:result:total-tasks", -1),
        ("urn:x-passback:result:total-tasks", "7"),
        ("urn:x-passback:extension:%zz", 1),
    ],
)
def test_an_extension_that_no_field_can_hold_is_kept_as_it_is(iri, value):
    result = from_statement(changed("result/extensions", {iri: value}))
    assert result.extensions[iri] == value
    assert (result.progress, result.started, result.counters) == (None, None, None)


@pytest.mark.parametrize(
    ("statement", "field", "problem"),
    [
        (None, "", "expected `object`"),
        ([WHOLE], "", "expected `object`, got `array`"),
        ({}, "actor", "missing"),
        (changed("id", "r-1"), "id", "expected a UUID"),
        (changed("actor", "ana"), "actor", "expected `object`"),
        (changed("actor", {"objectType": "Group", "mbox": "mailto:a@example.com"}), "actor", "one person"),
        (changed("actor", {"name": "Ana"}), "actor", "got none"),
        (changed("actor", ANA | {"openid": "urn:x:ana"}), "actor", "got mbox and openid"),
        (changed("actor", {"mbox": "ana@example.com"}), "actor.mbox", "mailto IRI"),
        (changed("actor", {"mbox_sha1sum": "beef"}), "actor.mbox_sha1sum", "40 hexadecimal digits"),
        (changed("actor", {"account": {"homePage": "hr", "name": "E"}}), "actor.account.homePage", "an IRI"),
        (changed("actor", {"account": {"homePage": "urn:x:hr"}}), "actor.account.name", "missing"),
        (changed("verb"), "verb", "missing"),
        (changed("verb", {}), "verb.id", "missing"),
        (changed("verb/id", f"{ADL}voided"), "verb.id", "voids another statement"),
        (changed("verb/id", "urn:x:danced"), "verb.id", "'urn:x:danced' says no kind of result; known"),
        (changed("verb/id", "http://id.tincanapi.com/verb/earned"),
         "context.contextActivities.parent", "missing"),
        (changed("object", {"objectType": "Agent", **ANA}), "object.objectType", "about an Activity"),
        (changed("object", {"objectType": "StatementRef", "id": ID}), "object.objectType", "'StatementRef'"),
        (changed("object", {"objectType": "SubStatement"}), "object.objectType", "got 'SubStatement'"),
        (changed("object/id"), "object.id", "missing"),
        (changed("object/id", "ladder-1"), "object.id", "expected an IRI"),
        (changed("object/id", "urn:x:" + "a" * 1100), "object.id", "at most 1024 characters"),
        (changed("timestamp"), "timestamp", "missing"),
        (changed("timestamp", "yesterday"), "timestamp", "expected a time such as"),
        (changed("timestamp", "2026-02-30T00:00:00Z"), "timestamp", "day is out of range"),
        (changed("timestamp", "2026-01-02T03:04:05"), "timestamp", "time with a time zone"),
        (changed("result", []), "result", "expected `object`"),
        (changed("result/grade", 1), "result.grade", "no such property"),
        (changed("result/success", "yes"), "result.success", "expected `bool`"),
        (changed("result/response", 7), "result.response", "expected `str`"),
        (changed("result/score/raw", "9"), "result.score.raw", "expected `float`"),
        (changed("result/score/raw", 11), "result.score.raw", "at most max (10.0), got 11.0"),
        (changed("result/score/scaled", 90), "result.score.scaled", "from -1 to 1, got 90.0"),
        (changed("result/duration", "P1Y"), "result.duration", "no length of their own"),
        (changed("result/duration", f"P{'9' * 400}W"), "result.duration", "below 1,000,000,000 days"),
        (changed("result/extensions", {"attempt": 1}), "result.extensions", "expected an IRI"),
        (changed("result/extensions", {"urn:x:y": float("nan")}), "result.extensions", "neither NaN"),
        (changed("context/registration", "r-7"), "context.registration", "a UUID"),
        (changed("context/language", "Swiss German"), "context.language", "a language tag"),
        (changed("context/course", "r-7"), "context.course", "no such property"),
        (changed("context/contextActivities/parent", [{"id": "course"}]),
         "context.contextActivities.parent[0].id", "expected an IRI"),
        (changed("moment", "now"), "moment", "no such property"),
    ],
)  # fmt: skip
def test_what_tells_no_result_is_refused_by_the_name_of_its_property(statement, field, problem):
    with pytest.raises(InvalidResult) as refused:
        from_statement(statement)
    assert (refused.value.field, problem in refused.value.problem) == (field, True), refused.value


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("P1W", timedelta(weeks=1)),
        ("P1DT1H1M1.5S", timedelta(days=1, hours=1, minutes=1, seconds=1.5)),
        ("PT90M", timedelta(minutes=90)),
        ("PT0S", timedelta()),
    ],
)
def test_a_length_of_time_is_read_in_any_of_its_forms(text, length):
    assert from_statement(changed("result/duration", text)).duration == length


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(
        [ID, COURSE, "2026-01-02T03:04:05Z", "PT1S", "mailto:@", "urn:x-passback:activity:%20"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "name", "type", "mbox", "account"]) | st.text(max_size=5), inner
        )
    ),
    max_leaves=6,
)
PARTS = {"": WHOLE} | {f"{name}/": WHOLE[name] for name in ("actor", "verb", "object", "result", "context")}
PLACES = [f"{part}{name}" for part, members in PARTS.items() for name in members]


@settings(deadline=None)
@given(anything | st.builds(changed, st.sampled_from(PLACES), anything))
def test_whatever_comes_is_a_result_that_can_be_kept_or_is_refused(statement):
    try:
        result = from_statement(statement)
    except InvalidResult as refused:
        assert refused.problem  # noqa: PT017 - either outcome is right
        return
    kept = read_result(canonical(result))
    assert kept == result
    again = to_statement(kept, options(actor="account", home_page="https://hr.example.com"))
    content = body.parsed(json.dumps(again).encode())
    validation.statement(content, "1.0")
    validation.statement(content, "2.0")
    assert from_statement(again).extensions == result.extensions


def test_what_is_nested_without_end_is_refused():
    deep = json.loads("[" * 500 + "]" * 500)
    with pytest.raises(InvalidResult, match=r"result\.extensions: it is nested deeper"):
        from_statement(changed("result/extensions", {"urn:x:y": deep}))


def test_a_time_is_a_text_however_much_something_else_reads_like_one():
    endless = []
    for _ in range(100_000):
        endless = [endless]
    with pytest.raises(InvalidResult, match=r"result\.extensions: it is nested deeper"):
        from_statement(changed("result/extensions", {"urn:x-passback:result:started": endless}))
