"""Several results in one request: each its own receipt where the answer tells, else all or nothing."""

import json

import pytest

from passback import BatchRefused, Delivered, Rejected, ServerError, TryLater
from passback_webhook.sandbox import Behaviour

EACH = {"results": "body.results", "id": "id", "success": "ok", "reason": "error", "remote_id": "number"}


@pytest.fixture
def api(start):
    return start(Behaviour(auth="none", batches=True))


def test_what_goes_together_is_one_request(api, made):
    receipts = api.submit([made(n) for n in range(3)], array={})
    assert receipts == [Delivered(n + 1, f"r-{n}") for n in range(3)]
    assert len(api.seen()) == 1
    assert len(api.sandbox.messages) == 3


def test_one_alone_is_an_array_too(api, made):
    api.submit([made()], array={})
    assert len(json.loads(api.seen()[0].body)) == 1


def test_each_gets_its_own_receipt_where_the_answer_tells(api, made):
    # The sandbox wants text for whom it's about.
    bodies = {"user": 'pick(`{"u-1": 7}`, user) || user'}
    body = {"event": "event", "id": "id", "sent_at": "now", "activity": "activity.id"} | bodies
    receipts = api.submit(
        [made(n) for n in range(3)],
        array=EACH,
        message={"body": body | {"last_activity": "last_activity"}},
    )
    assert receipts == [Delivered(1, "m-1"), Rejected(2, "user: is no string"), Delivered(3, "m-2")]


def test_results_can_be_told_by_their_order(api, made):
    api.sandbox.fail(status=207, body='{"results": [{"ok": true}, {"ok": false, "error": "no"}]}')
    by_order = {name: text for name, text in EACH.items() if name != "id"}
    receipts = api.submit([made(0), made(1)], array=by_order)
    assert receipts == [Delivered(1, "r-0"), Rejected(2, "no")]


def test_what_the_answer_leaves_out_is_tried_again(api, made):
    api.sandbox.fail(status=200, body='{"results": [{"id": "r-1", "ok": true}, {"id": "other", "ok": true}]}')
    first, second = api.submit([made(0), made(1)], array=EACH)
    assert type(first) is TryLater
    assert second == Delivered(2, "r-1")


def test_a_refusal_of_some_that_tells_of_each_isnt_one_of_all(api, made):
    api.sandbox.fail(
        status=422, body='{"results": [{"id": "r-0", "ok": true}, {"id": "r-1", "ok": false, "error": "x"}]}'
    )
    assert api.submit([made(0), made(1)], array=EACH) == [Delivered(1, "r-0"), Rejected(2, "x")]


@pytest.mark.parametrize("status", [400, 422])
@pytest.mark.parametrize("array", [{}, EACH])
def test_a_refusal_of_all_has_the_core_send_the_halves(api, made, status, array):
    api.sandbox.fail(status=status, times=9, body='{"error": "one is bad"}')
    with pytest.raises(BatchRefused, match="one is bad"):
        api.submit([made(0), made(1)], array=array)
    (alone,) = api.submit([made(0)], array=array)
    assert type(alone) is Rejected


def test_an_error_inside_200_refuses_all_of_them(api, made):
    api.sandbox.fail(status=200, body='{"ok": false, "error": "no"}')
    with pytest.raises(BatchRefused, match="no"):
        api.submit([made(0), made(1)], array={}, answer={"success": "body.ok", "reason": "body.error"})


def test_a_list_of_another_length_tells_nothing(api, made):
    api.sandbox.fail(status=200, body='{"results": [{"ok": true}]}')
    by_order = {"results": "body.results", "success": "ok"}
    receipts = api.submit([made(0), made(1)], array=by_order)
    assert [type(each) for each in receipts] == [Delivered, Delivered]


def test_an_expression_wraps_the_messages(api, made):
    api.sandbox.fail(status=200, body="{}")
    api.submit([made(0), made(1)], array={"wrap": "{events: @, count: length(@)}"})
    said = json.loads(api.seen()[0].body)
    assert (said["count"], [each["id"] for each in said["events"]]) == (2, ["r-0", "r-1"])


def test_only_what_has_the_same_address_and_headers_goes_together_and_order_is_kept(api, made):
    kinds = ["started", "completed", "completed", "started"]
    receipts = api.submit(
        [made(n, kind) for n, kind in enumerate(kinds)],
        array={},
        messages={"completed": {"url": f"{api.url}/events/done"}},
    )
    assert all(type(each) is Delivered for each in receipts)
    assert [seen.path for seen in api.seen()] == ["/events", "/events/done", "/events"]
    assert [each["id"] for each in api.sandbox.messages] == [f"r-{n}" for n in range(4)]


def test_a_failure_midway_keeps_what_went(api, made):
    api.sandbox.slow(0)
    api.sandbox.fail(status=500)
    receipts = api.submit(
        [made(0), made(1, "started")], array={}, messages={"started": {"url": f"{api.url}/events/x"}}
    )
    assert [type(each) for each in receipts] == [Delivered, TryLater]


def test_a_batch_has_the_same_webhook_id_whenever_it_has_the_same_results(api, made):
    signing = {"secrets": ["whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="]}
    for results in ([made(0), made(1)], [made(0), made(1)], [made(0)]):
        api.submit(results, array={}, signing=signing)
    first, again, other = (seen.headers["webhook-id"] for seen in api.seen())
    assert first == again != other


def test_an_item_that_can_not_be_understood_concerns_the_connection(api, made):
    api.sandbox.fail(status=200, body='{"results": [{"id": "r-0", "ok": "x"}]}')
    with pytest.raises(ServerError, match="can't be understood"):
        api.submit([made(0)], array=EACH | {"success": "abs(ok)"})
