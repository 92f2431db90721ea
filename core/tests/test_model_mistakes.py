"""What a host gets wrong is answered with the field and what was expected."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passback import Activity, Counters, InvalidResult, Learner, Result, Score, canonical, parse_result

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
NAIVE = datetime(2026, 11, 21, 12, 0)  # noqa: DTZ001 - a mistake on purpose
GOOD = {
    "kind": "completed",
    "at": "2026-11-21T12:00:00Z",
    "learner": {"id": "ada"},
    "activity": {"id": "fire-safety"},
}


def refusal(document):
    with pytest.raises(InvalidResult) as refused:
        parse_result(document if isinstance(document, (str, bytes)) else json.dumps(document))
    return refused.value


@pytest.mark.parametrize(
    ("fields", "field", "expected"),
    [
        ({"kind": "done"}, "kind", "expected one of started, progressed"),
        ({"kind": 7}, "kind", "expected one of started, progressed"),
        ({"at": "yesterday"}, "at", "RFC3339"),
        ({"at": "2026-13-01T00:00:00Z"}, "at", "RFC3339"),
        ({"at": 1732190400}, "at", "expected `datetime`"),
        ({"at": "2026-11-21T12:00:00"}, "at", "expected a time with a time zone, such as"),
        ({"started": "yesterday"}, "started", "RFC3339"),
        ({"started": "2026-11-21T12:00:00"}, "started", "expected a time with a time zone, such as"),
        ({"started": "9999-11-21T12:00:00Z"}, "started", "every zone can tell, got the year 9999"),
        ({"at": "0002-01-01T00:00:00+01:00"}, "at", "every zone can tell, got the year 2"),
        ({"at": "9998-12-31T23:00:00-01:00"}, "at", "every zone can tell, got the year 9998"),
        ({"organisation": " "}, "organisation", "expected a text that isn't empty"),
        ({"organisation": None}, "organisation", "expected `str`"),
        ({"id": ""}, "id", "expected a text that isn't empty"),
        ({"id": None}, "id", "expected `str`"),
        ({"id": "x" * 1025}, "id", "at most 1024 characters, got 1025"),
        ({"learner": None}, "learner", "expected `object`"),
        ({"learner": {}}, "learner.id", "missing"),
        ({"learner": {"id": " \t"}}, "learner.id", "expected a text that isn't empty"),
        ({"learner": {"id": 7}}, "learner.id", "expected `str`"),
        ({"learner": {"id": "ada", "email": 7}}, "learner.email", "expected `str | null`"),
        ({"activity": {"id": ""}}, "activity.id", "expected a text that isn't empty"),
        ({"kind": "task_started", "item": {"id": ""}}, "item.id", "expected a text that isn't empty"),
        ({"kind": "task_started"}, "item", "expected item.id"),
        ({"item": {"id": "door"}}, "item", "leave item out"),
        ({"score": 7}, "score", "expected `object | null`"),
        ({"score": {"raw": "7"}}, "score.raw", "expected `float | null`"),
        ({"score": {"raw": 10**400}}, "score.raw", "out of range"),
        ({"score": {"scaled": 1.01}}, "score.scaled", "from -1 to 1, got 1.01"),
        ({"score": {"min": 5, "max": 5}}, "score.min", "less than max (5.0), got 5.0"),
        ({"score": {"raw": -1, "min": 0}}, "score.raw", "at least min (0.0), got -1.0"),
        ({"score": {"raw": 11, "max": 10}}, "score.raw", "at most max (10.0), got 11.0"),
        ({"success": "yes"}, "success", "expected `bool | null`"),
        ({"completion": 1}, "completion", "expected `bool | null`"),
        ({"progress": 50}, "progress", "from 0 to 1, got 50.0"),
        ({"progress": True}, "progress", "expected `float | null`"),
        ({"duration": 90}, "duration", "expected `duration | null`"),
        ({"duration": "90 s"}, "duration", "ISO8601"),
        ({"duration": "-PT1S"}, "duration", "0 or more"),
        ({"counters": {"total_tasks": -1}}, "counters.total_tasks", "0 or more"),
        ({"counters": {"total_tasks": 1.5}}, "counters.total_tasks", "expected `int | null`"),
        ({"extensions": []}, "extensions", "expected `object`"),
        ({"extensions": [], "course": 1}, "extensions", "expected an object"),
    ],
)
def test_a_bad_value_in_json_names_its_field_and_what_was_expected(fields, field, expected):
    error = refusal(GOOD | fields)
    assert (error.field, expected in error.problem) == (field, True), error
    assert str(error).startswith(f"{field}: ")


@pytest.mark.parametrize("field", sorted(GOOD))
def test_a_missing_field_is_named(field):
    error = refusal({name: value for name, value in GOOD.items() if name != field})
    assert (error.field, error.problem) == (field, "missing; it is required")


def nested(depth):
    return {"course": json.loads("[" * (depth - 1) + "]" * (depth - 1))}


def test_what_is_kept_may_be_a_hundred_levels_deep():
    result = parse_result(json.dumps(GOOD | nested(100)))
    assert parse_result(canonical(result)) == result


@pytest.mark.parametrize("depth", [101, 500, 900])
def test_what_is_deeper_is_refused_as_it_could_not_be_read_back_everywhere(depth):
    error = refusal(GOOD | nested(depth))
    assert (error.field, "deeper than 100 levels" in error.problem) == ("extensions", True)


@pytest.mark.parametrize(
    "text", ["", "[]", '"completed"', "null", "{", "{'kind': 1}", b"\xff\xfe", "[" * 100_000, '{"at": NaN}']
)
def test_what_is_no_json_object_is_refused_as_such(text):
    error = refusal(text)
    assert error.field == ""
    assert "JSON" in error.problem


@given(st.binary(max_size=60) | st.text(max_size=60))
def test_whatever_a_host_sends_is_a_result_or_an_invalid_result(text):
    with pytest.raises(InvalidResult):
        parse_result(text)


@given(
    st.dictionaries(
        st.sampled_from([*GOOD, "score", "item", "counters", "extensions", "progress", "duration", "id"]),
        st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.none(), max_size=1)
        | st.dictionaries(st.sampled_from(["id", "raw", "max", "total_tasks"]), st.integers() | st.text()),
    )
)  # fmt: skip
def test_whatever_a_field_holds_the_answer_is_a_result_or_an_invalid_result(fields):
    try:
        result = parse_result(json.dumps(GOOD | fields))
    except InvalidResult as error:
        assert error.problem  # noqa: PT017 - either outcome is right
    else:
        assert parse_result(canonical(result)) == result


@pytest.mark.parametrize(
    ("part", "key", "suggestion"),
    [
        ("score", "rawr", "did you mean 'raw'?"),
        ("learner", "e-mail", "did you mean 'email'?"),
        ("learner", "externalId", "did you mean 'external_id'?"),
        ("activity", "nmae", "did you mean 'name'?"),
        ("counters", "task_completed", "did you mean 'tasks_completed'?"),
        ("score", "zzz", "expected one of raw, min, max, scaled"),
    ],
)
def test_an_unknown_field_deeper_down_is_a_spelling_mistake(part, key, suggestion):
    document = GOOD | {part: {**GOOD.get(part, {}), key: 1}}
    error = refusal(document)
    assert error.field == f"{part}.{key}"
    assert suggestion in error.problem


def test_unknown_fields_at_the_top_are_kept_under_extensions():
    result = parse_result(json.dumps(GOOD | {"course": {"id": 7}, "Kind": None, "extensions": {"a": 1}}))
    assert result.extensions == {"course": {"id": 7}, "Kind": None, "a": 1}


def test_nothing_a_host_sends_is_lost_when_the_same_name_stands_twice():
    document = GOOD | {"course": "first", "extensions": {"course": "second"}}
    try:
        kept = parse_result(json.dumps(document)).extensions
    except InvalidResult as error:
        assert "course" in error.field  # noqa: PT017 - refusing loses nothing either
    else:
        assert {"first", "second"} <= set(map(str, kept.values()))


def in_python(**fields):
    base = {"kind": "completed", "at": NOON, "learner": Learner(id="ada"), "activity": Activity(id="c")}
    return canonical(Result(**(base | fields)))


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: in_python(kind="done"), "kind"),
        (lambda: in_python(at=NAIVE), "at"),
        (lambda: in_python(at="2026-11-21T12:00:00Z"), "at"),
        (lambda: in_python(at=datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5)))), "at"),
        (lambda: in_python(at=None), "at"),
        (lambda: in_python(started=NAIVE), "started"),
        (lambda: in_python(started="2026-11-21T12:00:00Z"), "started"),
        (lambda: in_python(id=7), "id"),
        (lambda: in_python(learner="ada"), "learner"),
        (lambda: in_python(learner=Learner(id="ada", email=7)), "learner.email"),
        (lambda: in_python(progress="half"), "progress"),
        (lambda: in_python(progress=float("nan")), "progress"),
        (lambda: in_python(progress=10**400), "progress"),
        (lambda: in_python(duration=90), "duration"),
        (lambda: in_python(success="yes"), "success"),
        (lambda: in_python(extensions=[1]), "extensions"),
        (lambda: in_python(extensions={"a": float("nan")}), "extensions"),
        (lambda: in_python(extensions={"a": object()}), ""),
        (lambda: in_python(id="\ud800"), ""),
        (lambda: in_python(score=Score(raw="7")), "score.raw"),
        (lambda: in_python(score=Score(raw=float("inf"))), "score.raw"),
        (lambda: in_python(score=Score(raw=10**400)), "score.raw"),
        (lambda: in_python(counters=Counters(total_tasks="7")), "counters.total_tasks"),
    ],
)
def test_a_host_that_builds_results_in_python_learns_of_the_same_mistakes(make, field):
    with pytest.raises(InvalidResult) as refused:
        make()
    assert refused.value.field.startswith(field)
