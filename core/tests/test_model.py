import json
from datetime import UTC, datetime, timedelta, timezone

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from passback import (
    Activity,
    Counters,
    InvalidResult,
    Item,
    Learner,
    Result,
    ResultKind,
    Score,
    canonical,
    parse_result,
    read_result,
)

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60).filter(str.strip)
optional_texts = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**62), 2**62)
counts = st.none() | st.integers(0, 2**62)
zones = st.timedeltas(timedelta(hours=-23), timedelta(hours=23)).map(timezone)
times = st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=zones)  # noqa: DTZ001 - zones are added
json_keys = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(json_keys, inner, max_size=3),
    max_leaves=8,
)


@st.composite
def scores(draw):
    low, middle, high = sorted(draw(st.lists(numbers, min_size=3, max_size=3, unique_by=float)), key=float)
    given_values = {"raw": middle, "min": low, "max": high, "scaled": draw(st.floats(-1, 1))}
    wanted = draw(st.sets(st.sampled_from(sorted(given_values))))
    return Score(**{name: given_values[name] for name in wanted})


@st.composite
def results(draw):
    kind = draw(st.sampled_from(ResultKind))
    return Result(
        id=draw(texts),
        kind=kind,
        at=draw(times),
        learner=Learner(
            id=draw(texts),
            **{name: draw(optional_texts) for name in ("email", "name", "username", "external_id", "openid")},
        ),
        activity=Activity(id=draw(texts), name=draw(optional_texts)),
        item=Item(id=draw(texts), name=draw(optional_texts)) if kind.concerns_item else None,
        score=draw(st.none() | scores()),
        success=draw(st.none() | st.booleans()),
        completion=draw(st.none() | st.booleans()),
        progress=draw(st.none() | st.floats(0, 1) | st.sampled_from([0, 1])),
        duration=draw(st.none() | st.timedeltas(timedelta())),
        counters=draw(
            st.none() | st.builds(Counters, **dict.fromkeys([f.name for f in attrs.fields(Counters)], counts))
        ),
        extensions=draw(st.dictionaries(json_keys, json_values, max_size=4)),
    )


def made(**fields):
    given_fields = {
        "id": "r-1",
        "kind": "completed",
        "at": NOON,
        "learner": Learner(id="ada"),
        "activity": Activity(id="fire-safety"),
    }
    return Result(**(given_fields | fields))


@given(results())
def test_whatever_is_valid_comes_back_from_the_outbox_as_it_went_in(result):
    assert read_result(canonical(result)) == result


@given(results())
def test_a_host_may_submit_what_the_outbox_keeps(result):
    assert parse_result(canonical(result)) == result


@given(results())
def test_canonical_bytes_are_the_same_each_time_and_after_each_reading(result):
    body = canonical(result)
    assert canonical(read_result(body)) == canonical(result) == body


@pytest.mark.parametrize(
    ("one", "same"),
    [
        ({"progress": 1}, {"progress": 1.0}),
        ({"progress": 0}, {"progress": -0.0}),
        ({"score": Score(raw=7, min=0, max=10)}, {"score": Score(raw=7.0, min=0.0, max=10.0)}),
        ({"at": NOON}, {"at": NOON.astimezone(timezone(timedelta(hours=5, minutes=30)))}),
        ({"at": NOON}, {"at": NOON.replace(tzinfo=timezone(timedelta()))}),
        ({"extensions": {"a": 1, "b": {"c": 2, "d": 3}}}, {"extensions": {"b": {"d": 3, "c": 2}, "a": 1}}),
        ({"extensions": {"a": [1, 2]}}, {"extensions": {"a": (1, 2)}}),
        ({"kind": "passed"}, {"kind": ResultKind.PASSED}),
        ({"duration": timedelta(minutes=1)}, {"duration": timedelta(seconds=60)}),
    ],
)
def test_the_same_content_makes_the_same_bytes(one, same):
    assert canonical(made(**one)) == canonical(made(**same))


@pytest.mark.parametrize(
    "other",
    [
        {"progress": 0.5},
        {"at": NOON + timedelta(microseconds=1)},
        {"learner": Learner(id="Ada")},
        {"extensions": {"a": 1}},
        {"extensions": {"a": "1"}},
        {"completion": False},
    ],
)
def test_other_content_makes_other_bytes(other):
    assert canonical(made(**other)) != canonical(made())


def test_a_result_without_an_id_gets_one_of_its_own():
    first, second = made(), made()
    drop = {"id": None}
    document = json.loads(canonical(first)) | drop
    del document["id"]
    assert parse_result(json.dumps(document)).id != parse_result(json.dumps(document)).id
    assert first.id == second.id == "r-1"


@pytest.mark.parametrize("kind", ResultKind)
def test_an_item_is_given_exactly_for_the_kinds_that_concern_one(kind):
    with pytest.raises(InvalidResult) as refused:
        made(kind=kind, item=None if kind.concerns_item else Item(id="door"))
    assert refused.value.field == "item"
    assert made(kind=kind, item=Item(id="door") if kind.concerns_item else None).kind is kind


@pytest.mark.parametrize(
    ("email", "identifier", "address"),
    [
        ("ada@example.org", "7", "ada@example.org"),
        (None, "ada@example.org", "ada@example.org"),
        ("", "ada@example.org", "ada@example.org"),
        ("not an address", "ada@example.org", "ada@example.org"),
        ("ada@example.org", "eve@example.org", "ada@example.org"),
        ("o'brien+lms@sub.example.co.uk", "7", "o'brien+lms@sub.example.co.uk"),
        ("zoë@exämple.org", "7", "zoë@exämple.org"),
        (None, "7", None),
        ("ada", "7", None),
        ("ada@localhost", "7", None),
        ("ada@example.org\n", "7", None),
        ("ada@example.org\nBcc: eve@example.org", "7", None),
        ("ada@example.org,eve@example.org", "7", None),
        ("Ada <ada@example.org>", "7", None),
        ("ada@eve@example.org", "7", None),
        ("mailto:ada@example.org", "7", None),
        ("ada@example.org.", "7", None),
        (" ada@example.org", "7", None),
        ("ada\x00@example.org", "7", None),
        ("ada\x7f@example.org", "7", None),
    ],
)
def test_an_address_is_the_email_or_an_id_that_is_one_and_nothing_a_mail_header_trips_over(
    email, identifier, address
):
    assert Learner(id=identifier, email=email).address == address


def test_a_result_can_not_be_changed():
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        made().progress = 1.0
