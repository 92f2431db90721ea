"""What other systems tell of learning goes through a result, and its JSON, without loss.

Each pair of functions reads a table of docs/reference/results.md ("Where a field goes") in both directions.
"""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from passback import (
    Activity,
    Counters,
    Item,
    Learner,
    Result,
    ResultKind,
    Score,
    canonical,
    parse_result,
    read_result,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def time(text):
    return datetime.fromisoformat(text)


def written(moment):
    return moment.isoformat().replace("+00:00", "Z")


def told(**members):
    return {name: value for name, value in members.items() if value is not None}


# TIQ Software: six events, eight values. Its templates have no value for the scene, task or badge.

TIQ_EVENTS = {
    "course_started": ResultKind.STARTED,
    "course_completed": ResultKind.COMPLETED,
    "scene_entered": ResultKind.SCENE_ENTERED,
    "task_started": ResultKind.TASK_STARTED,
    "task_completed": ResultKind.TASK_COMPLETED,
    "badge_awarded": ResultKind.BADGE_AWARDED,
}
TIQ_COUNTERS = {
    "awards_total": "total_awards",
    "awards_unlocked": "awards_unlocked",
    "tasks_total": "total_tasks",
    "tasks_completed": "tasks_completed",
}


def from_tiq(body):
    kind = TIQ_EVENTS[body["event"]]
    return Result(
        kind=kind,
        learner=Learner(id=body["user"]),
        activity=Activity(id=body["course"]),
        item=Item(id="unnamed") if kind.concerns_item else None,
        at=time(body["last_activity"]),
        started=EPOCH + timedelta(milliseconds=body["course_started_ms"]),
        score=Score(raw=body["score"]),
        progress=body["percent_complete"],
        counters=Counters(**{name: body[key] for key, name in TIQ_COUNTERS.items()}),
        extensions={"tiq": {"sent_at": body["sent_at"]}},
    )


def to_tiq(result):
    return {
        "event": next(event for event, kind in TIQ_EVENTS.items() if kind is result.kind),
        "user": result.learner.id,
        "course": result.activity.id,
        "last_activity": written(result.at),
        "course_started_ms": (result.started - EPOCH) // timedelta(milliseconds=1),
        "score": result.score.raw,
        "percent_complete": result.progress,
        **{key: getattr(result.counters, name) for key, name in TIQ_COUNTERS.items()},
        "sent_at": result.extensions["tiq"]["sent_at"],
    }


def tiq(event):
    return {
        "event": event, "user": "E-1001", "course": "crane-1", "sent_at": "2025-01-02T03:04:05Z",
        "last_activity": "2025-01-02T03:04:04Z", "course_started_ms": 1735786800000, "score": 70,
        "percent_complete": 0.5, "awards_total": 4, "awards_unlocked": 2, "tasks_total": 10,
        "tasks_completed": 5,
    }  # fmt: skip


# StackOne: completions.

PASS = {"Pass": ResultKind.PASSED, "Fail": ResultKind.FAILED}


def from_stackone(user, body):
    result = body.get("result", {})
    own = told(
        learning_object_id=body.get("learning_object_id"),
        source_value=result.get("source_value"),
        passthrough=body.get("passthrough"),
    )
    return Result(
        kind=PASS.get(result.get("value"), ResultKind.COMPLETED),
        learner=Learner(id=user),
        activity=Activity(id=body["learning_object_external_reference"]),
        at=time(body["completed_at"]),
        completion=True,
        duration=msgspec.convert(body["time_spent"], timedelta) if "time_spent" in body else None,
        extensions={"stackone": own} if own else {},
    )


def to_stackone(result):
    own = result.extensions.get("stackone", {})
    value = next((value for value, kind in PASS.items() if kind is result.kind), None)
    outcome = told(value=value, source_value=own.get("source_value"))
    return result.learner.id, told(
        completed_at=written(result.at),
        learning_object_external_reference=result.activity.id,
        learning_object_id=own.get("learning_object_id"),
        result=outcome or None,
        time_spent=None if result.duration is None else msgspec.to_builtins(result.duration),
        passthrough=own.get("passthrough"),
    )


STACKONE = {
    "completed_at": "2025-01-02T03:04:05Z",
    "learning_object_external_reference": "ladder-1",
    "learning_object_id": "c28x-1",
    "result": {"value": "Pass", "source_value": {"grade": "A"}},
    "time_spent": "PT750S",
    "passthrough": {"userGuid": "7c3f", "sessionToken": "t"},
}


# GO1: enrollments, as they are read. A result has a time, which an enrollment has by its last step.

GO1_OWN = (
    "parent_enrolment_id", "enrollment_type", "assigner_account_id", "assign_date", "created_time",
    "updated_time", "due_date",
)  # fmt: skip
GO1_STATUS = {"not-started": (ResultKind.PROGRESSED, 0.0), "in-progress": (ResultKind.PROGRESSED, None),
              "completed": (ResultKind.COMPLETED, None)}  # fmt: skip


def from_go1(body):
    kind, progress = GO1_STATUS[body["status"]]
    return Result(
        id=body["id"],
        kind=kind,
        progress=progress,
        learner=Learner(id=body["user_account_id"]),
        activity=Activity(id=body["lo_id"]),
        at=time(body["end_date"] or body["updated_time"]),
        started=time(body["start_date"]) if body["start_date"] else None,
        score=None if body["result"] is None else Score(raw=body["result"], min=0, max=100),
        success=body["pass"],
        extensions={"go1": {name: body[name] for name in GO1_OWN}},
    )


def to_go1(result):
    status = next(status for status, told in GO1_STATUS.items() if told == (result.kind, result.progress))
    return {
        "id": result.id,
        "user_account_id": result.learner.id,
        "lo_id": result.activity.id,
        "status": status,
        "result": result.score and int(result.score.raw),
        "pass": result.success,
        "start_date": result.started and written(result.started),
        "end_date": written(result.at) if status == "completed" else None,
        **result.extensions["go1"],
    }


def go1(**changes):
    return {
        "id": "9001", "parent_enrolment_id": None, "enrollment_type": "assigned", "user_account_id": "501",
        "assigner_account_id": "502", "assign_date": "2025-01-01T00:00:00Z", "lo_id": "777",
        "created_time": "2025-01-01T00:00:01Z", "updated_time": "2025-01-02T03:04:06Z",
        "status": "completed", "result": 90, "pass": True, "start_date": "2025-01-02T03:00:00Z",
        "end_date": "2025-01-02T03:04:05Z", "due_date": "2025-02-01T00:00:00Z",
    } | changes  # fmt: skip


def kept(result):
    """Return `result` as the outbox, and another host's JSON, give it back."""
    again = read_result(canonical(result))
    assert parse_result(canonical(result)) == again == result
    return again


@pytest.mark.parametrize("event", TIQ_EVENTS)
def test_every_event_of_tiq_is_a_result_with_all_its_values(event):
    assert to_tiq(kept(from_tiq(tiq(event)))) == tiq(event)


@pytest.mark.parametrize(
    "body",
    [
        STACKONE,
        STACKONE | {"result": {"value": "Fail", "source_value": 12}},
        STACKONE | {"result": {"source_value": "n/a"}},
        {name: STACKONE[name] for name in ("completed_at", "learning_object_external_reference")},
    ],
)
def test_a_completion_of_stackone_is_a_result_with_all_that_it_says(body):
    assert to_stackone(kept(from_stackone("c28x", body))) == ("c28x", body)


@pytest.mark.parametrize(
    "body",
    [
        go1(),
        go1(**{"pass": False}, result=12, due_date=None),
        go1(**{"pass": None}, result=None, enrollment_type="self-directed", assigner_account_id=None),
        go1(**{"pass": None}, result=None, status="in-progress", end_date=None),
        go1(**{"pass": None}, result=None, status="not-started", end_date=None, start_date=None),
    ],
)
def test_an_enrollment_of_go1_is_a_result_with_all_its_fields(body):
    assert to_go1(kept(from_go1(body))) == body
