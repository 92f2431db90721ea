"""What each answer means: nothing counts as delivered by mistake, and no fault rejects a result."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from passback import (
    ActivityUnknown,
    AlreadyThere,
    CannotConnect,
    CutShort,
    Delivered,
    RateLimited,
    Rejected,
    ServerError,
    TryLater,
    Unsupported,
    UserUnknown,
)
from passback_webhook.sandbox import Behaviour, Person

ANA = Person(id=1, mail="user0@example.com", number="u-0")


@pytest.fixture
def api(start):
    return start(Behaviour(auth="none"))


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_any_2xx_means_delivered(api, made, status):
    api.sandbox.fail(status=status, body="")
    assert api.one(made()) == Delivered(1, "r-0")


@pytest.mark.parametrize("status", [400, 409, 422])
def test_what_refuses_the_content_rejects_the_result_and_says_why(api, made, status):
    api.sandbox.fail(status=status, body='{"error": "score: too <b>high</b>"}')
    receipt = api.one(made())
    assert isinstance(receipt, Rejected)
    assert f"it answered {status}" in receipt.reason
    assert "too high" in receipt.reason


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (301, "enter the address it points to"),
        (302, "enter the address it points to"),
        (303, "enter the address it points to"),
        (307, "enter the address it points to"),
        (308, "enter the address it points to"),
        (401, "check key, secret or token"),
        (403, "check their permissions"),
        (404, "check the URL"),
        (405, "check the URL"),
        (410, "gone for good"),
        (418, "answered 418"),
        (500, "answered 500"),
        (502, "answered 502"),
        (503, "answered 503"),
        (504, "answered 504"),
    ],
)
def test_what_refuses_the_way_concerns_the_connection(api, made, status, words):
    api.sandbox.fail(status=status, headers={"Location": "https://elsewhere.example/"})
    with pytest.raises(ServerError, match=words) as failure:
        api.one(made())
    assert failure.value.status == status


@pytest.mark.parametrize("status", [429, 503])
def test_a_wish_to_slow_down_is_obeyed(api, made, status):
    api.sandbox.fail(status=status, headers={"Retry-After": "120"})
    with pytest.raises(RateLimited) as failure:
        api.one(made())
    assert abs(failure.value.until - datetime.now(UTC) - timedelta(seconds=120)) < timedelta(seconds=10)


def test_501_and_413_mean_what_they_always_mean(api, made):
    api.sandbox.fail(status=501)
    with pytest.raises(Unsupported):
        api.one(made())
    api.sandbox.fail(status=413)
    assert isinstance(api.one(made()), Rejected)


@pytest.mark.parametrize("fault", ["cut_before", "cut_after"])
def test_a_connection_that_is_cut_is_one_that_cannot_be_connected_to(api, made, fault):
    getattr(api.sandbox, fault)()
    with pytest.raises(CannotConnect):
        api.one(made())


@pytest.mark.parametrize("status", [408, 425])
def test_not_now_puts_off_this_result_alone(api, made, status):
    api.sandbox.fail(status=status, headers={"Retry-After": "600"})
    receipt = api.one(made())
    assert isinstance(receipt, TryLater)
    assert timedelta(seconds=590) < receipt.at - datetime.now(UTC) <= timedelta(seconds=600)


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [
        ("already_there", AlreadyThere),
        ("user_unknown", UserUnknown),
        ("activity_unknown", ActivityUnknown),
        ("try_later", TryLater),
        ("rejected", Rejected),
        ("delivered", Delivered),
    ],
)
@pytest.mark.parametrize("status", [404, 409, 500])
def test_each_status_can_mean_something_else(api, made, outcome, kind, status):
    api.sandbox.fail(status=status)
    assert type(api.one(made(), answer={outcome: [status]})) is kind


def test_a_more_particular_meaning_goes_before_a_more_general_one(api, made):
    """409 is `rejected` by default; whoever says it's `already_there` needn't take it out there."""
    api.sandbox.fail(status=409)
    assert type(api.one(made(), answer={"already_there": [409]})) is AlreadyThere


def test_200_with_an_error_inside_is_a_refusal(start, made):
    api = start(Behaviour(auth="none", says="body", users=(ANA,)))
    answer = {"success": "body.ok == `true`", "reason": "body.error", "remote_id": "body.number"}
    receipts = api.submit([made(0), made(1)], answer=answer)
    assert receipts == [Delivered(1, "m-1"), Rejected(2, "there is no such user")]


@pytest.mark.parametrize("body", ['{"ok": false}', "{}", "[]", "null", '{"ok": "true"}', '{"ok": 1}'])
def test_only_what_the_expression_finds_is_a_success(api, made, body):
    api.sandbox.fail(status=200, body=body)
    assert type(api.one(made(), answer={"success": "body.ok == `true`"})) is Rejected


def test_a_body_can_tell_any_verdict(start, made):
    api = start(Behaviour(auth="none", says="body", users=(ANA,)))
    codes = '`{"user_not_found": "user_unknown", "invalid": "rejected"}`'
    answer = {"verdict": f"pick({codes}, body.code)", "success": "body.ok", "reason": "body.error"}
    receipts = api.submit([made(0), made(1)], answer=answer)
    assert receipts == [Delivered(1, "r-0"), UserUnknown(2, "there is no such user")]


def test_headers_and_text_can_tell_it_too(api, made):
    api.sandbox.fail(status=200, body="OK", headers={"X-Kept": "yes"})
    answer = {"success": "text == 'OK' && headers.\"x-kept\" == 'yes'"}
    assert type(api.one(made(), answer=answer)) is Delivered


@pytest.mark.parametrize(
    "answer", [{}, {"success": "body.ok"}, {"verdict": "body.code"}, {"remote_id": "body.id"}]
)
def test_a_page_of_a_network_that_wants_a_sign_in_is_neither_delivered_nor_rejected(api, made, answer):
    api.sandbox.html()
    with pytest.raises(ServerError, match="is this the right address"):
        api.one(made(), answer=answer)


@pytest.mark.parametrize("kind", ["Text/HTML", "application/json", ""])
def test_a_page_with_a_mark_before_it_is_one_whatever_type_it_says_it_is_of(api, made, kind):
    page = "<html>Sign in</html>".encode("utf-8-sig")
    api.sandbox.fail(status=200, body=page, headers={"Content-Type": kind})
    with pytest.raises(ServerError, match="is this the right address"):
        api.one(made())


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (400, {}),
        (409, {"already_there": [409]}),
        (404, {"user_unknown": [404]}),
        (404, {"activity_unknown": [404]}),
        (425, {}),
        (422, {"success": "body.ok", "verdict": "body.verdict"}),
    ],
)
@pytest.mark.parametrize("array", [None, {}])
def test_a_page_says_nothing_of_a_result_whatever_its_status(api, made, status, answer, array):
    """It's a proxy's."""
    api.sandbox.fail(status=status, body="<html>Please sign in</html>", headers={"Content-Type": "text/html"})
    with pytest.raises(ServerError, match="is this the right address") as failure:
        api.one(made(), answer=answer, array=array)
    assert failure.value.status == status


def test_an_api_that_answers_pages_can_say_so(api, made):
    api.sandbox.html()
    assert type(api.one(made(), answer={"success": "status == `200`"})) is Delivered
    api.sandbox.fail(status=400, body="<error>no</error>", headers={"Content-Type": "text/xml"})
    answer = {"verdict": 'pick(`{"400": "rejected"}`, to_string(status))'}
    assert type(api.one(made(), answer=answer)) is Rejected


def test_a_mark_before_a_text_is_no_part_of_it(api, made):
    api.sandbox.fail(status=200, body="OK".encode("utf-8-sig"))
    assert type(api.one(made(), answer={"success": "text == 'OK'"})) is Delivered


@pytest.mark.parametrize(
    "answer",
    [
        {"verdict": "'perhaps'"},
        {"verdict": "body"},
        {"success": "abs(body)"},
        {"reason": "abs(body)", "delivered": [201]},
        {"remote_id": "|".join(["[@,@]"] * 30)},
    ],
)
def test_an_expression_that_fails_on_an_answer_concerns_the_connection(api, made, answer):
    api.sandbox.fail(status=201, body='{"a": 1}')
    with pytest.raises(ServerError, match="the answer can't be understood"):
        api.one(made(), answer=answer)


def test_a_reason_is_one_short_line(api, made):
    api.sandbox.fail(status=422, body='{"error": "a\\nb\\u0000' + "c" * 1000 + '"}')
    reason = api.one(made(), answer={"reason": "body.error"}).reason
    assert reason.startswith("a b c")
    assert len(reason) <= 300


@pytest.mark.parametrize(
    ("expression", "said"),
    [("upper(body.error)", "BAD •••"), ("substring(body.error, `0`, `12`)", "bad •••")],
)
@pytest.mark.parametrize("array", [None, {"results": "body.results", "verdict": "'rejected'"}])
def test_no_expression_makes_something_of_a_key_in_which_it_cant_be_found(api, made, expression, said, array):
    answer = {"error": "bad SECRET-key-123", "results": [{"body": {"error": "bad SECRET-key-123"}}]}
    api.sandbox.fail(status=400, body=json.dumps(answer))
    array = array and array | {"reason": expression}
    auth = {"kind": "key", "header": "X-Tenant", "key": "SECRET-key-123"}
    assert api.one(made(), auth=auth, answer={"reason": expression}, array=array).reason == said


def test_results_that_went_keep_their_receipts_when_the_connection_fails_midway(api, made):
    api.sandbox.slow(0)
    api.sandbox.fail(status=500)
    with pytest.raises(CutShort) as caught:
        api.submit([made(0), made(1), made(2)])
    assert [type(each) for each in caught.value.receipts] == [Delivered]
    assert isinstance(caught.value.failure, ServerError)
    assert set(caught.value.unsent) == {3}
    assert [each["id"] for each in api.sandbox.messages] == ["r-0"]


def test_what_is_too_large_is_refused_alone(api, made):
    api.sandbox.slow(0)
    api.sandbox.fail(status=413)
    receipts = api.submit([made(0), made(1), made(2)])
    assert [type(each) for each in receipts] == [Delivered, Rejected, Delivered]


def test_when_nothing_went_the_failure_is_told(api, made):
    api.sandbox.fail(status=500)
    with pytest.raises(ServerError):
        api.submit([made(0), made(1)])
