"""What a result becomes on the wire."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from passback import Activity, AlreadyThere, Delivered, Item, Rejected, ResultKind, Score
from passback_stackone.sandbox import Behaviour


@pytest.fixture
def wire(start, made):
    """Send one result; return the body that came, None if none did. The sandbox checks its form."""
    system = start()

    def sent(*, options=None, **more):
        before = len(system.written())
        receipt = system.one(made(**more), **(options or {}))
        assert isinstance(receipt, Delivered)
        bodies = system.written()[before:]
        assert (receipt.remote_id is None) == (not bodies)
        return bodies[0] if bodies else None

    return sent


def test_the_time_is_in_utc_and_milliseconds(wire):
    at = datetime(2026, 1, 1, 1, 2, 3, 999999, timezone(timedelta(hours=5, minutes=30)))
    assert wire(at=at)["completed_at"] == "2025-12-31T19:32:03.999Z"


@pytest.mark.parametrize(
    ("fields", "value"),
    [
        ({"kind": "passed"}, "Pass"),
        ({"kind": "failed"}, "Fail"),
        ({"kind": "completed", "success": True}, "Pass"),
        ({"kind": "completed", "success": False}, "Fail"),
        ({"kind": "passed", "completion": True}, "Pass"),
    ],
)
def test_pass_and_fail_are_told(wire, fields, value):
    assert wire(**fields)["result"] == {"value": value}


def test_what_isnt_known_is_left_out(wire):
    assert set(wire(kind="completed")) == {"learning_object_external_reference", "completed_at"}


@pytest.mark.parametrize(
    ("score", "raw", "percent"),
    [
        (Score(raw=69.5, max=100, scaled=0.695), 69.5, 69.5),
        (Score(raw=9, min=0, max=10), 9, 90),
        (Score(raw=3, min=1, max=5), 3, 50),
        (Score(scaled=0.29), 29, 29),
        (Score(scaled=-0.5), -50, -50),
        (Score(raw=7), 7, None),
        (Score(min=0, max=10), None, None),
        (Score(raw=0, min=-5), 0, None),
        (Score(raw=-1, max=-0.5), -1, None),
    ],
)
def test_the_score_is_points_or_percent(wire, score, raw, percent):
    values = [
        wire(kind="completed", score=score, options={"score": way}).get("result", {}).get("source_value")
        for way in ("raw", "percent", "none")
    ]
    assert values == [raw, percent, None]


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (timedelta(0), "PT0S"),
        (timedelta(milliseconds=1600), "PT2S"),
        (timedelta(hours=1, minutes=30, seconds=45), "PT1H30M45S"),
        (timedelta(days=2, hours=1), "PT49H"),
        (timedelta(minutes=60), "PT1H"),
        (timedelta(days=99999, seconds=61), "PT2399976H1M1S"),
    ],
)
def test_the_time_spent_is_in_iso_8601(wire, duration, text):
    assert wire(duration=duration)["time_spent"] == text


def test_an_activity_is_named_as_the_options_say(wire):
    assert wire(options={"learning_object": "id"})["learning_object_id"] == "ladder-1"
    options = {"learning_object": "id", "learning_objects": {"ladder-1": "e3gd34"}}
    assert wire(options=options)["learning_object_id"] == "e3gd34"
    assert wire(options=options, activity=Activity(id="other"))["learning_object_id"] == "other"


@pytest.mark.parametrize(
    "fields",
    [
        *({"kind": kind, "item": Item(id="x")} for kind in ResultKind if kind.concerns_item),
        {"kind": "started"},
        {"kind": "progressed", "progress": 0.5},
        {"kind": "passed", "completion": False},
        {"kind": "failed", "completion": False},
    ],
)
def test_what_stackone_has_no_place_for_isnt_sent(wire, fields):
    assert wire(**fields) is None
    assert wire(user=None, **fields) is None


@pytest.mark.parametrize(
    ("fields", "progress"),
    [
        ({"kind": "started"}, 0),
        ({"kind": "progressed", "progress": 0.29}, 29),
        ({"kind": "progressed", "progress": 0.999}, 99),
        ({"kind": "progressed", "progress": 1}, 100),
        ({"kind": "progressed"}, 0),
    ],
)
def test_progress_is_an_assignment_where_the_options_say_so(wire, fields, progress):
    body = wire(options={"progress": True}, **fields)
    status = {"value": "in_progress"}
    assert body == {
        "learning_object_external_reference": "ladder-1",
        "progress": progress,
        "status": status,
    }


def test_progress_that_may_be_there_is_looked_for(start, made):
    system = start()
    half = {"kind": "progressed", "progress": 0.5}
    system.one(made(**half), progress=True)
    assert isinstance(system.one(made(attempt=2, **half), progress=True), AlreadyThere)
    assert isinstance(system.one(made(attempt=2, kind="progressed", progress=0.6), progress=True), Delivered)
    assert system.sandbox.completions == []


def test_progress_that_may_be_there_is_sent_again_where_it_cant_be_read(start, made):
    system = start(Behaviour(reads_completions=False))
    receipt = system.one(made(attempt=2, kind="started"), progress=True, when_unsure="hold")
    assert isinstance(receipt, Delivered)


def test_a_system_that_takes_no_progress_stops_no_completion(start, made):
    system = start(replace(Behaviour(), takes_progress=False))
    receipts = system.submit(made(kind="started"), made(2), progress=True)
    assert [type(receipt) for receipt in receipts] == [Rejected, Delivered]
    assert "option progress" in receipts[0].reason
