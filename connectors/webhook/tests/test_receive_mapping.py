"""What a platform sends becomes results: by its suggested body alone, or as the configuration maps it."""

from datetime import UTC, datetime
from time import tzset
from urllib.parse import urlencode

import pytest

from passback import Activity, Counters, Item, Learner, ResultKind, Score
from passback_webhook.sandbox import EVENTS, six_events

EVENT = {
    "event": "task_completed",
    "user": "E-1001",
    "course": "crane-1",
    "sent_at": "2025-01-02T03:04:05Z",
    "last_activity": "2025-01-02T03:04:04Z",
    "course_started_ms": 1735786800000,
    "score": 70,
    "percent_complete": 0.5,
    "awards_total": 4,
    "awards_unlocked": 2,
    "tasks_total": 10,
    "tasks_completed": 5,
}
OURS = ["started", *EVENTS[1:5], "completed"]
FORM = "application/x-www-form-urlencoded"
AT = datetime(2025, 1, 2, 3, 4, 4, tzinfo=UTC)


def test_tiqs_suggested_body_needs_no_mapping(gate):
    """Wire facts §7."""
    result = gate().one(EVENT)
    assert result.kind is ResultKind.TASK_COMPLETED
    assert result.learner == Learner(id="E-1001")
    assert result.activity == Activity(id="crane-1")
    assert result.item == Item(id="task")
    assert (result.at, result.started) == (AT, datetime(2025, 1, 2, 3, 0, tzinfo=UTC))
    assert (result.score, result.progress) == (Score(raw=70), 0.5)
    assert result.counters == Counters(total_awards=4, awards_unlocked=2, total_tasks=10, tasks_completed=5)
    assert (result.success, result.completion) == (None, None)


def test_numbers_may_come_as_texts(gate):
    texts = {name: str(value) for name, value in EVENT.items()}
    assert gate().one(texts) == gate().one(EVENT)
    assert gate().one(texts | {"awards_total": " 4.0 "}) == gate().one(EVENT)
    assert gate().one(EVENT | {"user": 1001}).learner.id == "1001"


@pytest.mark.parametrize("style", ["form", "query"])
def test_a_form_or_a_query_says_the_same(gate, style):
    texts = {name: str(value) for name, value in EVENT.items()}
    if style == "form":
        result = gate().one(urlencode(texts).encode(), content_type=FORM)
    else:
        result = gate(items="query").one(b"", method="GET", query=texts.items(), content_type=None)
    assert result == gate().one(EVENT)


@pytest.mark.parametrize(("name", "kind"), list(zip(EVENTS, OURS, strict=True)))
def test_each_of_the_six_events_is_one_of_ours(gate, name, kind):
    assert gate().one(EVENT | {"event": name}).kind == kind


@pytest.mark.parametrize("kind", ResultKind)
def test_our_own_names_are_known_too(gate, kind):
    assert gate().one(EVENT | {"event": str(kind)}).kind is kind


def test_an_event_that_isnt_chosen_is_ignored_or_refused(gate):
    other = EVENT | {"event": "user_seen", "user": None}
    received = gate().send([other, EVENT, other])
    assert (received.status, received.body) == (200, {"accepted": 1, "ignored": 2})
    code, words = gate(others="refuse", events={"done": "completed"}).refusal(other)
    assert (code, words) == (422, "kind: 'user_seen' is none of done")


def test_a_table_says_which_of_ours_an_event_is(gate):
    opened = gate(events={"finished_it": "completed"})
    assert opened.one(EVENT | {"event": "finished_it"}).kind is ResultKind.COMPLETED
    assert opened.send(EVENT).body == {"accepted": 0, "ignored": 1}


MAPPED = {
    "items": "body.batch.entries",
    "events": {"quiz.done": "passed"},
    "result": {
        "id": "sent.ref",
        "kind": "join('.', [body.batch.about, sent.what])",
        "at": "sent.when",
        "started": "sent.began",
        "learner": {
            "id": "lower(sent.person.mail)",
            "email": "sent.person.mail",
            "name": "join(' ', [sent.person.first, sent.person.last])",
            "username": "sent.person.login",
            "external_id": "sent.person.number",
            "openid": "`null`",
        },
        "activity": {"id": 'headers."x-course"', "name": "query.title"},
        "score": {
            "raw": "sent.points",
            "min": "`0`",
            "max": "sent.of",
            "scaled": "divide(sent.points, sent.of)",
        },
        "progress": "divide(sent.percent, `100`)",
        "success": "sent.ok",
        "completion": "sent.done",
        "counters": {"total_tasks": "length(sent.tasks)", "tasks_completed": "length(sent.tasks[?done])"},
    },
}
ENTRY = {
    "ref": 17,
    "what": "done",
    "when": 1735787044,
    "began": "2025-01-02T04:00:00+01:00",
    "person": {"mail": "Ana@example.com", "first": "Ana", "last": "Bell", "login": "ana", "number": 1001},
    "points": 7,
    "of": 10,
    "percent": 100,
    "ok": "true",
    "done": 1,
    "tasks": [{"done": True}, {"done": False}],
}


def test_any_shape_is_mapped_by_expressions(gate):
    body = {"batch": {"about": "quiz", "entries": [ENTRY]}}
    result = gate(**MAPPED).one(body, x_course="crane-1", query=[("title", "Crane safety")])
    assert result.kind is ResultKind.PASSED
    assert result.learner == Learner(
        id="ana@example.com", email="Ana@example.com", name="Ana Bell", username="ana", external_id="1001"
    )
    assert result.activity == Activity(id="crane-1", name="Crane safety")
    assert (result.at, result.started) == (AT, datetime(2025, 1, 2, 3, 0, tzinfo=UTC))
    assert result.score == Score(raw=7, min=0, max=10, scaled=0.7)
    assert (result.progress, result.success, result.completion) == (1.0, True, True)
    assert result.counters == Counters(total_tasks=2, tasks_completed=1)


@pytest.fixture
def elsewhere(monkeypatch):
    """Put this process into another zone."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Pacific/Auckland")
        tzset()
        yield datetime.now().astimezone().utcoffset()
    tzset()


@pytest.mark.parametrize(
    "time",
    [
        "2025-01-02T03:04:04Z",
        "2025-01-02T03:04:04",
        "2025-01-02 03:04:04",
        "2025-01-02T04:04:04+01:00",
        1735787044,
        1735787044.0,
        "1735787044",
        1735787044000,
        "1735787044000",
    ],
)
def test_a_time_is_iso_or_counts_since_1970_and_without_a_zone_it_is_utc(gate, time, elsewhere):
    assert elsewhere
    assert gate().one(EVENT | {"last_activity": time}).at == AT


def test_milliseconds_arent_lost(gate):
    expected = AT.replace(microsecond=123_000)
    for time in (1735787044123, "1735787044.123", "2025-01-02T03:04:04.123Z"):
        assert gate().one(EVENT | {"last_activity": time}).at == expected


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"event": None}, "kind: missing; it's read from sent.event"),
        ({"event": {"a": 1}}, "kind: expected a text, from sent.event"),
        ({"user": None}, "learner.id: missing; it's read from sent.user"),
        ({"user": " "}, "learner.id: missing"),
        ({"user": True}, "learner.id: expected a text"),
        ({"user": "a\0b"}, "learner.id: expected a text of Unicode characters, without NUL"),
        ({"user": "x" * 1025}, "learner.id: expected at most 1024 characters"),
        ({"course": []}, "activity.id: expected a text"),
        ({"last_activity": None}, "at: missing"),
        ({"last_activity": "yesterday"}, "at: expected a time such as 2026-11-21T09:30:00Z"),
        ({"last_activity": 20250102}, "at: expected a time"),
        ({"last_activity": 1e300}, "at: expected a time"),
        ({"last_activity": True}, "at: expected a time"),
        ({"last_activity": "0001-01-01T00:00:00+14:00"}, "at: expected a time"),
        ({"last_activity": "9999-12-31T23:59:59Z"}, "at: expected a time"),
        ({"course_started_ms": -1}, "started: expected a time"),
        ({"score": "many"}, "score.raw: expected a number, from sent.score"),
        ({"score": True}, "score.raw: expected a number"),
        ({"score": "1e999"}, "score.raw: expected a number"),
        ({"percent_complete": 50}, "progress: expected a number from 0 to 1, got 50.0"),
        ({"percent_complete": "-0.1"}, "progress: expected a number from 0 to 1"),
        ({"tasks_total": "ten"}, "counters.total_tasks: expected a whole number, from sent.tasks_total"),
        ({"tasks_total": 1.5}, "counters.total_tasks: expected a whole number"),
        ({"tasks_total": -1}, "counters.total_tasks: expected a whole number, 0 or more"),
        ({"tasks_completed": 11}, "counters.tasks_completed: expected at most total_tasks (10), got 11"),
        ({"awards_unlocked": "5"}, "counters.awards_unlocked: expected at most total_awards (4), got 5"),
    ],
)
def test_a_mistake_names_the_field_and_what_was_expected(gate, change, words):
    code, said = gate().refusal(EVENT | change)
    assert code == 422
    assert said.startswith(words)
    code, said = gate().refusal([EVENT, EVENT | change])
    assert (code, said[: len(words) + 5]) == (422, f"[1]: {words}")


def test_a_mistake_in_one_event_keeps_all_of_them_out(gate):
    assert gate().refusal([EVENT, EVENT | {"user": None}])[0] == 422


@pytest.mark.parametrize("body", [b"", b" ", b"null", b"7", b'"text"', b"true"])
def test_what_is_no_event_is_told(gate, body):
    assert gate().refusal(body) == (422, "expected an event, or a list of them, in body")


def test_an_expression_that_fails_is_told_without_the_data(gate):
    code, said = gate(result={"learner": {"id": "lower(sent.user)"}}).refusal(EVENT | {"user": 4711})
    assert code == 422
    assert said == "learner.id: lower(sent.user): lower() was given what it can't take"


def test_the_same_event_is_the_same_result_whatever_changes_in_its_sending(gate):
    once, again = gate().one(EVENT), gate().one(EVENT | {"sent_at": "2026-01-01T00:00:00Z"})
    assert once == again
    for name, value in [
        ("user", "E-1002"),
        ("course", "crane-2"),
        ("event", "task_started"),
        ("item", "task-5"),
        ("tasks_completed", 6),
        ("awards_unlocked", 3),
        ("last_activity", "2025-01-02T03:04:05Z"),
    ]:
        assert gate().one(EVENT | {name: value}).id != once.id


def test_two_senders_never_have_the_same_ids(gate):
    for options in ({}, {"result": {"id": "sent.event"}}):
        assert gate("one", **options).one(EVENT).id != gate("two", **options).one(EVENT).id


def test_an_id_of_theirs_tells_a_repetition(gate):
    opened = gate(result={"id": "sent.ref"})
    first, other = opened.one(EVENT | {"ref": "a"}), opened.one(EVENT | {"ref": "b"})
    assert first.id != other.id
    assert first == opened.one(EVENT | {"ref": "a"})
    assert opened.refusal(EVENT)[1] == "id: missing; it's read from sent.ref"


def test_an_event_that_stands_twice_in_a_request_is_one_result(gate):
    opened = gate(result={"id": "sent.ref"})
    given = EVENT | {"ref": "a"}
    assert opened.send([given, given]).body == {"accepted": 1, "ignored": 0}
    code, words = opened.refusal([given, given | {"score": 71}])
    assert (code, words) == (422, "two events of this request have the same id and say different things")


def test_the_sandboxs_events_are_taken_as_they_are(gate):
    events = six_events("E-1001", "crane-1", AT)
    results = gate().send(events).results
    assert [each.kind for each in results] == OURS
    assert len({each.id for each in results}) == 6


def test_five_hundred_events_fit_and_more_are_too_many(gate):
    events = [EVENT | {"user": f"u-{number}"} for number in range(501)]
    assert gate().send(events[:500]).body == {"accepted": 500, "ignored": 0}
    assert gate().refusal(events) == (413, "at most 500 events are taken at once, got 501")
