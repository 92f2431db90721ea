"""Results become external activity, each once, and the school's answers receipts."""

import json
import logging
from datetime import timedelta

import pytest

from passback import (
    Activity,
    ActivityUnknown,
    AlreadyThere,
    Batch,
    ConnectionFailure,
    CutShort,
    Delivered,
    Learner,
    RateLimited,
    Rejected,
    ResultKind,
    ServerError,
    Unsupported,
    UserUnknown,
)
from passback_thoughtindustries.sandbox import Behaviour

WRITE = "POST /incoming/v2/courseExternalActivity"
EVENTS = "GET /incoming/v2/events"
PATHS = {"onboarding": "p-1"}


def sent(school):
    (seen,) = school.asked("", "POST")
    return seen.path.rpartition("/")[2], json.loads(seen.body)


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("completed", {}),
        ("passed", {}),
        ("progressed", {"progress": 1.0, "completion": True}),
        ("failed", {"completion": True}),
    ],
)
def test_an_end_completes_the_course(start, made, kind, more):
    school = start()
    assert school.submit(made.delivery(1, made.result(1, kind, **more))) == [Delivered(1)]
    assert sent(school) == (
        "courseExternalActivity",
        {"courseId": "c-7", "userId": "u-501", "completionDate": "2026-11-02T08:31:00.000Z"},
    )
    assert [each["notifiableId"] for each in school.sandbox.completions] == ["c-7"]


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("started", {}),
        ("progressed", {"progress": 0.5}),
        ("failed", {}),
        ("passed", {"completion": False}),
        ("task_completed", {}),
        ("badge_awarded", {"completion": True}),
    ],
)
def test_a_course_has_no_place_for_anything_else(start, made, kind, more):
    school = start()
    assert school.submit(made.delivery(1, made.result(1, kind, **more))) == [Delivered(1, sent=False)]
    assert school.sandbox.requests == []


@pytest.mark.parametrize(
    ("kind", "status", "when"),
    [
        ("started", "started", "timeStampDate"),
        ("progressed", "started", "timeStampDate"),
        ("failed", "not-completed", "timeStampDate"),
        ("completed", "completed", "completionDate"),
        ("passed", "completed", "completionDate"),
    ],
)
def test_a_learning_path_has_a_status(start, made, kind, status, when):
    school = start()
    result = made.result(1, kind, activity=Activity(id="onboarding"))
    assert school.submit(made.delivery(1, result), learning_paths=PATHS) == [Delivered(1)]
    content = {"userId": "u-501", "learningPathId": "p-1", "status": status, when: "2026-11-02T08:31:00.000Z"}
    assert sent(school) == ("learningPathExternalActivity", content)


def test_a_course_can_be_named_by_a_table_and_by_its_sku(start, made):
    school = start()
    result = made.result(1, activity=Activity(id="https://example.com/crane"))
    options = {"courses": {"https://example.com/crane": "CRANE"}, "course_by": "sku"}
    assert school.submit(made.delivery(1, result), **options) == [Delivered(1)]
    assert sent(school)[1]["courseSku"] == "CRANE"
    assert school.sandbox.completions[0]["notifiableId"] == "c-8"


def test_a_learner_can_be_named_by_their_address(start, made):
    school = start()
    assert school.submit(made.delivery(1, user=None), learner_by="email") == [Delivered(1)]
    assert sent(school)[1]["userEmail"] == "person506@example.com"
    nobody = made.result(1, learner=Learner(id="l-1"))
    (receipt,) = school.submit(made.delivery(1, nobody, user=None), learner_by="email")
    assert isinstance(receipt, UserUnknown)
    assert receipt.reason.endswith("this one has none")


@pytest.mark.parametrize("email", ["a..b@e.com", ".a@e.com", "a@localhost"])
def test_an_address_that_cannot_be_used_is_told_from_none_at_all(start, made, email):
    learner = Learner(id="l-1", email=email)
    (receipt,) = start().submit(
        made.delivery(1, made.result(1, learner=learner), user=None), learner_by="email"
    )
    assert isinstance(receipt, UserUnknown)
    assert receipt.reason.endswith("this one has none that can be used")


@pytest.mark.parametrize("user", [None, "../x", ".", "a b", "a/b", ""])
@pytest.mark.parametrize("activity", ["c-7", "onboarding"])
def test_who_has_no_account_there_is_unknown(start, made, user, activity):
    school = start()
    delivery = made.delivery(1, made.result(1, activity=Activity(id=activity)), user=user)
    (receipt,) = school.submit(delivery, learning_paths=PATHS)
    assert isinstance(receipt, UserUnknown)
    assert school.sandbox.requests == []


def test_an_id_that_was_made_up_is_nobodys(start, made):
    school = start()
    (receipt,) = school.submit(made.delivery(1, user="anon-1", by="anonymous"))
    assert isinstance(receipt, UserUnknown)
    assert school.sandbox.requests == []


@pytest.mark.parametrize("unknown", [400, 404])
def test_a_user_or_a_course_that_is_gone_is_told_apart(start, made, unknown):
    school = start(Behaviour(unknown=unknown))
    (gone,) = school.submit(made.delivery(1, user="u-1"))
    assert isinstance(gone, UserUnknown)
    (no_course,) = school.submit(made.delivery(1, made.result(1, activity=Activity(id="c-99"))))
    assert isinstance(no_course, ActivityUnknown)
    assert "Course not found" in no_course.reason


def test_404_is_about_the_activity_where_the_user_is_there(start, made):
    school = start()
    school.sandbox.fail(status=404, body='{"errors": ["nothing here"]}', on=WRITE)
    assert school.submit(made.delivery(1)) == [ActivityUnknown(1, "it answered 404: nothing here")]


@pytest.mark.parametrize("status", [400, 409, 422])
def test_a_refusal_is_told_in_the_schools_words(start, made, status):
    school = start()
    body = json.dumps({"errors": ["completionDate must not be in the future", "nor 7", 7]})
    school.sandbox.fail(status=status, body=body, on=WRITE)
    (receipt,) = school.submit(made.delivery(1))
    assert receipt == Rejected(1, f"it answered {status}: completionDate must not be in the future; nor 7")


@pytest.mark.parametrize(
    ("body", "became"),
    [
        ('{"errors": ["no such thing"]}', Rejected),
        ('[{"errors": ["x"]}]', Rejected),
        ('{"success": false, "message": "nope"}', Rejected),
        ('{"error": "course_not_found", "message": "no such course"}', ActivityUnknown),
        ('{"error": "unauthorized", "status": 401}', ServerError),
        ('{"error": "rate_limit_exceeded", "message": "slow down", "retryAfter": 32}', RateLimited),
        ('{"error": {"message": "oops"}, "statusCode": "503"}', ServerError),
        ('{"success": false}', ServerError),
        ('{"status": 500, "message": "boom"}', ServerError),
        ('{"code": "503"}', ServerError),
        ('{"status": 429, "retryAfter": 32}', RateLimited),
        ('{"message": "Internal error"}', ServerError),
        ('{"success": true}', Delivered),
        ('{"success": true, "message": "kept"}', Delivered),
        ('{"status": "completed"}', Delivered),
        ('{"status": 200}', Delivered),
        ('{"id": "x", "code": 404}', Delivered),
        ('{"errors": [], "error": null}', Delivered),
        ("[]", Delivered),
    ],
)
def test_an_error_is_no_success_whatever_the_status(start, made, body, became):
    school = start()
    school.sandbox.fail(status=200, body=body, on=WRITE)
    try:
        (found,) = school.submit(made.delivery(1))
    except ConnectionFailure as failure:
        found = failure
    assert isinstance(found, became)


@pytest.mark.parametrize("status", [401, 403, 405, 500, 502])
def test_what_concerns_everybody_is_the_connections(start, made, status):
    school = start()
    school.sandbox.fail(status=status, on=WRITE)
    with pytest.raises(ServerError) as caught:
        school.submit(made.delivery(1), made.delivery(2))
    assert caught.value.status == status


@pytest.mark.parametrize("status", [400, 409, 422])
@pytest.mark.parametrize("body", ["<h1>no</h1>", "", "[]", '{"message": "no Route matched"}'])
def test_no_refusal_is_believed_but_in_the_schools_words(start, made, status, body):
    """Wire facts §6.1, §6.2: ``errors``, or ``error``."""
    school = start()
    school.sandbox.fail(status=status, body=body, on=WRITE)
    with pytest.raises(ServerError) as caught:
        school.submit(made.delivery(1))
    assert caught.value.status == status


@pytest.mark.parametrize("status", [400, 404, 501, 200])
def test_a_page_of_a_proxy_says_nothing_of_a_result(start, made, status):
    school = start()
    school.sandbox.fail(status=status, body="<h1>no</h1>", on=WRITE)
    with pytest.raises(ServerError):
        school.submit(made.delivery(1))


ROUTERS = [
    '{"message": "no Route matched with those values"}',
    '{"timestamp": "2026-11-02T08:31:00Z", "status": 404, "error": "Not Found", "path": "/incoming"}',
    '{"statusCode": 404, "message": "Cannot POST /incoming/v2", "error": "Not Found"}',
]


@pytest.mark.parametrize("body", ROUTERS)
def test_a_router_says_nothing_of_who_or_what_is_missing(start, made, body):
    """Wire facts §6.1, §6.2: the school's errors have other words."""
    school = start()
    school.sandbox.fail(status=404, body=body, on=WRITE)
    with pytest.raises(ServerError, match="404"):
        school.submit(made.delivery(1))
    school.sandbox.fail(status=404, body=body, on="GET /incoming/v2/users")
    assert not isinstance(school.submit(made.delivery(1, user="u-1"))[0], UserUnknown)


@pytest.mark.parametrize(("headers", "seconds"), [({}, 32), ({"Retry-After": "7"}, 7)])
def test_a_school_says_how_long_to_wait(start, made, headers, seconds):
    """Wire facts §6.2: in the header and in the body."""
    school = start()
    school.sandbox.fail(status=429, headers=headers, on=WRITE)
    with pytest.raises(RateLimited) as caught:
        school.submit(made.delivery(1))
    now = school.connection().connector.clock.now()
    assert abs(caught.value.until - now - timedelta(seconds=seconds)) < timedelta(seconds=5)


@pytest.mark.parametrize("wait", ['"soon"', "-1", "true", "1e99", "[]"])
def test_a_wait_that_is_none_isnt_taken_for_one(start, made, wait):
    school = start()
    school.sandbox.fail(status=429, body=f'{{"retryAfter": {wait}}}', on=WRITE)
    with pytest.raises(RateLimited) as caught:
        school.submit(made.delivery(1))
    assert caught.value.until is None


def cut(school, *deliveries, **options):
    """Send `deliveries` as one batch, in the midst of which the connection fails."""
    with pytest.raises(CutShort) as caught:
        school.ask(lambda it: it.submit_results(Batch(deliveries=deliveries)), **options)
    return caught.value


@pytest.mark.parametrize(("status", "failure"), [(500, ServerError), (429, RateLimited)])
def test_the_rest_of_a_batch_stays_with_the_connection_that_failed(start, made, status, failure):
    school = start()
    school.sandbox.fail(status=status, on=WRITE, after=1)
    failed = cut(school, *(made.delivery(n, user=f"u-50{n}") for n in (1, 2, 3)))
    assert failed.receipts == [Delivered(1)]
    assert isinstance(failed.failure, failure)
    assert len(school.sandbox.completions) == 1


@pytest.mark.parametrize("status", [401, 403, 429])
def test_what_surely_wasnt_written_is_told_so(start, made, status):
    school = start()
    school.sandbox.fail(status=status, on=WRITE)
    assert list(cut(school, made.delivery(1), made.delivery(2)).unsent) == [1, 2]


@pytest.mark.parametrize("status", [405, 500, 503])
def test_what_may_have_been_written_isnt(start, made, status):
    school = start()
    school.sandbox.fail(status=status, on=WRITE)
    assert list(cut(school, made.delivery(1), made.delivery(2)).unsent) == [2]


def test_what_was_cut_off_may_have_been_written(start, made):
    school = start()
    school.sandbox.cut_after(on=WRITE)
    assert list(cut(school, made.delivery(1), made.delivery(2)).unsent) == [2]


@pytest.mark.parametrize("status", [401, 429, 500])
def test_a_fault_while_looking_writes_nothing(start, made, status):
    school = start()
    school.sandbox.fail(status=status, on="GET", times=5)
    assert list(cut(school, made.delivery(1, attempt=2)).unsent) == [1]
    assert school.asked("", "POST") == []


def test_what_is_too_large_is_refused_alone(start, made):
    school = start()
    school.sandbox.fail(status=413, on=WRITE)
    receipts = school.submit(made.delivery(1), made.delivery(2))
    assert [type(receipt) for receipt in receipts] == [Rejected, Delivered]


def test_what_is_too_large_for_a_proxy_is_refused_alone(start, made):
    school = start()
    school.sandbox.fail(status=413, body="<h1>no</h1>", on=WRITE)
    receipts = school.submit(made.delivery(1), made.delivery(2))
    assert [type(receipt) for receipt in receipts] == [Rejected, Delivered]
    assert "too large" in receipts[0].reason


def test_a_question_that_is_too_large_refuses_no_result(start, made):
    school = start()
    school.sandbox.fail(status=413, on=EVENTS)
    with pytest.raises(ServerError, match="413") as caught:
        school.submit(made.delivery(1, attempt=2))
    assert caught.value.status == 413


def test_what_may_have_arrived_is_looked_for_before_its_sent_again(start, made):
    """The school has no idempotency key (§0.2), but tells its completions as events (§6.1)."""
    school = start()
    school.sandbox.cut_after(on=WRITE)
    with pytest.raises(Exception, match="cut"):
        school.submit(made.delivery(1))
    assert school.submit(made.delivery(1, attempt=2)) == [AlreadyThere(1)]
    assert len(school.sandbox.completions) == 1
    (seen,) = school.asked("events")
    assert "startDate=2026-11-01T08%3A31%3A00Z" in seen.query
    assert "userId=u-501" in seen.query


def test_what_didnt_arrive_is_sent(start, made):
    school = start()
    school.sandbox.cut_before(on=WRITE)
    with pytest.raises(Exception, match="cut"):
        school.submit(made.delivery(1))
    assert school.submit(made.delivery(1, attempt=2)) == [Delivered(1)]
    assert len(school.sandbox.completions) == 1


def test_somebody_elses_completion_isnt_theirs(start, made):
    school = start()
    school.submit(made.delivery(1, user="u-505"))
    other = made.result(1, activity=Activity(id="c-8"))
    school.submit(made.delivery(2, other))
    assert school.submit(made.delivery(3, made.result(1), attempt=2)) == [Delivered(3)]
    assert len(school.sandbox.completions) == 3


@pytest.mark.parametrize("detail", ['{"id": "u-505"}', "{}", "null", '"u-501"'])
def test_a_school_that_doesnt_filter_its_events_by_user_tells_of_others(start, made, detail):
    school = start()
    event = f'{{"notifiableId": "c-7", "user": "ana@example.com", "userDetail": {detail}}}'
    body = f'{{"events": [{event}], "pageInfo": {{"hasMore": false}}}}'
    school.sandbox.fail(status=200, body=body, on="GET /incoming/v2/events")
    assert school.submit(made.delivery(1, attempt=2)) == [Delivered(1)]


def test_a_completion_is_found_on_a_later_page_of_events(start, made):
    school = start()
    for n in range(60):
        school.submit(made.delivery(n, made.result(1), user=f"u-{505 + n}"))
    school.submit(made.delivery(99, made.result(1, learner=Learner(id="x", email="Ana@example.com"))))
    result = made.result(1, learner=Learner(id="x", email="ANA@example.com"))
    receipt = school.submit(made.delivery(100, result, attempt=2), learner_by="email")
    assert receipt == [AlreadyThere(100)]
    assert len(school.asked("events")) == 2


def test_a_look_outlives_a_pause_but_not_many(start, made, clock):
    """Wire facts §6.2: events have a quota of their own."""
    school = start()
    result = made.result(1, learner=Learner(id="x", email="ana@example.com"))
    for n in range(60):
        school.submit(made.delivery(n, made.result(1), user=f"u-{505 + n}"))
    school.submit(made.delivery(99, result))
    options = {"learner_by": "email", "clock": clock}
    school.sandbox.fail(status=429, headers={"Retry-After": "60"}, on=EVENTS, after=1)
    assert school.submit(made.delivery(99, result, attempt=2), **options) == [AlreadyThere(99)]
    school.sandbox.fail(status=429, headers={"Retry-After": "60"}, on=EVENTS, after=1, times=2)
    with pytest.raises(RateLimited):
        school.submit(made.delivery(99, result, attempt=2), **options)
    assert clock.waits == [60, 60]


def test_what_surely_didnt_arrive_isnt_looked_for(start, made):
    """Such as after a restart, where the learner was unknown at the attempts before."""
    school = start()
    assert school.submit(made.delivery(1, attempt=3, unsure=False)) == [Delivered(1)]
    assert school.asked("events") == []


@pytest.mark.parametrize(
    "options", [{"when_unsure": "send"}, {"course_by": "sku", "courses": {"c-7": "LADDER"}}]
)
def test_where_it_cant_or_shouldnt_be_looked_for_it_is_sent_again(start, made, options):
    """Events name a course by its id alone."""
    school = start()
    school.submit(made.delivery(1), **options)
    assert school.submit(made.delivery(1, attempt=2), **options) == [Delivered(1)]
    assert len(school.sandbox.completions) == 2


def test_a_learning_path_that_isnt_enabled_is_the_connections(start, made):
    school = start(Behaviour(paths_enabled=False))
    result = made.result(1, ResultKind.STARTED, activity=Activity(id="onboarding"))
    with pytest.raises(ServerError, match="403"):
        school.submit(made.delivery(1, result), learning_paths=PATHS)


def test_the_key_is_shown_nowhere(start, made, caplog):
    caplog.set_level(logging.DEBUG)
    school = start()
    school.sandbox.fail(status=400, body=json.dumps({"errors": [f"no {made.key}"]}), on=WRITE)
    (receipt,) = school.submit(made.delivery(1))
    assert "•••" in receipt.reason
    assert made.key not in caplog.text + receipt.reason
    assert made.key not in repr(school.connection().connector.options)


@pytest.mark.parametrize(("status", "body"), [(401, None), (200, '{"valid": false}'), (200, "[]"), (404, "")])
def test_the_check_is_the_schools_own(start, status, body):
    school = start()
    school.ask(lambda it: it.check(), when_unsure="send")
    assert [seen.path for seen in school.sandbox.requests] == ["/incoming/v2/ping"]
    school.sandbox.fail(status=status, body=body)
    with pytest.raises(ServerError):
        school.ask(lambda it: it.check())


@pytest.mark.parametrize(("status", "failure"), [(403, ServerError), (404, ServerError), (501, Unsupported)])
def test_a_key_that_may_not_read_events_fails_the_check_where_they_are_needed(start, status, failure):
    school = start()
    school.ask(lambda it: it.check())
    assert [seen.path.rpartition("/")[2] for seen in school.sandbox.requests] == ["ping", "courseCompletion"]
    school.sandbox.fail(status=status, on=EVENTS, times=9)
    with pytest.raises(failure, match="when_unsure") as caught:
        school.ask(lambda it: it.check())
    assert caught.value.status == status
    school.ask(lambda it: it.check(), when_unsure="send")
    school.ask(lambda it: it.check(), course_by="sku")


@pytest.mark.parametrize("status", [403, 404, 501])
def test_where_events_cant_be_read_a_person_decides_of_what_may_have_arrived(start, made, status):
    school = start()
    school.sandbox.fail(status=status, on=EVENTS, times=9)

    async def tried(connection):
        batch = made.batch(made.delivery(1, attempt=2), made.delivery(2))
        receipts = list(await connection.submit_results(batch))
        # Whether a refusal is to be believed is asked by the check.
        await connection.check()
        return receipts

    held, delivered = school.ask(tried)
    assert isinstance(held, Rejected)
    assert "may have arrived" in held.reason
    assert "when_unsure" in held.reason
    assert delivered == Delivered(2)
    assert len(school.asked("", "POST")) == 1


@pytest.mark.parametrize("status", [403, 404, 501])
@pytest.mark.parametrize("body", ["<h1>no</h1>", "", '{"message": "no Route matched"}'])
def test_that_events_cant_be_read_is_believed_in_the_schools_words_alone(start, made, status, body):
    school = start()
    school.submit(made.delivery(1))
    school.sandbox.fail(status=status, body=body, on=EVENTS)
    with pytest.raises(ServerError) as caught:
        school.submit(made.delivery(1, attempt=2))
    assert caught.value.status == status
    assert school.submit(made.delivery(1, attempt=2)) == [AlreadyThere(1)]


def test_a_wrong_key_fails_the_check(start):
    with pytest.raises(ServerError, match="401"):
        start().ask(lambda it: it.check(), api_key="another-key-0123456789")
