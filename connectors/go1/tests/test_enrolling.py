"""Results become enrollments: made, found and changed, never back from completed."""

from datetime import timedelta

import pytest

from passback import (
    Account,
    Activity,
    ActivityUnknown,
    AlreadyThere,
    Batch,
    CutShort,
    Delivered,
    Delivery,
    RateLimited,
    Rejected,
    ResultKind,
    Score,
    ServerError,
    TryLater,
    UserUnknown,
)
from passback_go1.sandbox import Behaviour

ENROLL = "POST /gateway/enrollments"
AT = "2026-11-02T08:30:00.000Z"
ITEM_KINDS = [kind for kind in ResultKind if kind.concerns_item]
IN_PROGRESS = {"status": "in-progress", "result": None, "pass": None, "end_date": None}


def fields(enrollment, *names):
    return {name: enrollment[name] for name in names}


def outcome(enrollment):
    return fields(enrollment, "status", "result", "pass", "end_date")


def test_a_completion_makes_an_enrollment(start, made):
    portal = start()
    receipt = portal.one(made(success=True, score=Score(scaled=0.9), started=made().at - timedelta(hours=1)))
    (enrollment,) = portal.sandbox.enrollments
    assert receipt == Delivered(1, enrollment["id"])
    assert fields(enrollment, "user_account_id", "lo_id", "enrollment_type") == {
        "user_account_id": "501",
        "lo_id": "777",
        "enrollment_type": "self-directed",
    }
    assert outcome(enrollment) == {"status": "completed", "result": 90, "pass": True, "end_date": AT}
    assert enrollment["start_date"] == "2026-11-02T07:30:00.000Z"


def test_every_request_to_the_gateway_names_the_version(start, made):
    """Wire facts §3.1; the older API knows no such header."""
    portal = start()
    portal.submit([made(), made(1)], ["501", "501"], api_version="2022-07-01")
    asked = portal.asked("/gateway")
    assert {seen.headers["api-version"] for seen in asked} == {"2022-07-01"}
    assert {seen.method for seen in asked} == {"POST", "GET", "PATCH"}


@pytest.mark.parametrize(
    ("kind", "more", "expected"),
    [
        ("completed", {}, {"status": "completed", "result": None, "pass": None}),
        ("completed", {"success": False}, {"status": "completed", "result": None, "pass": False}),
        ("completed", {"completion": False}, {"status": "completed", "result": None, "pass": None}),
        ("passed", {}, {"status": "completed", "result": None, "pass": True}),
        ("passed", {"completion": False}, {"status": "in-progress", "result": None, "pass": None}),
        ("failed", {}, {"status": "completed", "result": None, "pass": False}),
        ("failed", {"completion": False}, {"status": "in-progress", "result": None, "pass": None}),
        ("progressed", {"progress": 0.5}, {"status": "in-progress", "result": None, "pass": None}),
        ("progressed", {"completion": True}, {"status": "completed", "result": None, "pass": None}),
        ("started", {}, {"status": "in-progress", "result": None, "pass": None}),
        *[
            (kind, {"completion": True}, {"status": "in-progress", "result": None, "pass": None})
            for kind in ITEM_KINDS
        ],
    ],
)
def test_what_each_kind_becomes(start, made, kind, more, expected):
    portal = start()
    assert isinstance(portal.one(made(kind=kind, **more)), Delivered)
    (enrollment,) = portal.sandbox.enrollments
    assert fields(enrollment, *expected) == expected
    assert (enrollment["end_date"] == AT) is (expected["status"] == "completed")
    assert (enrollment["start_date"] == AT) is (expected["status"] == "in-progress")


@pytest.mark.parametrize(
    ("score", "expected"),
    [
        (Score(scaled=1), 100),
        (Score(scaled=0.999), 99),
        (Score(scaled=0.005), 1),
        (Score(scaled=0.145), 15),
        (Score(scaled=0), 0),
        (Score(scaled=-1), 0),
        (Score(raw=69.5, max=100), 70),
        (Score(raw=15, min=10, max=20), 50),
        (Score(raw=10, min=10, max=20), 0),
        (Score(raw=20, min=10, max=20), 100),
        (Score(raw=-5, min=-10, max=0), 50),
        (Score(raw=1, max=0.5e-320 + 1), 100),
        (Score(raw=9), None),
        (Score(max=10), None),
    ],
)
def test_a_score_becomes_a_whole_percentage_or_nothing(start, made, score, expected):
    portal = start()
    assert isinstance(portal.one(made(score=score)), Delivered)
    assert portal.sandbox.enrollments[0]["result"] == expected


def test_an_assigned_enrollment_names_who_assigned_it(start, made):
    portal = start()
    portal.one(made(), enrollment_type="assigned", assigner="502")
    expected = {"enrollment_type": "assigned", "assigner_account_id": "502"}
    assert fields(portal.sandbox.enrollments[0], *expected) == expected


def test_an_activity_is_what_the_table_says_else_the_number_that_it_is(start, made):
    portal = start()
    table = {"https://example.com/ladder": "778", "777": "779"}
    ladder, number, other = (Activity(id=each) for each in ("https://example.com/ladder", "777", "778"))
    results = [made(n, activity=each) for n, each in enumerate((ladder, number))]
    portal.submit(results, learning_objects=table)
    portal.one(made(activity=other), user="502", learning_objects=table)
    assert [each["lo_id"] for each in portal.sandbox.enrollments] == ["778", "779", "778"]


@pytest.mark.parametrize("activity", ["ladder-1", "7.5", "-7", "\u0667\u0667", "777 "])
def test_an_activity_without_a_learning_object_waits_for_one_and_nothing_is_sent(start, made, activity):
    portal = start()
    receipt = portal.one(made(activity=Activity(id=activity)))
    assert isinstance(receipt, ActivityUnknown)
    assert "learning_objects" in receipt.reason
    assert portal.sandbox.requests == []


def test_a_learner_without_an_account_waits_for_one_and_nothing_is_sent(start, made):
    portal = start()
    anonymous = Account(user_id="x-1", matched_by="anonymous", checked=made().at)
    deliveries = (
        Delivery(id=1, result=made()),
        Delivery(id=2, result=made(1), account=anonymous),
    )
    receipts = portal.ask(lambda connection: connection.submit_results(Batch(deliveries=deliveries)))
    assert [type(each) for each in receipts] == [UserUnknown, UserUnknown]
    assert portal.sandbox.requests == []


@pytest.mark.parametrize("user", ["..", "501/login", "5 01", "501?x"])
def test_an_account_that_is_no_id_of_go1_is_looked_up_anew(start, made, user):
    portal = start()
    assert isinstance(portal.one(made(), user=user), UserUnknown)
    assert portal.sandbox.requests == []


@pytest.mark.parametrize("unknown", [400, 404])
def test_a_user_that_is_gone_is_looked_up_anew(start, made, unknown):
    """Wire facts §0.2, §3.3: the status is inferred."""
    portal = start(Behaviour(unknown=unknown))
    receipt = portal.one(made(), user="99")
    assert isinstance(receipt, UserUnknown)
    assert receipt.reason == "GO1 has no user with the id of their account any more"


def test_a_learning_object_that_is_gone_is_told(start, made):
    gone = made(activity=Activity(id="666"))
    assert isinstance(start().one(gone), ActivityUnknown)
    receipt = start(Behaviour(unknown=400)).one(gone)
    assert isinstance(receipt, Rejected)
    assert "lo_not_found" in receipt.reason


@pytest.mark.parametrize("before", ["not-started", "in-progress"])
def test_an_enrollment_that_exists_is_found_and_changed(start, made, before):
    portal = start()
    begun = {} if before == "not-started" else {"start_date": "2026-11-01T00:00:00Z"}
    portal.sandbox.enroll(user_account_id="502", status="completed")
    portal.sandbox.enroll(lo_id="778")
    there = portal.sandbox.enroll(status=before, **begun)
    receipt = portal.one(made(kind="passed", started=made().at))
    assert receipt == Delivered(1, there["id"])
    assert outcome(there) == {"status": "completed", "result": None, "pass": True, "end_date": AT}
    assert there["start_date"] == begun.get("start_date", AT)
    assert [seen.method for seen in portal.asked("/gateway")] == ["POST", "GET", "PATCH"]


def test_an_assigned_one_stays_assigned(start, made):
    portal = start()
    there = portal.sandbox.enroll(enrollment_type="assigned", assigner_account_id="502")
    assert isinstance(portal.one(made()), Delivered)
    assert fields(there, "enrollment_type", "status") == {
        "enrollment_type": "assigned",
        "status": "completed",
    }


@pytest.mark.parametrize("kind", ["started", "progressed", "completed", "passed", "failed", *ITEM_KINDS])
@pytest.mark.parametrize("attempt", [1, 2])
def test_a_result_that_is_there_already_changes_nothing(start, made, kind, attempt):
    portal = start()
    result = made(kind=kind, score=Score(scaled=0.5))
    portal.one(result)
    (before,) = [dict(each) for each in portal.sandbox.enrollments]
    assert portal.submit([result], attempt=attempt) == [AlreadyThere(1, before["id"])]
    assert portal.sandbox.enrollments == [before]
    assert portal.asked("/gateway", "PATCH") == []


@pytest.mark.parametrize("kind", ["started", "progressed", *ITEM_KINDS])
def test_nothing_goes_back_from_completed(start, made, kind):
    portal = start()
    portal.one(made())
    assert portal.one(made(5, kind=kind)) == AlreadyThere(1, portal.sandbox.enrollments[0]["id"])
    assert portal.sandbox.enrollments[0]["status"] == "completed"


def test_what_is_done_again_later_replaces_what_was_done_before(start, made):
    portal = start()
    portal.one(made(kind="failed", score=Score(scaled=0.2)))
    assert isinstance(portal.one(made(5, kind="passed", score=Score(scaled=0.8))), Delivered)
    (enrollment,) = portal.sandbox.enrollments
    assert outcome(enrollment) == {
        "status": "completed",
        "result": 80,
        "pass": True,
        "end_date": "2026-11-02T08:35:00.000Z",
    }


def test_an_old_result_leaves_what_came_later_as_it_is(start, made):
    portal = start()
    there = portal.sandbox.enroll(status="completed", end_date="2026-12-01T00:00:00Z", **{"pass": True})
    assert isinstance(portal.one(made(kind="failed")), AlreadyThere)
    assert (there["pass"], there["end_date"]) == (True, "2026-12-01T00:00:00Z")


@pytest.mark.parametrize("passed", [False, None])
def test_a_pass_is_never_lost(start, made, passed):
    portal = start()
    there = portal.sandbox.enroll(status="completed", end_date="2026-12-01T00:00:00Z", **{"pass": passed})
    assert isinstance(portal.one(made(kind="passed")), Delivered)
    assert there["pass"] is True


@pytest.mark.parametrize("end", [None, "", "soon", 5, "2026-11-02T08:30:00", "2026-11-02T10:30:00.4+02:00"])
def test_an_end_that_cant_be_read_or_is_ours_is_no_difference(start, made, end):
    portal = start()
    portal.sandbox.enroll(status="completed", end_date=end, **{"pass": True})
    assert isinstance(portal.one(made(kind="passed")), AlreadyThere)
    assert isinstance(portal.one(made(kind="failed")), Delivered)


def test_of_several_enrollments_the_last_made_counts(start, made):
    portal = start()
    portal.sandbox.enroll(status="completed", created_time="2024-01-01T00:00:00Z")
    newest = portal.sandbox.enroll(created_time="2026-01-01T00:00:00Z")
    portal.sandbox.enroll(status="completed", created_time="2025-01-01T00:00:00Z")
    assert portal.one(made()) == Delivered(1, newest["id"])


def test_the_last_made_is_found_on_whatever_page_it_is(start, made):
    portal = start()
    for n in range(120):
        portal.sandbox.enroll(status="completed", created_time=f"2024-01-01T00:{n // 60:02}:{n % 60:02}Z")
    newest = portal.sandbox.enroll()
    assert portal.one(made()) == Delivered(1, newest["id"])
    assert len(portal.asked("/gateway", "GET")) == 3


def test_a_reply_that_was_lost_after_the_enrollment_was_made_is_found_out(start, made):
    portal = start()
    portal.sandbox.cut_after(times=2, on=ENROLL)
    with pytest.raises(Exception, match="cut the connection"):
        portal.one(made())
    (enrollment,) = portal.sandbox.enrollments
    assert portal.submit([made()], attempt=2) == [AlreadyThere(1, enrollment["id"])]
    assert len(portal.sandbox.enrollments) == 1


def test_a_reply_that_was_lost_after_the_enrollment_was_changed_is_found_out(start, made):
    portal = start()
    there = portal.sandbox.enroll()
    portal.sandbox.cut_after(times=2, on="PATCH")
    with pytest.raises(Exception, match="cut the connection"):
        portal.one(made())
    assert portal.submit([made()], attempt=2) == [AlreadyThere(1, there["id"])]


@pytest.mark.parametrize("uses", [1, 2, 3])
def test_a_token_that_expires_in_the_middle_of_a_batch_is_replaced(start, made, uses):
    portal = start(Behaviour(token_uses=uses))
    portal.sandbox.enroll(user_account_id="506")
    users = ["505", "506", "507", "508"]
    receipts = portal.submit([made(n) for n in range(4)], users)
    assert [type(each) for each in receipts] == [Delivered] * 4
    assert len(portal.sandbox.enrollments) == 4
    assert len(portal.asked("/oauth/token")) > 1


@pytest.mark.parametrize(
    ("status", "failure"),
    [(429, RateLimited), (401, ServerError), (403, ServerError), (500, ServerError), (503, RateLimited)],
)
def test_what_fails_in_the_middle_of_a_batch_is_the_connections(start, made, status, failure):
    portal = start()
    portal.sandbox.fail(status=status, headers={"Retry-After": "120"}, times=9, on=ENROLL, after=1)
    with pytest.raises(CutShort) as caught:
        portal.submit([made(n) for n in range(4)], ["505", "506", "507", "508"])
    assert [type(each) for each in caught.value.receipts] == [Delivered]
    assert isinstance(caught.value.failure, failure)
    assert set(caught.value.unsent) == {3, 4}


def test_what_fails_at_the_beginning_of_a_batch_is_too(start, made, batched):
    portal = start()
    portal.sandbox.fail(status=429, headers={"Retry-After": "120"}, on=ENROLL)
    sent = batched([made(n) for n in range(3)], ["505", "506", "507"])
    with pytest.raises(CutShort) as caught:
        portal.ask(lambda it: it.submit_results(sent))
    assert caught.value.failure.until is not None
    assert set(caught.value.unsent) == {2, 3}
    assert len(portal.asked("/gateway")) == 1


def test_what_is_too_large_is_refused_alone(start, made):
    portal = start()
    portal.sandbox.fail(status=413, on=ENROLL)
    receipts = portal.submit([made(n) for n in range(2)], ["505", "506"])
    assert [type(each) for each in receipts] == [Rejected, Delivered]


def test_one_bad_result_doesnt_stop_the_others(start, made):
    portal = start()
    portal.sandbox.fail(status=400, on=ENROLL, after=1)
    activities = ["777", "777", "none", "777"]
    results = [made(n, activity=Activity(id=each)) for n, each in enumerate(activities)]
    receipts = portal.submit(results, ["505", "506", "507", "508"])
    assert [type(each) for each in receipts] == [Delivered, Rejected, ActivityUnknown, Delivered]


def test_what_is_tried_later_takes_along_what_the_same_learner_did_later_in_it(start, made):
    portal = start()
    portal.sandbox.enroll()
    portal.sandbox.fail(status=200, body='{"total": 0, "hits": []}', on="GET /gateway")
    learner = made().learner
    results = [made(0), made(1, learner=learner), made(2)]
    receipts = portal.submit(results, ["501", "501", "505"])
    assert [type(each) for each in receipts] == [TryLater, TryLater, Delivered]
    assert [seen.method for seen in portal.asked("/gateway")] == ["POST", "GET", "POST"]


def test_in_one_batch_the_later_result_counts(start, made):
    portal = start()
    learner = made().learner
    kinds = ["started", "progressed", "failed", "passed"]
    results = [made(n, kind=kind, learner=learner) for n, kind in enumerate(kinds)]
    receipts = portal.submit(results)
    assert [type(each) for each in receipts] == [Delivered, AlreadyThere, Delivered, Delivered]
    (enrollment,) = portal.sandbox.enrollments
    assert fields(enrollment, "status", "pass", "start_date") == {
        "status": "completed",
        "pass": True,
        "start_date": AT,
    }
