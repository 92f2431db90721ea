"""The JSON Schema says of results what the parser says, and nothing else."""

import copy
import json
from pathlib import Path

import pytest
from any_result import results
from hypothesis import assume, example, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from passback import InvalidResult, canonical, parse_result, result_schema

COMMITTED = Path(__file__).parents[2] / "docs" / "reference" / "result.schema.json"
SCHEMA = result_schema()
VALIDATOR = Draft202012Validator(SCHEMA)
GOOD = {
    "kind": "completed",
    "at": "2026-11-21T12:00:00Z",
    "learner": {"id": "ada"},
    "activity": {"id": "fire-safety"},
}

junk = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.floats(-2, 2).filter(lambda number: not number.is_integer())
    | st.sampled_from(["", " ", "x", "\u3000", "x" * 1024, "x" * 1025, "completed", "task_started", "done"])
    | st.sampled_from(["PT1M", "PT0.5S", "P1D", "P1DT1.5H", "P", "PT", "P1Y", "P1W", "PT1.5M3S", "-PT1S"])
    | st.sampled_from(["2026-11-21T12:00:00.123456789-05:30", "2026-11-21T12:00:00", "0001-11-21T12:00:00Z"])
    | st.sampled_from(["9999-01-01T00:00:00Z", "2026-11-21", "2026-11-21T24:00:00Z", "noon"])
    | st.sampled_from([[], [1], {}, {"id": "x"}, {"id": ""}, {"raw": 1}, {"total_tasks": 0}])
)  # fmt: skip
FIELDS = sorted({*SCHEMA["properties"], "unheard-of"})
PARTS = {
    "learner": "Learner",
    "activity": "Activity",
    "item": "Item",
    "score": "Score",
    "counters": "Counters",
}


@st.composite
def mutated(draw):
    """Return a valid document in which up to three places are left out, or hold anything."""
    document = copy.deepcopy(json.loads(canonical(draw(results()))))
    for _ in range(draw(st.integers(1, 3))):
        place, names = document, FIELDS
        part = draw(st.none() | st.sampled_from(sorted(PARTS)))
        if part is not None and isinstance(document.get(part), dict):
            place = document[part]
            names = [*SCHEMA["$defs"][PARTS[part]]["properties"], "unheard-of"]
        name = draw(st.sampled_from(names))
        if draw(st.booleans()):
            place[name] = draw(junk)
        else:
            place.pop(name, None)
    return document


def by_schema(document):
    return VALIDATOR.is_valid(document)


def by_parser(document):
    try:
        parse_result(json.dumps(document))
    except InvalidResult:
        return False
    return True


def beyond_a_schema(document):
    """Whether it's about what no schema can say: a score's numbers beside each other, a name twice."""
    score, extensions = document.get("score"), document.get("extensions")
    if isinstance(extensions, dict) and extensions.keys() & document.keys() - SCHEMA["properties"].keys():
        return True
    if not isinstance(score, dict):
        return False
    numbers = [score.get(name) for name in ("min", "raw", "max")]
    numbers = [number for number in numbers if isinstance(number, int | float)]
    return numbers != sorted(set(numbers))


def test_the_committed_schema_is_the_one_that_the_records_make():
    assert json.loads(COMMITTED.read_text(encoding="utf-8")) == SCHEMA


def test_the_schema_is_itself_valid():
    Draft202012Validator.check_schema(SCHEMA)


def test_every_field_is_described():
    records = [SCHEMA, *SCHEMA["$defs"].values()]
    assert all(record["description"] for record in records)
    assert all(field["description"] for record in records for field in record["properties"].values())


@given(results())
def test_the_schema_accepts_whatever_is_valid(result):
    VALIDATOR.validate(json.loads(canonical(result)))


@given(mutated())
@example(GOOD | {"item": None})
@example(GOOD | {"kind": "task_started"})
@example(GOOD | {"kind": "task_started", "item": None})
@example(GOOD | {"kind": ["task_started"]})
@example(GOOD | {"unheard-of": 1})
@example(GOOD | {"learner": {"id": "ada", "unheard-of": 1}})
@example(GOOD | {"counters": {"total_tasks": 10**30}})
def test_what_the_schema_refuses_the_parser_refuses_and_the_other_way_round(document):
    assume(not beyond_a_schema(document))
    assert by_schema(document) == by_parser(document)


@pytest.mark.parametrize(
    "fields",
    [
        {"at": "2026-02-30T12:00:00Z"},
        {"at": "0002-01-01T00:00:00+01:00"},
        {"duration": "P9999999999D"},
        {"score": {"raw": 10**400}},
        {"score": {"raw": 11, "max": 10}},
        {"score": {"min": 10, "max": 10}},
        {"counters": {"total_tasks": 1.0}},
        {"course": 1, "extensions": {"course": 2}},
        {"id": "\ud800"},
        {"course": json.loads("[" * 200 + "]" * 200)},
    ],
    ids=lambda fields: str(fields)[:40],
)
def test_what_a_schema_can_not_say_the_parser_refuses_alone(fields):
    assert by_schema(GOOD | fields)
    assert not by_parser(GOOD | fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"at": "2026-11-21 12:00:00z"},
        {"at": "2026-11-21T12:00:00+0100"},
        {"duration": "pt1m"},
        {"duration": "+PT1M"},
    ],
    ids=str,
)
def test_the_parser_also_takes_times_and_durations_in_looser_spellings(fields):
    assert not by_schema(GOOD | fields)
    assert by_parser(GOOD | fields)
