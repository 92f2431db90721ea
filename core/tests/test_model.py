import json
import time
from datetime import UTC, datetime, timedelta, timezone
from uuid import RFC_4122, UUID

import attrs
import pytest
from any_result import results
from hypothesis import given

from passback import (
    Activity,
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
        ({"started": NOON}, {"started": NOON.astimezone(timezone(timedelta(hours=5, minutes=30)))}),
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
        {"started": NOON},
        {"organisation": "acme"},
    ],
)
def test_other_content_makes_other_bytes(other):
    assert canonical(made(**other)) != canonical(made())


def without_id():
    document = json.loads(canonical(made()))
    del document["id"]
    return parse_result(json.dumps(document))


def test_a_result_without_an_id_gets_one_of_its_own():
    assert without_id().id != without_id().id


def test_an_id_that_is_made_is_a_uuid_of_the_kind_that_all_systems_know_and_grows_with_time(monkeypatch):
    ids = []
    for seconds in range(1_800_000_000, 1_800_000_100):
        monkeypatch.setattr(time, "time_ns", lambda seconds=seconds: seconds * 10**9)
        ids.append(without_id().id)
    assert ids == sorted(ids)
    assert {(UUID(each).version, UUID(each).variant) for each in ids} == {(4, RFC_4122)}


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
